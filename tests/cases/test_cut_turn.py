"""A turn of a model that was cut before its end, over HTTP: none of its calls is taken."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Agent, Handled, Run, State, Step
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.sense import Case
from apps.agents.playbooks.refund_desk.settings import Settings as DeskSettings
from apps.proposals.models import Proposal
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories import inference
from tests.factories.models import ModelServer, Turn, call, model_server, turns

HALF = "We are sorry about your mug and give you back the whole pri"
WHOLE = "We are sorry. We give the price of the article back."


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop."""
    with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def agent(workspace: Workspace, shop: Shop) -> Agent:
    """A refund desk with a model tier."""
    now = timezone.now()
    make.connect(workspace, shop, now)
    inference.tier(workspace, timeout_s=5)
    return make.agent(workspace, "refund_desk", now)


@pytest.fixture
def broken(agent: Agent) -> Case:
    """A message about a broken article; all others count as handled."""
    now = timezone.now()
    sensed = desk.sense(agent.workspace, DeskSettings(batch=100), now=now)
    chosen = next(
        one
        for one in sensed.cases
        if "damaged" in one.message.subject.casefold() and one.order is not None
        and one.order.payment_status == "captured"
    )  # fmt: skip
    earlier = Run.objects.create(workspace=agent.workspace, agent=agent, trigger="test",
                                 not_before=now, started_by="test", started_at=now,
                                 finished_at=now, state=State.DONE)  # fmt: skip
    Handled.objects.bulk_create(
        Handled(workspace=agent.workspace, playbook="refund_desk", key=one.key, run=earlier, at=now)
        for one in sensed.cases
        if one.key != chosen.key
    )
    return chosen


def refund(case: Case) -> tuple[str, dict[str, Any]]:
    """The refund of one piece of the order's first article, as the rules would give it."""
    assert case.order is not None
    [due] = [str(line.unit_price) for line in case.order.lines[:1]]
    payment = case.order.payments[0]
    return call("refund_payment", order_id=case.order.order_id, payment_id=payment.payment_id,
                amount=due, currency=case.order.currency)  # fmt: skip


def say(case: Case, body: str) -> tuple[str, dict[str, Any]]:
    """A message to the customer."""
    return call("send_message", to=case.message.sender, subject="Your order", body=body)


CLASSIFY = Turn(calls=(call("classify_message", intent="damaged", language="en"),))
CLOSING = Turn(text="The article is broken.")


def run_with(agent: Agent, settings: Settings, *said: Turn) -> tuple[ModelServer, Proposal, Step]:
    """A whole run with a model that says this; the proposal and the step that planned it."""
    with model_server(turns(*said)) as server:
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = server.base_url, "sk-test"
        settings.OPENAI_MODEL = "scripted-1"
        run = operations.start(agent=agent, trigger="person", by="user:1", now=timezone.now())
        make.drive()
    return server, Proposal.objects.get(run_id=run.pk), run.steps.get(stage="plan")


def bodies(proposal: Proposal) -> str:
    """What the proposal says and would send."""
    params = [change.params for change in proposal.changes.all()]
    return f"{proposal.title} {proposal.rationale} {proposal.evidence} {params}"


@pytest.mark.case("79-cut-answer-with-tool-calls")
@pytest.mark.parametrize("finish", ["length", "content_filter", "max_tokens", "oddness"])
def test_nothing_of_a_cut_turn_is_proposed(
    agent: Agent, broken: Case, settings: Settings, case: dict[str, Any], finish: str
) -> None:
    """The model closes without repeating it, so the rules answer, and the step says why."""
    assert len(case["given"]["turns"]) == 3
    cut = Turn(calls=(refund(broken), say(broken, HALF)), finish=finish)
    server, proposal, step = run_with(agent, settings, CLASSIFY, cut, CLOSING)
    assert HALF not in bodies(proposal)
    assert step.planner == "rules"
    assert "was cut, and it never repeated refund_payment, send_message" in step.summary
    [heard] = [m for m in server.conversations()[-1] if "was cut" in str(m.get("content"))]
    assert heard["role"] == "user"
    assert not [m for m in server.conversations()[-1][3:] if m.get("tool_calls", [None])[0] and
                "refund_payment" in str(m["tool_calls"])]  # fmt: skip


def test_a_model_that_repeats_its_turn_is_taken_at_its_whole_word(
    agent: Agent, broken: Case, settings: Settings
) -> None:
    """The repeated calls count, once each, and nothing of the half ones."""
    cut = Turn(calls=(refund(broken), ("send_message", '{"to": "x", "body": "' + HALF)),
               finish="length")  # fmt: skip
    again = Turn(calls=(refund(broken), say(broken, WHOLE)))
    _, proposal, step = run_with(agent, settings, CLASSIFY, cut, again, CLOSING)
    assert step.planner.startswith("model")
    actions = list(proposal.changes.order_by("position").values_list("action", flat=True))
    assert actions == ["refund_payment", "send_message"]
    assert HALF not in bodies(proposal)


def test_repeating_a_part_only_is_not_enough(
    agent: Agent, broken: Case, settings: Settings
) -> None:
    """A refund without the words that tell of it is no whole answer."""
    cut = Turn(calls=(refund(broken), say(broken, HALF)), finish="length")
    part = Turn(calls=(refund(broken),))
    _, proposal, step = run_with(agent, settings, CLASSIFY, cut, part, CLOSING)
    assert step.planner == "rules"
    assert "never repeated send_message" in step.summary
    assert "send_message" in list(proposal.changes.values_list("action", flat=True))


def test_a_model_that_is_always_cut_is_stopped(
    agent: Agent, broken: Case, settings: Settings
) -> None:
    """It has as many tries as it has mistakes; then the rules answer."""
    cut = Turn(calls=(refund(broken), say(broken, HALF)), finish="length")
    server, proposal, step = run_with(agent, settings, CLASSIFY, cut)
    assert len(server.asked) == 4
    assert step.planner == "rules"
    assert HALF not in bodies(proposal)


def test_words_that_are_cut_are_asked_for_again(
    agent: Agent, broken: Case, settings: Settings
) -> None:
    """Half a reason is no reason; what whole turns asked for stays."""
    _, proposal, step = run_with(
        agent, settings, CLASSIFY, Turn(calls=(refund(broken), say(broken, WHOLE))),
        Turn(text="The article arrived in two pie", finish="length"), CLOSING,
    )  # fmt: skip
    assert step.planner.startswith("model")
    assert "two pie" not in bodies(proposal)
