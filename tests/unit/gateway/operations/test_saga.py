"""Steps are proven one by one, and undone in reverse when one is refused."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.gateway.connectors.base import Receipt, Step
from apps.gateway.connectors.gate import ask_first
from apps.gateway.errors import (
    CannotTell,
    Refused,
    Stopped,
    Throttled,
    Unproven,
    Unreachable,
)
from apps.gateway.models import Breaker, Circuit, Execution, State
from apps.gateway.operations.outcome import MAX_ATTEMPTS
from apps.gateway.operations.saga import carry_on, carry_steps, steps_of
from tests.factories.gate import open_gate
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db

NAMES = ("open", "list", "close")


class Ladder:
    """A back end of three rungs; `happens` are what the next calls of a rung raise or do instead."""

    def __init__(self, final: str = "close") -> None:
        self.stands: list[str] = []
        self.calls: list[str] = []
        self.final = final
        self.happens: dict[str, list[Any]] = defaultdict(list)

    def steps(self, action: str, params: Any, *, key: str, snapshot: Any) -> Sequence[Step]:
        """The three rungs; the last one is for ever."""
        return [
            Step(
                name=name,
                find=lambda _, name=name: self.find(name),
                do=lambda _, name=name: self.call(f"do {name}", self.stands.append, name),
                undo=None
                if name == self.final
                else lambda _, name=name: self.call(f"undo {name}", self.stands.remove, name),
            )
            for name in NAMES
        ]

    def find(self, name: str) -> dict[str, str] | None:
        """Whether a rung stands."""
        self.meet(f"find {name}")
        return {"reference": f"ref_{name}"} if name in self.stands else None

    def call(self, what: str, act: Callable[[str], None], name: str) -> None:
        """Act, unless something else happens."""
        self.calls.append(what)
        if self.meet(what) != "nothing":
            act(name)

    def meet(self, what: str) -> object:
        """What is to happen now."""
        thing = self.happens[what].pop(0) if self.happens[what] else None
        if isinstance(thing, Exception):
            raise thing
        return thing() if callable(thing) else thing

    def find_effect(self, action: str, params: Any, *, key: str, snapshot: Any) -> Receipt | None:
        """All rungs stand."""
        self.meet("effect")
        return Receipt(reference="r", after={}) if len(self.stands) == len(NAMES) else None


@pytest.fixture
def ladder() -> Ladder:
    return Ladder()


@pytest.fixture
def execution(cast, connector, policy, workspace, now) -> Execution:
    """An execution whose intent is committed by the worker w."""
    propose(workspace, "5", now=now)
    Execution.objects.update(
        state=State.CALLING, worker="w", attempts=1,
        lease_until=now + timedelta(seconds=settings.GATEWAY_LEASE_SECONDS),
    )  # fmt: skip
    return Execution.objects.get()


@pytest.fixture
def carry(ladder, execution, now):
    """Carry the execution's steps on as they stand in the database."""

    def carry(at=now):
        execution.refresh_from_db()
        steps = steps_of(ladder, execution)
        return carry_steps(ladder, execution, steps, clock=lambda: at)

    return carry


def entries(execution, what):
    execution.refresh_from_db()
    return [entry["step"] for entry in execution.progress if what in entry]


def test_each_step_is_committed_with_its_event(carry, ladder, execution, now):
    """Progress, event and lease move together; the receipt comes from the final proof."""
    outcome = carry(now + timedelta(seconds=10))
    assert (outcome.state, outcome.receipt.reference) == (State.DONE, "r")
    assert ladder.calls == ["do open", "do list", "do close"]
    assert entries(execution, "reference") == list(NAMES)
    assert execution.lease_until == now + timedelta(seconds=10 + settings.GATEWAY_LEASE_SECONDS)
    told = Event.objects.filter(kind=Kind.EXECUTION_STEPPED, subject_id=execution.pk)
    assert told.count() == len(NAMES)


@pytest.mark.parametrize("number", range(3))
def test_a_refusal_undoes_what_stands(carry, ladder, execution, number):
    """In reverse, each undoing recorded; the step that was refused is not undone."""
    ladder.happens[f"do {NAMES[number]}"] = [Refused("No.")]
    outcome = carry()
    assert outcome.state == State.REFUSED
    assert ladder.stands == []
    assert entries(execution, "undone") == list(reversed(NAMES[:number]))
    assert outcome.error == ("No. All steps undone." if number else "No.")


def test_nothing_more_is_called_once_another_worker_has_it(carry, ladder, execution):
    """The step that was under way is not committed by us, and no other one is called."""

    def take_over():
        Execution.objects.update(worker="reconcile:x")

    ladder.happens["do list"] = [take_over]
    outcome = carry()
    assert ladder.calls == ["do open", "do list"]
    assert outcome.state == State.UNKNOWN
    assert entries(execution, "reference") == ["open"]


