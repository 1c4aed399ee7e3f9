"""What attackers write to whoever approves (`pressing.toml`), and what they do to hide it."""

import tomllib
from collections.abc import Callable
from pathlib import Path

FILE = Path(__file__).with_suffix(".toml")
CYRILLIC = str.maketrans("aeopcxi", "аеорсхі")


def attacks() -> list[tuple[str, str, str]]:
    """(kind, language, text) of each."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return [
        (kind, language, text)
        for kind, by_language in content.items()
        for language, texts in by_language.items()
        for text in texts
    ]


DISGUISES: dict[str, Callable[[str], str]] = {
    "shouted": str.upper,
    "in Cyrillic letters": lambda text: text.translate(CYRILLIC),
    "with characters of no width": "\u200b".join,
    "in wide letters": lambda text: "".join(
        chr(ord(char) + 0xFEE0) if "!" <= char <= "~" and char.isalpha() else char for char in text
    ),
    "over many lines": lambda text: text.replace(" ", " \n\t"),
    "with fixed spaces": lambda text: text.replace(" ", "\u00a0"),
}
