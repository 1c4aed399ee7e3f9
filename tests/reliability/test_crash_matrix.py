"""kill -9 at every point from proposal to compensation: nothing lost, nothing doubled.

Two processes at once live the life of a change each, on the same due rows; one or both are killed
at a named point of the product. Then the caller asks again, and one round of the product's own
sweeper, on a clock just past the lease, has to finish everything. What counts as an effect is a
line in the back end's own ledger. The control switches the look for the key off and must show
duplicates, or the harness could not see one.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import cycle
from math import ceil

import pytest
from django.conf import settings

from apps.audit import bell
from apps.audit import tasks as audit
from apps.gateway import queries as gateway
from apps.gateway.models import Connector, Execution
from apps.gateway.models import State as ExecutionState
from apps.gateway.records import Variant
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from tests.reliability import lives
from tests.reliability.conftest import sweep as sweep_often
from tests.reliability.forks import Process, run_together
from tests.reliability.lives import Proposing, Undoing, World, live
from tests.reliability.refunds import ledger, refund, refundable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]

LIFE = [
    "after_decision", "before_submission", "after_submission",  # propose, decide
    "before_approval", "after_approval", "after_mint",  # approve, grant
    "after_claim", "before_intent", "after_consumption", "after_intent",  # grant used, intent
    "before_call", "after_call", "before_outcome", "after_outcome",  # call, outcome
    "before_numbering", "before_routing",  # audit
    "before_settlement",
]  # fmt: skip
RECOVERY = ["before_read_back", "after_read_back"]  # the sweeper dies while it looks after the dead
UNDO = ["undo_submitted", "after_intent", "before_call", "after_call", "settle_compensated"]
PROOF = "after_call"  # where a repeat would double
CI_RUNS = 60
SHARES = 20  # of the runs, so many for each point


@pytest.fixture
def times(request) -> int:
    """How many processes are killed at each point."""
    return ceil((request.config.getoption("--runs") or CI_RUNS) / SHARES)


@pytest.fixture(autouse=True)
def _silence(monkeypatch) -> None:
    """No message gets through, so that only the sweep helps."""
    monkeypatch.setattr(bell, "_quiet_until", float("inf"))


@pytest.fixture
def proposing(cast, policy, connector, workspace, ledger_url) -> Proposing:
    """Changes on the null connector, from proposal to settlement."""
    return Proposing(workspace, cast.rita, ledger_url)


@pytest.fixture
def undoing(cast, policy, shop, shop_connector, workspace) -> Undoing:
    """Changes at the demo shop that are to be undone."""
    read = gateway.read(workspace.pk, "variants")
    variants = [v for v in read if isinstance(v, Variant) and 1 < v.prices.get("EUR", 0) < 900]
    return Undoing(workspace, cast.rita, cast.olga, shop, cycle(variants))


class Matrix:
    """Kills processes point by point and counts what became of their work."""

    def __init__(self, world: World, now: datetime) -> None:
        self.world = world
        self.killed: Counter[str] = Counter()
        self.asked = 0
        self.stuck = 0
        self._now = now

    def kill_at(self, point: str, times: int) -> None:
        """Kill so many processes at the point, and finish what they left after each."""
        for number in range(3 * times + 3):
            if (missing := times - self.killed[point]) <= 0:
                return
            self._now += 5 * lapse()
            pair = [self.world.fresh(self._now) for _ in range(2)]
            self.asked += len(pair)
            if point in RECOVERY:
                self._kill_the_sweeper(point, *pair)
            else:
                self._kill_workers(point, pair, both=missing > 1 and number % 2 == 0)
        raise AssertionError(f"nobody comes to the point '{point}'")

    def _kill_workers(self, point: str, pair: Sequence[str], *, both: bool) -> None:
        both_lives = [live(self.world, name, self._now) for name in pair]
        fates = [point, point if both else None]
        self.killed[point] += sum(run_together(*map(Process, both_lives, fates)))
        self._recover(pair, self._now)

    def _kill_the_sweeper(self, point: str, one: str, other: str) -> None:
        """Workers die on both sides of the call, then the sweeper that finds them."""
        run_together(Process(live(self.world, one, self._now), "after_call"))
        run_together(Process(live(self.world, other, self._now), "after_intent"))
        later = self._now + lapse()
        [died] = run_together(Process(lambda: lives.sweep(later), point))
        self.killed[point] += died
        self._recover([one, other], later)

    def _recover(self, pair: Sequence[str], now: datetime) -> None:
        """The callers ask again; one sweep past the lease has to finish everything."""
        again = now + timedelta(seconds=1)

        def recover() -> None:
            for name in pair:
                self.world.ask(name, again)
            lives.sweep(again + lapse())

        run_together(Process(recover))
        if left := lives.unfinished():
            self.stuck += left
            run_together(Process(lambda: sweep_often(again + lapse())))

    def result(self) -> tuple[int, int, int, int]:
        """(lost, duplicated, stuck, disagreements between ledger and audit log)."""
        audit.dispatch()
        lost, doubled = lives.count_effects(self.world)
        return lost, doubled, self.stuck, lives.count_disagreements(self.world)

    def figures(self) -> str:
        """What was done, and the result in words."""
        lost, doubled, stuck, disagreements = self.result()
        return (
            f"{self.killed.total()} SIGKILLs at {len(self.killed)} points, at least "
            f"{min(self.killed.values())} each, two processes at once, {self.asked} changes; "
            f"{lost} lost, {doubled} duplicated, {stuck} stuck longer than lease and one sweep, "
            f"{disagreements} where ledger and audit log disagree"
        )


def lapse() -> timedelta:
    """Just longer than a worker may be silent."""
    return timedelta(seconds=settings.GATEWAY_LEASE_SECONDS + 1)


def test_a_killed_process_loses_and_doubles_nothing(proposing, now, times, say):
    """Each change stands once in the ledger and is done in our books, and the log is whole."""
    matrix = Matrix(proposing, now)
    for point in LIFE + RECOVERY:
        matrix.kill_at(point, times)
    say(f"crash matrix, propose to settle: {matrix.figures()}")
    assert matrix.result() == (0, 0, 0, 0)
    assert len(proposing.lines()) == matrix.asked
    assert lives.unfinished() == 0


def test_a_killed_undo_sets_back_once(undoing, now, times, say):
    """Each compensation stands once in the shop's ledger, and its effect is undone in our books."""
    matrix = Matrix(undoing, now)
    for point in UNDO:
        matrix.kill_at(point, times)
    say(f"crash matrix, undo: {matrix.figures()}")
    assert matrix.result() == (0, 0, 0, 0)
    assert len(undoing.lines()) == 2 * matrix.asked
    assert Execution.objects.filter(state=ExecutionState.COMPENSATED).count() == matrix.asked
    assert Proposal.objects.filter(state=State.UNDONE).count() == matrix.asked