def test_an_unreachable_back_end_before_the_first_step_changes_nothing(carry, ladder, execution):
    """Nothing stands, so the execution is due again like any other."""
    ladder.happens["do open"] = [Unreachable("Away.")]
    assert carry().state == State.DUE
    ladder.happens["do open"] = [Unproven("Lost.")]
    assert carry().state == State.UNKNOWN
    assert execution.progress == []


@pytest.mark.parametrize("error", [Unreachable("Away."), Unproven("Lost."), RuntimeError("A bug.")])
def test_tries_are_bounded(carry, ladder, execution, now, error):
    """A step that does not get through is tried again after growing pauses, then all is undone."""
    ladder.happens["do list"] = [error] * MAX_ATTEMPTS
    pauses = []
    for _ in range(MAX_ATTEMPTS - 1):
        outcome = carry()
        assert outcome.state == State.UNKNOWN
        pauses.append(outcome.retry_at - now)
    assert pauses == sorted(pauses)
    assert pauses[0] >= timedelta(seconds=settings.GATEWAY_DOUBT_SECONDS)
    assert carry().state == State.REFUSED
    assert ladder.stands == []


def test_undoing_that_does_not_get_through_becomes_a_case(carry, ladder):
    """After as many tries a person is told which steps stand."""
    ladder.happens["do close"] = [Refused("No.")]
    ladder.happens["undo list"] = [Unproven("Lost.")] * MAX_ATTEMPTS
    for _ in range(MAX_ATTEMPTS - 1):
        assert carry().state == State.UNKNOWN
    outcome = carry()
    assert outcome.state == State.NEEDS_PERSON
    assert "These steps stand: open, list." in outcome.error


@pytest.mark.parametrize(
    "happens",
    [
        {"undo list": [Refused("Not now.")]},
        {"undo list": ["nothing"]},
        {"find list": [None, None, None, CannotTell("Odd.")]},
    ],
)
def test_undoing_that_fails_becomes_a_case(carry, ladder, happens):
    """Refused, without effect, or impossible to tell: never silence."""
    ladder.happens["do close"] = [Refused("No.")]
    ladder.happens.update(happens)
    outcome = carry()
    assert outcome.state == State.NEEDS_PERSON
    assert "These steps stand: open, list." in outcome.error


def test_a_step_that_cannot_be_taken_back_becomes_a_case(carry, ladder, execution):
    """Its refusal to be undone is said in words."""
    ladder.final = "list"
    ladder.happens["do close"] = [Refused("No.")]
    outcome = carry()
    assert outcome.state == State.NEEDS_PERSON
    assert "cannot be taken back" in outcome.error


def test_accepted_without_effect_is_a_refusal(carry, ladder):
    """A back end's 200 proves nothing."""
    ladder.happens["do list"] = ["nothing"]
    outcome = carry()
    assert outcome.state == State.REFUSED
    assert "without effect" in outcome.error
    assert ladder.stands == []


def test_an_earlier_call_that_comes_through_late_counts(carry, ladder):
    """The refusal of the second call is not taken for the last word."""

    def come_through():
        ladder.stands.append("list")
        raise Refused("Already there.")

    ladder.happens["do list"] = [come_through]
    assert carry().state == State.DONE
    assert ladder.stands == list(NAMES)


def test_what_came_through_while_undoing_is_done(carry, ladder, execution):
    """If all steps stand after all, the action is done, not undone."""
    ladder.happens["do close"] = [Unproven("Lost.")] * MAX_ATTEMPTS
    for _ in range(MAX_ATTEMPTS - 1):
        carry()
    ladder.happens["do close"] = [lambda: (ladder.stands.append("close"), fail())]
    assert carry().state == State.DONE


def fail() -> None:
    raise Unproven("Lost.")


def test_a_stop_is_no_failure(carry, ladder, execution):
    """A kill switch half way lets the saga wait, as often as it takes."""
    ladder.happens["do list"] = [Stopped("Stopped.")] * (2 * MAX_ATTEMPTS)
    for _ in range(2 * MAX_ATTEMPTS):
        assert carry().state == State.UNKNOWN
    assert entries(execution, "failed") == []
    assert carry().state == State.DONE


def test_a_stop_before_the_first_step_is_no_attempt(carry, ladder):
    """Nothing stands, so it is due again in its place, as if it had never begun."""
    ladder.happens["do open"] = [Stopped("Stopped.")]
    outcome = carry()
    assert (outcome.state, outcome.uncounted, outcome.retry_at) == (State.DUE, 1, None)


def test_a_probe_that_does_not_get_through_is_no_failure(carry, ladder, execution, connector):
    """While the breaker is open a saga waits half done; it is not turned back for it."""
    ladder.happens["do list"] = [Stopped("Stopped.")]
    carry()
    Breaker.objects.create(
        connector=connector, workspace=connector.workspace, circuit=Circuit.HALF_OPEN, failures=5
    )
    ladder.happens["do list"] = [Unreachable("429")] * (2 * MAX_ATTEMPTS)
    for _ in range(2 * MAX_ATTEMPTS):
        assert carry().state == State.UNKNOWN
    assert entries(execution, "failed") == entries(execution, "turned") == []
    assert carry().state == State.DONE


