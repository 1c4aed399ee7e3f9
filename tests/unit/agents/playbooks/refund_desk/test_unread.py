"""One message at which the desk fails holds up no other, and is put before a person."""

import logging
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import operations, referring
from apps.agents.leases import LeaseLost
from apps.agents.models import Agent, CaseState, Handled, Run
from apps.agents.models import State as RunState
from apps.agents.playbooks.base import Planned
from apps.agents.playbooks.refund_desk import briefing, planner, reading, unread
from apps.agents.playbooks.refund_desk import conversation as conversations
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.sense import Case, Sensed
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.agents.steps import reasoning
from apps.agents.steps.plan import Plan, ask
from apps.gateway import queries as gateway
from apps.gateway.errors import BadAnswer, Refused, Unreachable
from apps.gateway.records import Message, Order
from apps.proposals import operations as proposals
from apps.proposals.evidence import is_doubted
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft, Examined
from apps.proposals.reading import queue
from tests.conftest import Cast
from tests.contract.shops import Shop
from tests.factories import agents as make

MARK = "Zebrafinch"
BAD = f"My {MARK} arrived with a hole in it. What now?"
Written = dict[str, str]  # sender -> message id


@pytest.fixture
def agent(workspace: Workspace, shop: Shop, cast: Cast) -> Agent:
    """A refund desk all of whose messages but those of the test have ended."""
    now = timezone.now()
    make.connect(workspace, shop, now)
    made = make.agent(workspace, "refund_desk", now)
    run = Run.objects.create(workspace=workspace, agent=made, trigger="test", state="done",
                             started_by="test", not_before=now, started_at=now, finished_at=now)  # fmt: skip
    messages = gateway.read(workspace.pk, "messages")
    keys = [desk.message_key(one.key) for one in messages if isinstance(one, Message)]
    Handled.objects.bulk_create(
        Handled(workspace=workspace, playbook="refund_desk", key=key, run=run, at=now)
        for key in keys
    )
    return made


@pytest.fixture
def written(agent: Agent, shop: Shop) -> Written:
    """Three messages, one after the other; the middle one is the bad one."""
    return {
        sender: make.write(shop, sender, "A question", body)
        for sender, body in (
            ("first@example.org", "Where is my order?"),
            ("middle@example.org", BAD),
            ("last@example.org", "Please cancel my order."),
        )
    }


def work(agent: Agent) -> Run:
    """A run of the desk, driven as far as it goes without a person."""
    run = operations.start(agent=agent, trigger="test", by="test", now=timezone.now())
    make.drive()
    run.refresh_from_db()
    return run


def waiting(agent: Agent, cast: Cast) -> dict[str, Proposal]:
    """What waits for a person, by the message it is about."""
    found = queue.queue(agent.workspace_id, cast.olga, now=timezone.now())
    return {one.case.get("message_id") or one.title: one for one in found}


def words_of(proposal: Proposal) -> str:
    """All a person reads of it."""
    told = [f"{entry['title']} {entry['detail']}" for entry in proposal.evidence]
    return " ".join([proposal.title, proposal.rationale, *told])


def raises(original: Callable[..., Any], error: Exception) -> Callable[..., Any]:
    """The function, raising for what speaks of the bad message."""

    def sometimes(*args: Any, **kwargs: Any) -> Any:
        given = str([one for one in (*args, kwargs) if not isinstance(one, Sensed)])
        if MARK in given or "middle@example.org" in given:
            raise error
        return original(*args, **kwargs)

    return sometimes


