"""The life of a change from proposal to settlement, as one process can live it and die in it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Protocol

import psycopg
import time_machine
from django.conf import settings
from django.utils.module_loading import import_string

from apps.accounts.models import User, Workspace
from apps.audit import tasks as audit
from apps.audit.kinds import Kind
from apps.audit.models import Entry, Event, Payload
from apps.gateway import operations as gateway
from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.gateway.records import Variant
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft
from apps.proposals.tasks import worker_name
from tests.contract.shops import Shop
from tests.factories.proposals import AGENT, propose

PROVEN = (ExecutionState.DONE, ExecutionState.COMPENSATED)


class World(Protocol):
    """Where callers ask for something; `lines` is the back end's own ledger: (key, target)."""

    def fresh(self, now: datetime) -> str:
        """The name of something to ask for which nobody has asked for yet."""

    def ask(self, name: str, now: datetime) -> None:
        """What a caller does, and does again after having got no answer."""

    def lines(self) -> list[tuple[str, str]]:
        """Every effect there ever was."""


@dataclass
class Proposing:
    """Price changes on the null connector: proposed, then approved by a person."""

    workspace: Workspace
    reviewer: User
    ledger_url: str
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def fresh(self, now: datetime) -> str:
        """A variant of its own."""
        return f"variant_{next(self._numbers)}"

    def ask(self, name: str, now: datetime) -> None:
        """Propose the change unless that is done, and approve it unless that is."""
        known = Proposal.objects.filter(changes__target=f"variant:{name}").first()
        approve(known or propose(self.workspace, "50", variant=name, now=now), self.reviewer, now)

    def lines(self) -> list[tuple[str, str]]:
        """The null connector's table."""
        with psycopg.connect(self.ledger_url) as ledger:
            return ledger.execute("SELECT key, params->>'variant_id' FROM null_ledger").fetchall()


@dataclass
class Undoing:
    """Price changes at the demo shop which are done, and then to be undone."""

    workspace: Workspace
    reviewer: User
    approver: User
    shop: Shop
    variants: Iterator[Variant]

    def fresh(self, now: datetime) -> str:
        """A variant whose price was just raised, by one worker and without trouble."""
        variant = next(self.variants)
        price = {"product_id": variant.product_id, "variant_id": variant.variant_id,
                 "currency": "EUR", "amount": str(variant.prices["EUR"] + 1)}  # fmt: skip
        draft = Draft(title="raise", rationale="undo", changes=[("set_price", price)])
        [proposal] = proposals.submit(
            workspace=self.workspace, drafts=[draft], origin=AGENT, now=now
        )
        assert proposal is not None, "the earlier change of this variant is still open"
        approve(proposal, self.reviewer, now)
        work(now)
        proposal.refresh_from_db()
        assert proposal.state == State.DONE
        return variant.variant_id

    def ask(self, name: str, now: datetime) -> None:
        """Ask to undo the newest change unless that is done, and approve it unless that is."""
        own = Proposal.objects.filter(changes__target=f"variant:{name}")
        done = own.filter(changes__compensates=None).latest("pk")
        undo = Proposal.objects.filter(changes__compensates__proposal=done).first()
        approve(
            undo
            or proposals.undo(proposal_id=done.pk, user=self.reviewer, reason="A slip.", now=now),
            self.approver,
            now,
        )

    def lines(self) -> list[tuple[str, str]]:
        """The shop's ledger."""
        return [(line["key"], line["target"]) for line in self.shop.get("/demo/ledger")]


def approve(proposal: Proposal, by: User, now: datetime) -> None:
    """Approve what waits; anything else is past that."""
    if proposal.state == State.WAITING:
        proposals.approve(proposal_id=proposal.pk, user=by, binding=proposal.binding, now=now)


def live(world: World, name: str, now: datetime) -> Callable[[], None]:
    """Ask for one thing, then work on whatever is due."""

    def life() -> None:
        world.ask(name, now)
        work(now)

    return life


def work(now: datetime) -> None:
    """What a worker does until nothing is due."""
    audit.dispatch()
    while proposals.execute(worker=worker_name(), clock=lambda: now):
        pass
    gateway.reconcile(clock=lambda: now)
    while proposals.settle(now=now):
        pass
    audit.dispatch()


def sweep(now: datetime) -> None:
    """One round of what the product's sweeper runs, in its order, at that time."""
    with time_machine.travel(now):
        for path in import_string(settings.AUDIT_SWEEP):
            import_string(path)()


def unfinished() -> int:
    """Executions and proposals which have not come to a good end."""
    executions = Execution.objects.exclude(state__in=PROVEN)
    proposals = Proposal.objects.exclude(state__in=[State.DONE, State.UNDONE])
    return executions.count() + proposals.count()


def count_effects(world: World) -> tuple[int, int]:
    """(lost, duplicated): each key has to stand once in the back end's own ledger."""
    keys = set(Execution.objects.values_list("key", flat=True))
    seen = Counter(key for key, _ in world.lines())
    return len(keys - seen.keys()), seen.total() - len(seen)


def count_disagreements(world: World) -> int:
    """Where ledger and audit log disagree.

    Every ledger line has exactly one intent and an outcome, every done execution a ledger line,
    and every event one place in the log.
    """
    noted = {
        kind: Counter(
            Payload.objects.filter(
                event_id__in=Event.objects.filter(kind=kind).values("id")
            ).values_list("fields__key", flat=True)
        )
        for kind in (Kind.EXECUTION_DUE, Kind.EXECUTION_STARTED, Kind.EXECUTION_FINISHED)
    }
    keys = {key for key, _ in world.lines()}
    done = set(Execution.objects.filter(state__in=PROVEN).values_list("key", flat=True))
    wrong = [key for key in keys if noted[Kind.EXECUTION_DUE][key] != 1]
    wrong += [key for key in keys if not noted[Kind.EXECUTION_STARTED][key]]
    wrong += [key for key in keys if not noted[Kind.EXECUTION_FINISHED][key]]
    places = list(Entry.objects.order_by("index").values_list("index", flat=True))
    gaps = abs(Event.objects.count() - len(places)) + (places != list(range(1, len(places) + 1)))
    return len(wrong) + len(done - keys) + gaps
