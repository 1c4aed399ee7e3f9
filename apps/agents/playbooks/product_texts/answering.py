"""What the product texts playbook answers a reviewer by rules. Pure."""

from typing import Any

from apps.agents.playbooks.asking import Asked, AskedChange, Reply, explain, since, wants_change
from apps.agents.playbooks.base import Unfit
from apps.proposals.text.provenance import QUOTED

LONGEST = 300  # characters of a title


def reply_to(asked: Asked) -> Reply:
    """Another title if one is asked for between quotation marks; else the explanation."""
    change, title = asked.find("update_product"), title_wanted(asked.text)
    if change is None or not title or not wants_change(asked.text):
        return Reply(text=explain(asked))
    if len(title) > LONGEST:
        return Reply(text=f"A title has at most {LONGEST} characters. {explain(asked)}")
    text = f"The title is now “{title}”, as you asked.\n\n{since(asked)}"
    return Reply(text=text, changes={change.id: {**change.params, "title": title}})


def title_wanted(text: str) -> str:
    """The last words between quotation marks; empty without any."""
    found = [next(filter(None, match.groups()), "") for match in QUOTED.finditer(text)]
    return " ".join(found[-1].split()) if found else ""


def check_change(change: AskedChange, params: dict[str, Any]) -> None:
    """Whether a model may put this before the reviewer: the title and nothing else. `Unfit`."""
    others = {name for name in params if params[name] != change.params.get(name)} - {"title"}
    if others:
        raise Unfit(f"Only the title is changed here, not {', '.join(sorted(others))}.")
