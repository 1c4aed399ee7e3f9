"""Random series of moves, verdicts, failures and undos: what passes alone is what the oracle says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Role, User, Workspace
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft, Origin
from tests.conftest import NOW, authorise_all
from tests.factories.price_shop import PriceShop
from tests.factories.proposals import price_change
from tests.redteam.oracle import CAPS, Move, Oracle

EXAMPLES = 25
CENT = Decimal("0.01")
numbers = count()
VARIANTS, KEYS = ("a", "b", "c"), ("key:1", "key:2")
moves = st.tuples(st.just("propose"), st.sampled_from(KEYS),
                  st.lists(st.tuples(st.sampled_from(VARIANTS), st.integers(-6, 6)),
                           min_size=1, max_size=3))  # fmt: skip
others = st.tuples(
    st.sampled_from(["wait", "drive", "refuse", "approve", "edit", "reject", "undo", "take back",
                     "expire"]),
    st.integers(0, 5), st.integers(1, 40 * 3600),
)  # fmt: skip
series = st.lists(moves | moves | others, min_size=4, max_size=18)


@dataclass
class World:
    """A shop, a clock, the oracle, and its move of each change."""

    workspace: Workspace
    shop: PriceShop
    rita: User
    oracle: Oracle = field(default_factory=Oracle)
    by_proposal: dict[Any, Move] = field(default_factory=dict)
    now: datetime = NOW

    def propose(self, key: str, steps: list[tuple[str, int]]) -> None:
        """A batch of moves by some percent each; each passes exactly if the oracle lets it."""
        drafts, expected, seen = [], [], set[str]()
        for variant, percent in steps:
            if variant in seen or self.open_on(variant):
                continue
            seen.add(variant)
            old = Decimal(self.shop.prices[variant])
            new = (old * (100 + percent) / 100).quantize(CENT)
            move = Move(variant, key, old, new)
            if self.oracle.passes(move, self.now):
                move.at, move.alone = self.now, True
            self.oracle.moves.append(move)
            expected.append(move)
            drafts.append(Draft(title="t", rationale="r",
                                changes=[price_change(new, variant)]))  # fmt: skip
        found = operations.submit(workspace=self.workspace, drafts=drafts, now=self.now,
                                  origin=Origin(by=key, trigger="api"))  # fmt: skip
        for proposal, move in zip(found, expected, strict=True):
            assert proposal is not None
            assert proposal.state == (State.APPROVED if move.alone else State.WAITING), move
            self.by_proposal[proposal.pk] = move

    def open_on(self, variant: str) -> bool:
        """Whether a change of the variant is open already."""
        return Proposal.objects.filter(workspace=self.workspace, changes__is_open=True,
                                       changes__target=f"variant:{variant}").exists()  # fmt: skip

    def in_state(self, *states: State) -> list[Proposal]:
        """Proposals in these states, oldest first."""
        found = Proposal.objects.filter(workspace=self.workspace, state__in=states)
        return list(found.order_by("id"))

    def drive(self) -> None:
        """Carry out and settle all that is due, and tell the oracle what became of it."""
        while operations.execute(worker="w", clock=lambda: self.now) + operations.settle(
            now=self.now
        ):
            pass
        for one in self.in_state(State.FAILED):
            self.by_proposal[one.pk].void = True
        for one in self.in_state(State.UNDONE):
            self.by_proposal[one.pk].undone = True
            for undo in Proposal.objects.filter(changes__compensates__proposal=one,
                                                state=State.DONE):  # fmt: skip
                self.by_proposal[undo.pk].undone = True

    def do(self, what: str, which: int, seconds: int) -> None:
        """One thing that people, the shop or the clock do."""
        waiting = self.in_state(State.WAITING)
        one = waiting[which % len(waiting)] if waiting else None
        match what:
            case "wait":
                self.now += timedelta(seconds=seconds)
            case "drive":
                self.drive()
            case "refuse":
                self.shop.refuses = True
                self.drive()
                self.shop.refuses = False
            case "expire":
                self.drive()
                self.now += timedelta(days=4)
                operations.expire(now=self.now)
            case "approve" | "edit" if one and one.expires_at > self.now:
                self.approve(one, edited=what == "edit")
            case "reject" if one and one.expires_at > self.now:
                operations.reject(proposal_id=one.pk, user=self.rita, binding=one.binding,
                                  reason="No.", now=self.now)  # fmt: skip
            case "undo":
                self.undo(which)
            case "take back":
                self.take_back(which)

    def approve(self, one: Proposal, *, edited: bool) -> None:
        """Rita lets it through, perhaps a cent higher; not an undo of her own."""
        if self.rita.actor in (one.submitted_by, one.on_behalf_of):
            return
        move, edits = self.by_proposal[one.pk], {}
        if edited:
            move.new += CENT
            edits = {one.changes.get().pk: {"amount": str(move.new)}}
        operations.approve(proposal_id=one.pk, user=self.rita, binding=one.binding, edits=edits,
                           now=self.now)  # fmt: skip
        move.at = self.now

    def undo(self, which: int) -> None:
        """Rita undoes something done, if its variant is free."""
        done = [one for one in self.in_state(State.DONE) if one.trigger == "api"]
        one = done[which % len(done)] if done else None
        if one is None or self.open_on(self.by_proposal[one.pk].variant):
            return
        was = self.by_proposal[one.pk]
        old = Decimal(self.shop.prices[was.variant])
        move = Move(was.variant, self.rita.actor, old, was.old)
        alone = self.oracle.passes(move, self.now) and old == was.new
        try:
            undo = operations.undo(proposal_id=one.pk, user=self.rita, reason="x", now=self.now)
        except operations.AlreadyDecided:
            return
        assert (undo.state == State.APPROVED) == alone, move
        move.at, move.alone = (self.now, True) if alone else (None, False)
        self.oracle.moves.append(move)
        self.by_proposal[undo.pk] = move

    def take_back(self, which: int) -> None:
        """Rita takes back what is queued; it waits for a person."""
        queued = self.in_state(State.APPROVED)
        if queued:
            one = queued[which % len(queued)]
            try:
                operations.take_back(proposal_id=one.pk, user=self.rita, now=self.now)
            except operations.TooLate:  # its call has been tried
                return
            self.by_proposal[one.pk].at, self.by_proposal[one.pk].alone = None, False


@pytest.fixture
def patch() -> Iterator[pytest.MonkeyPatch]:
    """A patch for each test, shared by its examples."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def begin(patch: pytest.MonkeyPatch) -> World:
    """A workspace of its own with these caps."""
    name = f"w{next(numbers)}"
    workspace = Workspace.objects.create(name=name, slug=name)
    rita = User.objects.create(email=f"{name}@example.com", name="Rita")
    workspace.memberships.create(user=rita, role=Role.REVIEWER)
    authorise_all(workspace, rita, None)
    Connector.objects.create(workspace=workspace, name="shop", kind="null",
                             address="postgresql://nowhere.invalid/x", changed_at=NOW)  # fmt: skip
    passes = {"name": "pass", "when": "true", "outcome": "allow", "reason": "Fine."}
    caps = [{"name": f"cap {place}", "when": when, "outcome": "review", "reason": "A cap."}
            for place, when in enumerate(CAPS)]  # fmt: skip
    version = policies.draft(workspace=workspace, name="Caps", rules=[passes, *caps], limits={},
                             by="test", now=NOW)  # fmt: skip
    policies.publish(version=version, by="test", now=NOW)
    return World(workspace, PriceShop().install(patch), rita)


@pytest.mark.django_db
@settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
@given(commands=series)
def test_what_passes_alone_is_what_the_oracle_lets_pass(
    commands: list[Any], patch: pytest.MonkeyPatch
) -> None:
    """Whatever people, the shop and the clock do in between."""
    world = begin(patch)
    for what, *rest in commands:
        if what == "propose":
            world.propose(*rest)
        else:
            world.do(what, *rest)
