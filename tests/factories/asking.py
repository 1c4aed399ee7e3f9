"""Questions about what a playbook has planned."""

from typing import Any
from uuid import UUID

from apps.agents.playbooks.asking import Asked, AskedChange
from apps.gateway import catalogue
from apps.proposals.operations import Draft


def asked(draft: Draft, text: str, **states: dict[str, Any]) -> Asked:
    """A question about a draft; `states` are the targets by action, the same then and now."""
    changes = []
    for place, (action, params) in enumerate(draft.changes):
        state = states.get(action, {})
        normal = catalogue.normalise(action, params)
        changes.append(
            AskedChange(
                id=UUID(int=place + 1), action=action, params=normal, before=state, now=state,
                target=catalogue.spec(action).target(normal), verdict="review",
                rule="a rule", reason="It waits for a person",
            )
        )  # fmt: skip
    return Asked(
        text=text, title=draft.title, rationale=draft.rationale, evidence=draft.evidence,
        case=draft.case, changes=tuple(changes),
    )  # fmt: skip