PLACES = {
    "its order is chosen": (desk, "choose_order"),
    "its earlier messages are read": (desk.threads, "exchanges"),
    "it is recalled": (desk.redaction, "for_customer"),
    "its own words are found": (desk, "own_words"),
    "it is read": (reading, "look_for"),
    "it is weighed": (planner, "weigh"),
    "its answer is decided": (planner, "why_a_person"),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_others_are_answered_and_the_bad_one_is_in_the_inbox(
    place: str, agent: Agent, written: Written, cast: Cast, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Wherever it fails: in one run, with the customer's words and a reason in plain words."""
    module, name = PLACES[place]
    error = ValueError(f"odd: {BAD}")
    monkeypatch.setattr(module, name, raises(getattr(module, name), error))
    run = work(agent)
    assert run.state == RunState.WAITING, run.error
    by_message = {one.case["message_id"]: one for one in Proposal.objects.all()}
    assert set(by_message) == set(written.values())
    asked = waiting(agent, cast)[written["middle@example.org"]]
    assert asked.state == State.WAITING
    assert asked.title.startswith("A person is needed")
    assert BAD in words_of(asked)
    assert "The agent failed at it (ValueError)" in asked.rationale
    assert [change.action for change in asked.changes.all()] == ["send_message"]
    assert "failed" not in words_of(by_message[written["first@example.org"]])
    assert "failed" not in words_of(by_message[written["last@example.org"]])
    logged = [one for one in caplog.records if "put before a person" in one.getMessage()]
    assert [one.levelno for one in logged] == [logging.ERROR]
    assert MARK not in caplog.text
    assert "middle@example.org" not in caplog.text
    assert work(agent).state == RunState.DONE  # it is handled
    assert Proposal.objects.count() == 3


def test_examining_one_draft_may_fail_too(
    agent: Agent, written: Written, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the case is put before a person without any action, with the customer's words."""
    original: Callable[..., Examined] = proposals.examine

    def examine(*, workspace: Workspace, draft: Draft) -> Examined:
        if draft.case["message_id"] == written["middle@example.org"]:
            raise ZeroDivisionError
        return original(workspace=workspace, draft=draft)

    monkeypatch.setattr(proposals, "examine", examine)
    work(agent)
    from_desk = {one.case["message_id"] for one in Proposal.objects.all()}
    assert {written["first@example.org"], written["last@example.org"]} <= from_desk
    operations.resume(now=timezone.now())
    referring.follow_up(clock=timezone.now)
    asked = waiting(agent, cast)[written["middle@example.org"]]
    assert not asked.changes.exists()
    assert BAD in words_of(asked)
    assert Handled.objects.get(proposal=asked).state == CaseState.STANDING


@pytest.mark.parametrize(
    "error", [Refused("Too many look alike.", code="too_many"), Refused("No.", code="403"),
              BadAnswer("It has no 'orders'.")],
)  # fmt: skip
@pytest.mark.parametrize("by", ["email", "number"])
def test_a_shop_that_cannot_tell_whose_orders_they_are_holds_up_nobody(
    by: str, error: Exception, agent: Agent, shop: Shop, written: Written, cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """That customer is answered by a person, who reads why; the others as ever."""
    asked_for = {"email": "lost@example.org", "number": "987654"}
    lost = make.write(shop, "lost@example.org", "Broken", "My mug is broken.", "987654")
    original = gateway.read

    def read(workspace_id: Any, kind: str, **query: Any) -> Sequence[Any]:
        if kind == "orders" and query.get(by) == asked_for[by]:
            raise error
        return original(workspace_id, kind, **query)

    monkeypatch.setattr(gateway, "read", read)
    run = work(agent)
    assert (run.state, run.attempts) == (RunState.WAITING, 0)
    assert Proposal.objects.count() == 4
    asked = waiting(agent, cast)[lost]
    assert f"The shop could not tell which orders are theirs: {error}" in words_of(asked)
    assert "My mug is broken." in words_of(asked)


def test_an_outage_still_pauses_the_run(
    agent: Agent, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: nobody is bothered, and all three are answered when the shop is back."""
    with monkeypatch.context() as away:
        away.setattr(desk, "choose_order",
                     raises(desk.choose_order, Unreachable("no connection")))  # fmt: skip
        run = work(agent)
        assert run.state == RunState.RUNNING
        assert run.waiting_since is not None
        assert not Proposal.objects.exists()
    Run.objects.filter(pk=run.pk).update(not_before=timezone.now())
    make.drive()
    assert Proposal.objects.count() == 3
    assert not [one for one in Proposal.objects.all() if "failed at it" in one.rationale]


def sensed(*cases: Case) -> Sensed:
    """What was read, without corrections."""
    return Sensed(cases=list(cases), corrections=[], left=0)


def test_what_could_not_be_gathered_is_planned_for_a_person() -> None:
    """Whatever its text says, no money: in the customer's language where that is known."""
    case = make.case("The Alder Mug is broken, refund me.", trouble="The shop could not tell.")
    [planned] = planner.plan(sensed(case), Settings(shop_language="de"), now=make.NOW)
    assert planned.draft is not None
    [(action, params)] = planned.draft.changes
    assert (action, params["language"]) == ("send_message", "de")
    assert planned.draft.confidence < 0.5
    assert is_doubted(planned.draft.evidence)
    assert planned.key == case.key


def test_no_model_is_asked_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where gathering failed nor where the conversation cannot be begun."""
    case = make.case("The Alder Mug is broken.")
    troubled = case.model_copy(update={"trouble": "The shop could not tell."})
    [told] = briefing.brief(sensed(troubled), Settings(), now=make.NOW)
    monkeypatch.setattr(briefing, "case_brief", raises(str, ValueError("odd")))
    bad = make.case(f"The {MARK} is broken.")
    [broken] = briefing.brief(sensed(bad), Settings(), now=make.NOW)
    for one, why in ((told, "The shop could not tell."), (broken, "The agent failed at it")):
        assert not one.actions
        [planned] = one.fallback()
        assert why in planned.why
        assert planned.draft is not None
        assert planned.draft.title.startswith("A person is needed")


def test_a_conversation_that_breaks_down_is_handed_to_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only that one, told in the step's troubles; an outage in it passes through."""
    context: Any = SimpleNamespace(run=SimpleNamespace(pk="r"))
    [told] = briefing.brief(sensed(make.case("The Alder Mug is broken.")), Settings(), now=make.NOW)
    monkeypatch.setattr(reasoning, "reason", raises(str, KeyError("odd")))
    told.situation = f"{told.situation} {MARK}"
    made = Plan()
    assert ask(context, told, made) is True
    [planned] = made.planned
    assert planned.draft is not None
    assert planned.draft.title.startswith("A person is needed")
    assert "The agent failed at it (KeyError)" in made.troubles[0]
    monkeypatch.setattr(reasoning, "reason", raises(str, LeaseLost("taken over")))
    with pytest.raises(LeaseLost):
        ask(context, told, Plan())


def test_a_message_that_cannot_be_read_leaves_the_next_about_its_order_in_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody knows what was asked for before, so money for the second waits for a person."""
    monkeypatch.setattr(desk, "read", raises(desk.read, ValueError("odd")))
    bad = make.case(f"{MARK} is broken")
    other = bad.message.model_copy(update={"message_id": "msg_2", "body": "Alder Mug is broken."})
    second = bad.model_copy(update={"message": other})
    first, second = desk.beside([bad, second])
    assert [one.intent for one in second.thread] == [""]
    plans: list[Planned] = planner.plan(sensed(first, second), Settings(), now=make.NOW)
    asked, doubted = (one.draft for one in plans)
    assert asked is not None
    assert doubted is not None
    assert [action for action, _ in asked.changes] == ["send_message"]
    assert is_doubted(doubted.evidence)


def test_a_stranger_without_an_address_is_still_shown() -> None:
    """Nothing can be sent to nobody; the case itself says all there is."""
    message = Message(message_id="m", sender="", subject="Hi", body=BAD, received_at=make.NOW)
    case = Case(message=message, number=None, order=None, problem="")
    planned = unread.for_person(case, "It failed.", Settings())
    assert planned.draft is not None
    assert BAD in str(planned.draft.evidence)
    assert conversations.EARLIER not in str(planned.draft.evidence)
    assert not isinstance(case.order, Order)