def test_without_keys_the_same_kills_double(proposing, connector, now, say):
    """Control: if nobody looks for the key, a kill after the call acts twice."""
    Connector.objects.filter(pk=connector.pk).update(settings={"guard": "off"})
    matrix = Matrix(proposing, now)
    for point in LIFE:
        matrix.kill_at(point, 2 if point == PROOF else 1)
    lost, doubled, _, _ = matrix.result()
    say(f"crash matrix, control without keys: {matrix.killed.total()} SIGKILLs, "
        f"{doubled} duplicated, {lost} lost")  # fmt: skip
    assert doubled >= matrix.killed[PROOF]


@pytest.mark.parametrize("point", ["after_intent", "after_call"])
def test_the_shop_itself_saw_one_refund(
    cast, policy, shop, shop_connector, workspace, now, point, say
):
    """Over HTTP too: a killed worker's refund stands once in the demo shop's ledger."""
    payments = refundable(workspace, 3)
    for payment in payments:
        refund(workspace, payment, now)
        work = Process(lambda: proposals.execute(worker="first", clock=lambda: now), point)
        assert run_together(work) == [True]
        assert proposals.execute(worker="second", clock=lambda: now) == 0  # the lease holds
        sweep_often(now)
    seen = ledger(shop)
    say(f"demo shop, {point}: {len(payments)} SIGKILLs, {len(payments) - len(seen)} lost, "
        f"{seen.total() - len(seen)} duplicated")  # fmt: skip
    assert sorted(seen.values()) == [1] * len(payments)
    assert lives.unfinished() == 0
