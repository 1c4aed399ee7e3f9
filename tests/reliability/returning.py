"""Returns at a shop that goes wrong on request, and what the shop itself says became of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
from django.conf import settings

from apps.gateway import clients
from apps.gateway.models import Connector, Execution, State
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal
from apps.proposals.operations import Draft
from tests.contract.shops import Shop
from tests.factories.proposals import AGENT
from tests.reliability.conftest import sweep
from tests.reliability.forks import Process, run_together

CALLS = {  # each step's call at the shop, by its path
    "create_return": "/admin/returns$",
    "request_items": "/request-items$",
    "confirm_request": "/request$",
    "begin_receipt": "/receive$",
    "receive_items": "/receive-items$",
    "confirm_receipt": "/receive/confirm$",
}
UNDOING = {  # what takes each step back: method and path
    "create_return": ("DELETE", "/request$"),
    "request_items": ("DELETE", "/request-items/"),
    "confirm_request": ("POST", "/cancel$"),
    "begin_receipt": ("DELETE", "/receive$"),
    "receive_items": ("DELETE", "/receive-items/"),
}
LOST = ("act_then_fail", "act_then_reset", "act_then_garbage", "act_then_timeout")
FOR_EVER = 1000
PATIENCE = 2.0  # seconds to wait for an answer of a real Medusa
MAY_BE = {State.DONE: {"done"}, State.REFUSED: {"undone"},
          State.NEEDS_PERSON: {"done", "undone", "half"}}  # fmt: skip
PROPOSAL_THEN = {State.DONE: "done", State.REFUSED: "failed", State.NEEDS_PERSON: "needs_person"}
ROUNDS = 20  # sweeps until the last try of the last undoing is surely over
# which undoing is the first when a step is refused: some steps fall with a later one
FIRST_UNDONE = {"request_items": "create_return", "confirm_request": "request_items",
                "begin_receipt": "confirm_request", "receive_items": "begin_receipt",
                "confirm_receipt": "receive_items"}  # fmt: skip


@dataclass(frozen=True)
class Order:
    """An order of the shop that was sent, and one line of it."""

    order_id: str
    line_id: str
    pieces: int = 1

    @property
    def params(self) -> dict[str, object]:
        """A return of so many pieces."""
        items = [{"line_id": self.line_id, "quantity": self.pieces}]
        return {"order_id": self.order_id, "items": items}


@dataclass(frozen=True)
class Case:
    """What goes wrong: rules for the shop, or the point at which the worker is killed."""

    rules: tuple[tuple[str, str, str, int], ...] = ()  # behavior, method, path, times
    dies_at: str | None = None
    again_at: str | None = None  # and where the sweeper's process is killed

    def __str__(self) -> str:
        said = [
            f"{behavior} {method} {path} x{times}" for behavior, method, path, times in self.rules
        ]
        return ", ".join([*said, *filter(None, (self.dies_at, self.again_at))])


@dataclass(frozen=True)
class World:
    """A workspace with a shop, whose orders are used up one after the other."""

    shop: Shop
    connector: Connector
    orders: Iterator[Order]
    now: datetime

    @property
    def client(self) -> Any:
        """The connector's client; a fork closes and forgets the one before."""
        return clients.client_of(self.connector)

    def propose(self, order: Order) -> Execution:
        """An approved return of one piece; its execution is due."""
        draft = Draft(title="return", rationale="saga", changes=[("return_items", order.params)])
        [proposal] = proposals.submit(
            workspace=self.connector.workspace, drafts=[draft], origin=AGENT, now=self.now
        )
        assert proposal is not None
        return Execution.objects.get(subject_id=proposal.changes.get().pk)

    def work(self) -> None:
        """A worker carries out what is due."""
        proposals.execute(worker="w", clock=lambda: self.now)

    def run(self, order: Order, case: Case) -> Execution:
        """Propose, let it go wrong, sweep; the execution as it ended."""
        execution = self.propose(order)
        for behavior, method, path, times in case.rules:
            self.shop.misbehave(behavior, method=method, path=path, times=times, seconds=1)
        if case.dies_at is None:
            self.work()
        else:
            assert run_together(Process(self.work, case.dies_at)) == [True], case
        if case.again_at is not None:
            sweeper = Process(lambda: sweep(self.now), case.again_at)
            assert run_together(sweeper) == [True], case
        self.sweep_until_over(execution)
        self.shop.behave()
        return execution

    def sweep_until_over(self, execution: Execution) -> None:
        """What the sweeper does until the proposal has ended, for at most `ROUNDS` leases."""
        proposal = Proposal.objects.get(changes__id=execution.subject_id)
        at = self.now
        for _ in range(ROUNDS):
            at += timedelta(seconds=settings.GATEWAY_LEASE_SECONDS + 1)
            sweep(at, rounds=1)
            proposal.refresh_from_db()
            if proposal.settled_at is not None:
                break
        execution.refresh_from_db()

    def judge(self, order: Order, before: dict[str, Any]) -> str:
        """What the shop itself shows: done, undone, or half."""
        now = self.client.snapshot("return_items", order.params)
        listing = httpx2.get(
            f"{self.shop.address}/admin/orders/{order.order_id}/changes",
            auth=(self.shop.secret, ""), trust_env=False,
        )  # fmt: skip
        if any(change["status"] == "pending" for change in listing.json()["order_changes"]):
            return "half"
        if now == before:
            return "undone"
        done = self.client.predict("return_items", order.params, before)
        return "done" if now == done else "half"

    def pieces(self, execution: Execution) -> int:
        """How many pieces have come back under this key, by the shop's ledger."""
        return sum(
            sum(line["params"]["items"].values())
            for line in self.shop.get("/demo/ledger")
            if line["action"] == "return_items" and line["key"] == execution.key
        )

    def check(self, cases: list[Case]) -> Counter[str]:
        """Every case ends as it may; how often in which state."""
        ended: Counter[str] = Counter()
        for case in cases:
            order = next(self.orders)
            before = self.client.snapshot("return_items", order.params)
            execution = self.run(order, case)
            truth = self.judge(order, before)
            said = f"{case}: {execution.state} {truth} {execution.error} {execution.progress}"
            assert truth in MAY_BE.get(State(execution.state), ()), said
            assert self.pieces(execution) == (truth == "done"), said
            proposal = Proposal.objects.get(changes__id=execution.subject_id)
            assert proposal.state == PROPOSAL_THEN[State(execution.state)], said
            is_case = execution.state == State.NEEDS_PERSON
            assert proposal.changes.get().is_open == is_case, said
            if is_case and execution.progress:
                assert "stand" in execution.error or "workers died" in execution.error, said
            ended[execution.state] += 1
        return ended


def sent_pieces(found) -> Iterator[Order]:
    """Every piece that was sent, one order after the other, those with two of an article first."""
    pieces = [
        (number, -line.quantity, order.order_id, line.line_id)
        for order in found
        if order.fulfillment_status in ("fulfilled", "shipped", "delivered")
        for line in order.lines
        for number in range(int(line.quantity))
    ]
    turn: Counter[str] = Counter()
    ranked = []
    for *rank, order_id, line_id in sorted(pieces):
        turn[order_id] += 1
        ranked.append((turn[order_id], *rank, order_id, line_id))
    return (Order(order_id, line_id) for *_, order_id, line_id in sorted(ranked))
