"""Words that speak for an intent, in six languages: `signs.toml`. Pure."""

import re
import tomllib
from pathlib import Path

from apps.agents.playbooks.refund_desk.intents import Intent

FILE = Path(__file__).with_suffix(".toml")


def read(file: Path = FILE) -> dict[Intent, tuple[str, ...]]:
    """The signs of each intent as the file has them, all languages together."""
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        Intent(intent): tuple(sign for signs in by_language.values() for sign in signs)
        for intent, by_language in content.items()
    }


SIGNS = read()
PATTERNS = {
    intent: [re.compile(rf"(?<!\w)(?:{sign})(?!\w)") for sign in signs]
    for intent, signs in SIGNS.items()
}
