"""Keeping count of what is let through: reserved with the decision, confirmed or given back later.

A submission costs two statements, whatever the history: one makes, locks and reads the tallies
its changes count in, in an order that is the same for all; one writes them, with the decisions and
with what each change takes up. Two never pass a cap together: the second waits for the lock and
reads what the first has left. Where no active rule asks for a window the decisions alone are
written.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection

from apps.policies.facts import Facts, number, percent, price
from apps.policies.models import Decision, Place, Standing
from apps.policies.statements import DECISIONS, LOCK, READ, RESERVE, WITH_PLACES, WRITE
from apps.policies.windows import SPANS, Asked, Sum, Tally, key_of, own_sum

Slot = tuple[str, str]  # (scope, key)
Spans = Mapping[str, Collection[str]]  # by scope
COUNTS = (Standing.HELD, Standing.DONE)
ALL: Mapping[str, Any] = MappingProxyType({})  # no bucket is open, so all are read


@dataclass
class Taken:
    """What one change of a submission takes up, and whether it is let through by policy alone."""

    subject_id: UUID
    facts: Facts
    asked: frozenset[Asked]
    standing: Standing = Standing.WAITING

    @cached_property
    def spans(self) -> dict[str, list[str]]:
        """The spans its rules ask for, by scope."""
        found: dict[str, list[str]] = {}
        for scope, span in sorted(self.asked):
            found.setdefault(scope, []).extend([span] if span else [])
        return found

    @cached_property
    def keys(self) -> dict[str, str]:
        """Under which key it is counted, by scope."""
        return {scope: key_of(self.facts, scope) for scope in self.spans}

    @cached_property
    def counted(self) -> dict[str, Any]:
        """As `Place.counted` has it."""
        new = price(self.facts.after, self.facts.currency)
        return {
            "action": self.facts.action,
            "sum": own_sum(self.facts).record(),
            "keys": self.keys,
            "spans": self.spans,
            "price": None if new is None else str(new),
            "currency": self.facts.currency,
        }


@dataclass
class Book:
    """The tallies a submission's changes count in. `reserves`: they are locked, and `save`d.

    What `again` takes up is given back first: it is decided anew, and does not stand in its own
    way.
    """

    workspace_id: UUID
    now: datetime
    reserves: bool = False
    again: Collection[UUID] = ()
    _tallies: dict[Slot, Tally] = field(default_factory=dict)
    _taken: dict[UUID, Taken] = field(default_factory=dict)

    def open(self, wanted: Iterable[tuple[UUID, Facts, frozenset[Asked]]]) -> None:
        """Read the tallies of changes whose rules ask for these windows; one statement, or none.

        Two more for what is decided `again`.
        """
        self._taken = {pk: Taken(pk, facts, asked) for pk, facts, asked in wanted if asked}
        slots = {slot for taken in self._taken.values() for slot in taken.keys.items()}
        if self.again:
            conclude(void=self.again, also=slots, now=self.now)
        if not slots:
            return
        spans = spans_of(taken.spans for taken in self._taken.values())
        if self.reserves:
            found = lock(self.workspace_id, slots, open_buckets(spans, self.now))
        else:
            found = read(self.workspace_id, slots)
        self._tallies = {slot: found.get(slot) or Tally() for slot in slots}
        for (scope, _), tally in self._tallies.items():
            for span in spans[scope]:
                tally.within(span, self.now)

    @property
    def currencies(self) -> set[str]:
        """The currencies of all that is counted in them."""
        return {code for tally in self._tallies.values() for code in tally.currencies()}

    def seen(self, subject_id: UUID, facts: Facts) -> Facts:
        """The facts with what their windows hold, the change itself and those before it included.

        A change is counted at once; `settle` says whether that stands.
        """
        if (taken := self._taken.get(subject_id)) is None:
            return facts
        self.count(taken, 1)
        windows = {
            scope: {span: self._tallies[scope, taken.keys[scope]].within(span, self.now)
                    for span in spans}
            for scope, spans in taken.spans.items() if spans
        }  # fmt: skip
        return replace(facts, windows=windows, **self.approved(taken))

    def approved(self, taken: Taken) -> dict[str, Any]:
        """How far a price is from the last one a person approved, by the names of the facts."""
        facts = taken.facts
        tally = self._tallies.get(("target", taken.keys.get("target", "")))
        kept = tally.approved.get(facts.currency) if tally else None
        old, new = number(kept["price"]) if kept else None, price(facts.after, facts.currency)
        if not old or new is None:
            return {}
        return {"approved_change_percent": percent(new - old, old), "has_approved": True}

    def settle(self, subjects: Collection[UUID], *, alone: bool) -> None:
        """Let what these changes of one proposal take up stand, or give it back."""
        for subject in subjects:
            if (taken := self._taken.get(subject)) is None:
                continue
            if alone:
                taken.standing = Standing.HELD
            else:
                self.count(taken, -1)

    def count(self, taken: Taken, sign: int) -> None:
        """Count a change in all its tallies, or take it out again."""
        apply(self._tallies, taken.counted, self.now, sign)

    def save(self, decisions: Sequence[Decision]) -> None:
        """Write the decisions, the tallies and what each change takes up; one statement."""
        if not decisions:
            return
        rows: list[Any] = [
            self.workspace_id,
            self.now,
            json.dumps([decided(decision) for decision in decisions]),
        ]
        with connection.cursor() as sql:
            if not self._taken:
                sql.execute(DECISIONS, rows)
                return
            held = [
                taken.counted for taken in self._taken.values() if taken.standing == Standing.HELD
            ]
            changed = {slot: self._tallies[slot] for rates in held for slot in slots_of(rates)}
            places = [
                {"subject_id": str(taken.subject_id), "standing": taken.standing.value,
                 "counted": taken.counted}
                for taken in self._taken.values()
            ]  # fmt: skip
            sql.execute(WITH_PLACES, [
                *written(self.workspace_id, changed, self.now),
                self.workspace_id, self.now, json.dumps(places), *rows,
            ])  # fmt: skip


def decided(decision: Decision) -> dict[str, Any]:
    """A decision as the statement that inserts it is told."""
    return {
        "id": str(decision.pk),
        "subject_id": str(decision.subject_id),
        "version_id": None if decision.version_id is None else str(decision.version_id),
        "basis": decision.basis,
        "outcome": decision.outcome,
        "rule": decision.rule,
        "reason": decision.reason,
        "reviewers": decision.reviewers,
        "fired": decision.fired,
        "facts": decision.facts,
    }


def slots_of(counted: Mapping[str, Any]) -> list[Slot]:
    """The tallies a change counts in."""
    return [*counted["keys"].items()]


def by_person(counted: Mapping[str, Any]) -> dict[str, Any]:
    """The same as a person lets it through."""
    return {**counted, "sum": Sum.read(counted["sum"]).by_person().record()}


def given_back(place: Place, undone: Collection[UUID]) -> dict[str, Any]:
    """What a place takes up that counts no longer."""
    counted = by_person(place.counted) if place.by_person else place.counted
    if place.pk not in undone:
        return counted
    return {**counted, "sum": Sum.read(counted["sum"]).made_up().record()}


def apply(
    tallies: Mapping[Slot, Tally], counted: Mapping[str, Any], at: datetime, sign: int
) -> None:
    """Count a change in its tallies (sign 1), or give it back to the buckets of `at` (-1)."""
    for scope, key in slots_of(counted):
        tally = tallies[scope, key]
        move = tally.add if sign > 0 else tally.take
        move(counted["sum"], action=counted["action"], at=at, spans=counted["spans"][scope])


def lock(
    workspace_id: UUID, slots: Collection[Slot], opened: Mapping[str, Any] = ALL
) -> dict[Slot, Tally]:
    """Make these tallies where they are missing, lock them in one order, and read them.

    Where the buckets `opened` are those the tally has open, the others are not read.
    """
    with connection.cursor() as sql:
        sql.execute(LOCK, [workspace_id, named(slots), json.dumps(dict(opened))])
        return {row[:2]: loaded(*row[2:]) for row in sql.fetchall()}


def read(workspace_id: UUID, slots: Collection[Slot]) -> dict[Slot, Tally]:
    """These tallies as they stand, as far as there are any."""
    with connection.cursor() as sql:
        sql.execute(READ, [named(slots), workspace_id])
        return {row[:2]: loaded(*row[2:]) for row in sql.fetchall()}


def open_buckets(spans: Spans, now: datetime) -> dict[str, Any]:
    """The buckets that are open now, by scope, in the form in which a tally has them."""
    return {
        scope: {span: {"number": SPANS[span].number(now)} for span in of}
        for scope, of in spans.items()
    }


def spans_of(several: Iterable[Spans]) -> dict[str, set[str]]:
    """The spans of all of them, by scope."""
    found: dict[str, set[str]] = {}
    for spans in several:
        for scope, of in spans.items():
            found.setdefault(scope, set()).update(of)
    return found


def named(slots: Collection[Slot]) -> str:
    """Which tallies are meant, as the statements are told."""
    return json.dumps([{"scope": scope, "key": key} for scope, key in slots])


def loaded(sums: str | None, running: str, approved: str) -> Tally:
    """A tally from its columns, which the driver leaves as text."""
    others = None if sums is None else json.loads(sums)
    return Tally(others, running=json.loads(running), approved=json.loads(approved))


def written(workspace_id: UUID, tallies: Mapping[Slot, Tally], now: datetime) -> list[Any]:
    """The parameters of `WRITE`, without buckets that are over."""
    rows = [
        {"scope": scope, "key": key, **tally.changed(now)}
        for (scope, key), tally in tallies.items()
    ]
    return [json.dumps(rows), workspace_id]


def reserve(subjects: Sequence[UUID], *, now: datetime) -> None:
    """Count changes that a person has let through. Runs in the transaction that does so."""
    with connection.cursor() as sql:
        sql.execute(RESERVE, [now, list(subjects)])
        taken = [(workspace_id, json.loads(counted)) for workspace_id, counted in sql.fetchall()]
        if not taken:
            return
        workspace_id = taken[0][0]
        slots = {slot for _, taking in taken for slot in slots_of(taking)}
        spans = spans_of(taking["spans"] for _, taking in taken)
        tallies = lock(workspace_id, slots, open_buckets(spans, now))
        for _, counted in taken:
            apply(tallies, by_person(counted), now, 1)
        sql.execute(WRITE, written(workspace_id, tallies, now))


def counting(subjects: Iterable[UUID]) -> set[UUID]:
    """Which of these changes count in some window, or did until they were done."""
    rows = Place.objects.filter(subject_id__in=list(subjects))
    return set(rows.filter(standing__in=COUNTS).values_list("subject_id", flat=True))


def conclude(
    *,
    done: Collection[UUID] = (),
    void: Collection[UUID] = (),
    undone: Collection[UUID] = (),
    also: Collection[Slot] = (),
    now: datetime,
) -> None:
    """Confirm what was done and give back what came to nothing or was undone, once each.

    A price a person let through is from then on the last approved one; given back, the one before
    is. Runs in the caller's transaction, which locks more tallies only if it has named them here
    (`also`, of the same workspace): all take them in one order, or two would wait for each other.
    """
    back = {*void, *undone}
    rows = Place.objects.filter(subject_id__in=[*done, *back]).order_by("pk")
    places = list(rows.filter(standing__in=COUNTS).select_for_update())
    moving = [entry for entry in places if entry.pk in back or entry.standing == Standing.HELD]
    for workspace_id in sorted({entry.workspace_id for entry in moving}):
        own = [entry for entry in moving if entry.workspace_id == workspace_id]
        touched = [entry for entry in own if entry.pk in back or is_reference(entry)]
        slots = {slot for entry in touched for slot in slots_of(entry.counted)}
        tallies = lock(workspace_id, slots.union(also)) if slots else {}
        for place in touched:
            if place.pk in back:
                apply(tallies, given_back(place, undone), place.at, -1)
                withdraw(tallies, place)
            else:
                refer(tallies, place)
        if touched:
            changed = {slot: tallies[slot] for slot in slots}
            with connection.cursor() as sql:
                sql.execute(WRITE, written(workspace_id, changed, now))
    for place in moving:
        place.standing = Standing.GIVEN_BACK if place.pk in back else Standing.DONE
    Place.objects.bulk_update(moving, ["standing", "earlier"])


def is_reference(place: Place) -> bool:
    """Whether the price it leads to was approved by a person, and is kept."""
    counted = place.counted
    return place.by_person and counted["price"] is not None and "target" in counted["keys"]


def refer(tallies: Mapping[Slot, Tally], place: Place) -> None:
    """Make the price a place leads to the last approved one."""
    approved = tallies["target", place.counted["keys"]["target"]].approved
    place.earlier = approved.get(place.counted["currency"])
    approved[place.counted["currency"]] = {
        "price": place.counted["price"], "subject": str(place.pk),
    }  # fmt: skip


def withdraw(tallies: Mapping[Slot, Tally], place: Place) -> None:
    """Let the price approved before count again, if this one is the last."""
    if not is_reference(place):
        return
    approved = tallies["target", place.counted["keys"]["target"]].approved
    kept, currency = approved.get(place.counted["currency"]), place.counted["currency"]
    if kept and kept["subject"] == str(place.pk):
        del approved[currency]
        if place.earlier:
            approved[currency] = place.earlier
