"""The series a cap has stopped: what takes up a place under the same key in its window.

Read from the places (`counting`), newest first and bounded, for a person who has to judge them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.db.models.fields.json import KeyTransform

from apps.policies.cel import Outcome
from apps.policies.models import Decision, Place, Standing
from apps.policies.window_calls import asked
from apps.policies.windows import SPANS, Asked, Sum

MOST = 50  # members that are shown; what came before them is left out


@dataclass(frozen=True, kw_only=True)
class Member:
    """One change of a series. `price` is the one it leads to; None where it sets none."""

    subject_id: UUID
    standing: Standing
    by_person: bool
    at: datetime
    sum: Sum
    price: Decimal | None
    currency: str


@dataclass(frozen=True, kw_only=True)
class Series:
    """What counts together in a window, oldest first; `has_more`: older members are left out."""

    rule: str
    scope: str
    span: str
    members: list[Member]
    has_more: bool = False


def series_of(decision: Decision) -> Series | None:
    """The series in which a change was stopped; None where no cap stopped it. Two queries at most.

    Its window ends when it was decided, but for what was submitted since then. What was given back
    is among its members: it may have been done and undone, which are two moves.
    """
    if (found := stopping(decision)) is None:
        return None
    rule, (scope, span) = found
    place = Place.objects.filter(pk=decision.subject_id).first()
    if place is None or (key := place.counted["keys"].get(scope)) is None:
        return None
    newest = places(place.workspace_id, scope, key, since=beginning(span, decision.at))
    if rule["actions"]:
        newest = newest.filter(counted__action__in=rule["actions"])
    rows = list(newest.order_by("-at", "-pk")[: MOST + 1])
    members = [member_of(row) for row in reversed(rows[:MOST])]
    return Series(rule=rule["name"], scope=scope, span=span, members=members,
                  has_more=len(rows) > MOST)  # fmt: skip


def stopping(decision: Decision) -> tuple[Mapping[str, Any], Asked] | None:
    """The first rule that stopped the change by what its windows hold, and the window that says
    most: the target's before another, the longest."""
    version = decision.version
    rules = {stored_rule["name"]: stored_rule for stored_rule in version.rules} if version else {}
    for fired in decision.fired:
        rule = rules.get(fired.get("rule"))
        if rule is None or rule["outcome"] == Outcome.ALLOW:
            continue
        if windows := [call for call in asked(rule["when"]) if call[1]]:
            return rule, max(windows, key=lambda pair: (pair[0] == "target", pair[0],
                                                       SPANS[pair[1]].seconds))  # fmt: skip
    return None


def beginning(span: str, at: datetime) -> datetime:
    """When the window that ends at a moment begins."""
    return datetime.fromtimestamp(SPANS[span].oldest(at) * SPANS[span].bucket, UTC)


def places(workspace_id: UUID, scope: str, key: str, *, since: datetime) -> Any:
    """What takes part in a series since then, in no order (the index `place_by_key`)."""
    keyed = Place.objects.annotate(keys=KeyTransform("keys", "counted"))
    return keyed.filter(
        keys__contains=cast(Any, {scope: key}), workspace_id=workspace_id, at__gte=since
    )


def member_of(place: Place) -> Member:
    """A place as a member of its series."""
    counted: Mapping[str, Any] = place.counted
    price = counted["price"]
    return Member(
        subject_id=place.pk,
        standing=Standing(place.standing),
        by_person=place.by_person,
        at=place.at,
        sum=Sum.read(counted["sum"]),
        price=None if price is None else Decimal(price),
        currency=counted["currency"],
    )