def test_what_the_shops_own_rate_turns_away_is_no_failure(carry, ladder, execution, now):
    """Half way it waits as long as it is asked to, as often as it takes."""
    pause = timedelta(seconds=90)
    ladder.happens["do list"] = [Throttled("429", pause=pause)] * (2 * MAX_ATTEMPTS)
    for _ in range(2 * MAX_ATTEMPTS):
        outcome = carry()
        assert (outcome.state, outcome.retry_at) == (State.UNKNOWN, now + pause)
    assert entries(execution, "failed") == entries(execution, "turned") == []
    assert carry().state == State.DONE


def test_what_the_shops_own_rate_turns_away_first_is_no_attempt(carry, ladder, now):
    """Nothing stands, so it is due again when the shop may be called."""
    ladder.happens["do open"] = [Throttled("429", pause=timedelta(seconds=90))]
    outcome = carry()
    assert (outcome.state, outcome.uncounted) == (State.DUE, 1)
    assert outcome.retry_at == now + timedelta(seconds=90)


def test_a_shop_that_is_away_half_way_holds_a_saga_back(carry, ladder, execution, now):
    """Nothing was sent since the last step was proven, so nothing has failed."""
    ladder.happens["do open"] = [ask_first]
    ladder.happens["find list"] = [Unreachable("Away.")] * (2 * MAX_ATTEMPTS)
    for _ in range(2 * MAX_ATTEMPTS):
        with open_gate():
            assert carry().state == State.UNKNOWN
    assert entries(execution, "failed") == entries(execution, "turned") == []
    assert carry().state == State.DONE


def test_beyond_its_permission_a_shop_that_is_away_ends_a_saga(carry, ladder, execution, now):
    """What has begun has no other end: it is turned back, or a person is told what stands."""
    ladder.happens["do list"] = [Stopped("Stopped.")]
    carry()
    late = now + timedelta(seconds=settings.GATEWAY_GRANT_SECONDS)
    Execution.objects.update(lease_until=late + timedelta(seconds=settings.GATEWAY_LEASE_SECONDS))
    ladder.happens["find list"] = [Unreachable("Away.")] * MAX_ATTEMPTS
    for _ in range(MAX_ATTEMPTS):
        with open_gate():
            outcome = carry(late)
    assert len(entries(execution, "failed")) == MAX_ATTEMPTS
    assert (outcome.state, ladder.stands) == (State.REFUSED, [])


def test_what_was_sent_half_way_and_not_taken_is_a_failure(carry, ladder, execution):
    """Control: the connection is refused right at the write."""

    def turn_away():
        ask_first()
        raise Unreachable("Connection refused.")

    ladder.happens["do list"] = [turn_away]
    with open_gate():
        assert carry().state == State.UNKNOWN
    assert entries(execution, "failed") == ["list"]


def test_a_target_that_changed_is_stale_not_refused(carry, ladder):
    """Seen before the first call, so the proposal goes back with what changed."""
    ladder.happens["do open"] = [Refused("Changed.", code="changed")]
    assert carry().state == State.STALE


def test_a_step_that_is_gone_is_not_done_again(carry, ladder):
    """Somebody took it back in the shop: a person has to look."""
    ladder.happens["do list"] = [Unproven("Lost.")]
    carry()
    ladder.stands.remove("open")
    outcome = carry()
    assert outcome.state == State.NEEDS_PERSON
    assert "'open' stood before and is gone" in outcome.error


def test_all_steps_without_the_effect_become_a_case(carry, ladder):
    """The final proof has the last word."""
    ladder.happens["effect"] = [CannotTell("Odd.")]
    assert carry().state == State.NEEDS_PERSON


def test_going_on_after_a_crash(ladder, execution, now):
    """Nothing stands: no outcome of ours. A first step that was not noted: it is, and we go on."""
    assert carry_on(ladder, execution, clock=lambda: now) is None
    ladder.stands.append("open")
    outcome = carry_on(ladder, execution, clock=lambda: now)
    assert outcome is not None
    assert outcome.state == State.DONE
    assert ladder.calls == ["do list", "do close"]


def test_going_on_with_a_refusal_after_a_crash(ladder, execution, now):
    """What was refused at its first step is not called again."""
    refused = {"step": "open", "turned": "No.", "at": now.isoformat()}
    Execution.objects.update(progress=[refused])
    execution.refresh_from_db()
    outcome = carry_on(ladder, execution, clock=lambda: now)
    assert outcome is not None
    assert (outcome.state, outcome.error) == (State.REFUSED, "No.")
    assert ladder.calls == []


def test_a_back_end_that_is_away_after_a_crash(ladder, execution, now):
    """Whether anything stands is not known: read back later, never due."""
    for error, state in (
        (Unreachable("Away."), State.UNKNOWN),
        (CannotTell("?"), State.NEEDS_PERSON),
    ):
        ladder.happens["find open"] = [error]
        outcome = carry_on(ladder, execution, clock=lambda: now)
        assert outcome is not None
        assert outcome.state == state
