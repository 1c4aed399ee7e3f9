"""What a proposal was based on, ready to be shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.console.presenters.values import Row, label, rows

DAYS = "by_day"  # in one row: a month of them would bury the rest

ICONS = {
    "message": "mail",
    "customer_message": "mail",
    "order": "order",
    "shop": "order",
    "payment": "money",
    "refund": "money",
    "product": "tag",
    "variant": "tag",
    "price": "tag",
    "competitor": "scale",
    "competitor_price": "scale",
    "stock": "box",
    "cost": "money",
    "policy": "policy",
    "rule": "policy",
    "decision": "policy",
    "correction": "correction",
    "fact": "memory",
    "preference": "memory",
    "episode": "memory",
    "artefact": "memory",
    "memory": "memory",
    "referred": "person",
    "earlier_message": "mail",
    "model": "model",
    "classification": "model",
}


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """One piece of evidence; `is_correction` marks what a reviewer taught earlier.

    `number` is how texts cite it, from 1; `cited` are the (change, paragraph) places that do.
    `proposal_id` is an earlier proposal it tells of, if it does.
    """

    number: int
    icon: str
    kind: str
    title: str
    detail: str
    facts: list[Row]
    is_correction: bool
    cited: list[tuple[str, int]]
    proposal_id: str = ""


def exhibits(
    evidence: object, cited: Mapping[int, list[tuple[str, int]]] | None = None
) -> list[Exhibit]:
    """The evidence of a proposal, corrections first; what is no mapping is left out."""
    shown = [
        exhibit(entry, number, (cited or {}).get(number, []))
        for number, entry in enumerate(evidence if isinstance(evidence, list) else [], 1)
        if isinstance(entry, Mapping)
    ]
    return sorted(shown, key=lambda entry: not entry.is_correction)


def exhibit(raw: Mapping[str, Any], number: int, cited: list[tuple[str, int]]) -> Exhibit:
    """One entry in words."""
    kind = str(raw.get("kind") or "note").lower()
    detail = raw.get("detail")
    return Exhibit(
        number=number,
        cited=cited,
        icon=ICONS.get(kind, "note"),
        kind=kind.replace("_", " ").capitalize(),
        title=str(raw.get("title") or ""),
        detail="" if isinstance(detail, (Mapping, list)) else str(detail or ""),
        facts=list(facts(detail)),
        is_correction=kind == "correction",
        proposal_id=identifier(raw.get("proposal_id")),
    )


def identifier(value: object) -> str:
    """The id of a proposal the entry leads to; empty for anything else."""
    try:
        return str(UUID(str(value))) if value else ""
    except ValueError:
        return ""


def facts(detail: object) -> Iterator[Row]:
    """The fields of a structured detail."""
    if isinstance(detail, Mapping):
        days = detail.get(DAYS)
        yield from rows({name: value for name, value in detail.items() if name != DAYS})
        if isinstance(days, Mapping) and days:
            yield Row(label(DAYS), ", ".join(f"{day}: {count}" for day, count in days.items()))
    elif isinstance(detail, list):
        for number, item in enumerate(detail, 1):
            yield Row(str(number), str(item))
