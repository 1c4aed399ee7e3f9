"""Plans as JSON values, so that a checkpoint can keep them. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from apps.agents.playbooks.base import Planned
from apps.proposals.operations import Draft


def to_json(planned: Planned) -> dict[str, Any]:
    """A plan as JSON values."""
    draft = None
    if planned.draft is not None:
        draft = asdict(planned.draft) | {
            "cost": str(planned.draft.cost),
            "changes": [[action, dict(params)] for action, params in planned.draft.changes],
            "evidence": [dict(entry) for entry in planned.draft.evidence],
            "sources": {
                str(position): source for position, source in planned.draft.sources.items()
            },
        }
    return {"key": planned.key, "why": planned.why, "draft": draft}


def from_json(stored: Mapping[str, Any]) -> Planned:
    """The plan a checkpoint kept."""
    draft = stored["draft"]
    if draft is not None:
        changes = [(action, params) for action, params in draft["changes"]]
        sources = {int(position): source for position, source in draft.get("sources", {}).items()}
        kept = {"cost": Decimal(draft["cost"]), "changes": changes, "sources": sources}
        draft = Draft(**{**draft, **kept})
    return Planned(key=stored["key"], why=stored["why"], draft=draft)
