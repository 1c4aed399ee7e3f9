"""Planning with a model over HTTP, and with every way in which it can fail."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count, pairwise
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
from apps.agents.playbooks.refund_desk.situation import weigh
from apps.agents.playbooks.repricing import planner
from apps.agents.playbooks.repricing import sense as prices
from apps.agents.playbooks.repricing.briefing import OFFERS
from apps.agents.playbooks.repricing.settings import Settings as PriceSettings
from apps.inference.models import Call
from apps.proposals.evidence import is_doubted
from apps.proposals.models import Proposal
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories import inference

Behavior = dict[str, Any]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop."""
    with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
        yield started


@pytest.fixture(scope="module")
def endpoint() -> Iterator[inference.FaultServer]:
    """llmock, a process of its own."""
    with inference.fault_server() as server:
        yield server


@pytest.fixture
def llmock(
    endpoint: inference.FaultServer, settings: Settings, workspace: Workspace
) -> inference.FaultServer:
    """The configured endpoint, with a second of patience and nothing ordered yet."""
    endpoint.reset()
    point_at(settings, endpoint.base_url)
    inference.tier(workspace, timeout_s=1)
    return endpoint


def point_at(settings: Settings, address: str) -> None:
    """Configure a model endpoint."""
    settings.OPENAI_BASE_URL = address
    settings.OPENAI_API_KEY = "sk-test"
    settings.OPENAI_MODEL = "model-small"


@pytest.fixture
def agent(workspace: Workspace, shop: Shop) -> Agent:
    """A refund desk that answers one message."""
    now = timezone.now()
    make.connect(workspace, shop, now)
    return make.agent(workspace, "refund_desk", now)


@pytest.fixture
def case(agent: Agent) -> Case:
    """A broken article; all other messages count as handled."""
    now, workspace = timezone.now(), agent.workspace
    sensed = desk.sense(workspace, DeskSettings(batch=100), now=now)
    chosen = next(
        case
        for case in sensed.cases
        if "damaged" in case.message.subject.casefold() and case.order is not None
        and case.order.payment_status == "captured"
    )  # fmt: skip
    earlier = Run.objects.create(workspace=workspace, agent=agent, trigger="test", not_before=now,
                                 started_by="test", started_at=now, finished_at=now,
                                 state=State.DONE)  # fmt: skip
    Handled.objects.bulk_create(
        Handled(workspace=workspace, playbook="refund_desk", key=other.key, run=earlier, at=now)
        for other in sensed.cases
        if other.key != chosen.key
    )
    return chosen


def calls(*wanted: tuple[str, dict[str, Any]]) -> Behavior:
    """A turn in which the model calls tools."""
    tools = [{"name": name, "arguments": arguments} for name, arguments in wanted]
    return {"type": "reply", "tool_calls": tools}


def says(text: str) -> Behavior:
    """A turn in which the model only talks."""
    return {"type": "reply", "text": text}


def script(case: Case) -> list[Behavior]:
    """A model that does its work: looks, classifies, proposes, closes."""
    order = case.order
    assert order is not None
    sensed = desk.Sensed(cases=[case], corrections=[], left=0)
    due = weigh(case, sensed, DeskSettings(), now=timezone.now()).refund
    assert due is not None
    answer = {"to": case.message.sender, "subject": "Your order", "body": "We refund the article."}
    refund = {"order_id": order.order_id, "payment_id": order.payments[0].payment_id,
              "amount": str(due.amount), "currency": order.currency}  # fmt: skip
    return [
        calls(("find_order", {"number": order.number}), ("recall", {"text": "broken article"})),
        calls(("classify_message", {"intent": "damaged", "language": "en", "because": "damaged"})),
        calls(("refund_payment", refund), ("send_message", answer)),
        says("The article arrived damaged, so its price is given back."),
    ]


def run_to_the_end(agent: Agent) -> Run:
    """A run, driven as far as it goes without a person."""
    run = operations.start(agent=agent, trigger="person", by="user:1", now=timezone.now())
    make.drive()
    run.refresh_from_db()
    return run


def planning(run: Run) -> Step:
    """The step in which was planned."""
    return run.steps.get(stage="plan")


def test_a_conversation_with_tools_ends_in_a_proposal(
    agent: Agent, case: Case, llmock: inference.FaultServer
) -> None:
    """Reads are answered, writes are proposed; the screen says which model planned."""
    llmock.behave(*script(case))
    run = run_to_the_end(agent)
    assert run.state == State.WAITING
    assert planning(run).planner.startswith("model model-small")
    proposal = Proposal.objects.get(run_id=run.pk)
    changes = list(proposal.changes.order_by("position"))
    assert [change.action for change in changes] == ["refund_payment", "send_message"]
    assert changes[1].params["in_reply_to"] == case.message.message_id
    assert proposal.state == "waiting"
    assert changes[1].params["body"] != "We refund the article."  # our own words, not a model's
    kinds = {entry["kind"]: entry for entry in proposal.evidence}
    assert "came to the same" in kinds["model"]["title"]
    assert "The article arrived damaged" in kinds["model"]["detail"]
    assert proposal.case["read"]["by"] == "both"
    assert "The article arrived damaged" in proposal.rationale
    assert set(Call.objects.values_list("run_id", "outcome")) == {(run.pk, "ok")}


def test_each_turn_is_asked_in_its_own_moment(
    agent: Agent, case: Case, llmock: inference.FaultServer
) -> None:
    """However long the step takes: a call that begins late is not overdue from the start, and
    insights find its cost where it arose."""
    llmock.behave(*script(case))
    minutes, begun = count(step=10), timezone.now()
    operations.start(agent=agent, trigger="person", by="user:1", now=begun)
    make.drive(lambda: begun + timedelta(minutes=next(minutes)))
    asked = list(Call.objects.order_by("id").values_list("at", flat=True))
    assert len(asked) == 4
    assert all(later - earlier >= timedelta(minutes=10) for earlier, later in pairwise(asked))


RETRIED = {
    "429 once": [{"type": "fail", "status": 429, "retry_after": 0.1}],
    "503 twice": [{"type": "fail", "status": 503, "times": 2}],
    "one timeout": [{"type": "delay", "seconds": 1.5}],
}


@pytest.mark.parametrize("fault", RETRIED)
def test_a_passing_fault_is_retried(
    agent: Agent, case: Case, llmock: inference.FaultServer, fault: str
) -> None:
    """And the model plans after all."""
    llmock.behave(*RETRIED[fault], *script(case))
    run = run_to_the_end(agent)
    assert planning(run).planner.startswith("model")
    assert Proposal.objects.filter(run_id=run.pk).count() == 1
    assert Call.objects.exclude(outcome="ok").exists()


@pytest.mark.parametrize("kind", ["unknown_tool", "malformed_arguments"])
def test_a_mistake_is_told_to_the_model(
    agent: Agent, case: Case, llmock: inference.FaultServer, kind: str
) -> None:
    """It hears what was wrong and does better."""
    llmock.behave({"type": "tool_fault", "kind": kind}, *script(case)[1:])
    run = run_to_the_end(agent)
    assert planning(run).planner.startswith("model")
    assert Proposal.objects.filter(run_id=run.pk).count() == 1


LASTING: dict[str, Behavior] = {
    "429": {"type": "fail", "status": 429, "retry_after": 0.05, "times": None},
    "401": {"type": "fail", "status": 401, "times": None},
    "500": {"type": "fail", "status": 500, "times": None},
    "timeout": {"type": "delay", "seconds": 1.3, "times": None},
    "unknown tool": {"type": "tool_fault", "kind": "unknown_tool", "times": None},
    "malformed arguments": {"type": "tool_fault", "kind": "malformed_arguments", "times": None},
}


@pytest.mark.parametrize("fault", LASTING)
def test_a_lasting_fault_leads_to_the_rules(
    agent: Agent, case: Case, llmock: inference.FaultServer, fault: str
) -> None:
    """The run is not lost, and the screen says that the rules planned, and why."""
    llmock.behave(LASTING[fault], *[calls(("recall", {"text": "x"}))] * 9)
    check_rules_planned(run_to_the_end(agent), case)


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        (b"{not json", 0),
        (b"", 0),
        (b'{"choices": []}', 0),
        (b'{"choices": [{"message": {"content": "cut"}}]}', 0),  # a stream that just ended
        (b'{"choices": [{"mess', 500),  # the connection broke off
        (b'{"choices": [{"message": {"content": "too lo"}, "finish_reason": "length"}]}', 0),
    ],
)
def test_garbage_leads_to_the_rules(
    agent: Agent, case: Case, settings: Settings, body: bytes, missing: int
) -> None:
    """Whatever comes over the wire."""
    with inference.raw_server(body, missing_bytes=missing) as address:
        point_at(settings, address)
        run = run_to_the_end(agent)
    check_rules_planned(run, case)


def check_rules_planned(run: Run, case: Case) -> None:
    """The message has its answer, by rules."""
    step = planning(run)
    assert step.planner == "rules"
    assert "The model did not plan, so the rules did" in step.summary
    proposal = Proposal.objects.get(run_id=run.pk)
    assert proposal.case["message_id"] == case.message.message_id
    assert "Classified by rules" in str(proposal.evidence)
    assert run.state == State.WAITING


def test_a_model_that_proposes_nothing_leaves_the_answer_to_the_rules(
    agent: Agent, case: Case, llmock: inference.FaultServer
) -> None:
    """No customer goes without an answer because a model had nothing to say."""
    llmock.behave(says("I would rather not."))
    run = run_to_the_end(agent)
    assert Proposal.objects.get(run_id=run.pk).case["message_id"] == case.message.message_id


def test_the_amount_is_not_the_models_to_choose(
    agent: Agent, case: Case, llmock: inference.FaultServer
) -> None:
    """Nor is whom it writes to; it hears so, and in the end the rules plan."""
    good = script(case)
    refund, message = good[2]["tool_calls"]
    greedy = {**refund, "arguments": {**refund["arguments"], "amount": "499.00"}}
    elsewhere = {**message, "arguments": {**message["arguments"], "to": "eve@example.com"}}
    llmock.behave(
        good[1],
        {"type": "reply", "tool_calls": [greedy, elsewhere]},
        {"type": "reply", "tool_calls": [greedy]},
    )
    run = run_to_the_end(agent)
    check_rules_planned(run, case)
    assert "499.00" not in str(list(Proposal.objects.values_list("changes__params", flat=True)))
    assert "eve@example.com" not in str(
        list(Proposal.objects.values_list("changes__params", flat=True))
    )


def test_a_refused_refund_takes_its_message_along(
    agent: Agent, case: Case, llmock: inference.FaultServer
) -> None:
    """Nobody is told of money that does not come."""
    good = script(case)
    refund, message = good[2]["tool_calls"]
    greedy = {**refund, "arguments": {**refund["arguments"], "amount": "499.00"}}
    llmock.behave(good[1], {"type": "reply", "tool_calls": [greedy, message]}, says("Done."))
    run = run_to_the_end(agent)
    bodies = [change.params.get("body", "") for change in
              Proposal.objects.get(run_id=run.pk).changes.all()]  # fmt: skip
    assert not [body for body in bodies if "We refund the article" in body]


def test_an_empty_budget_leads_to_the_rules(
    agent: Agent, case: Case, llmock: inference.FaultServer
) -> None:
    """Nothing is asked that cannot be paid."""
    Agent.objects.filter(pk=agent.pk).update(budget_usd=0)
    agent.refresh_from_db()
    check_rules_planned(run_to_the_end(agent), case)
    assert not llmock.requests()


def test_prices_planned_by_a_model(
    workspace: Workspace, shop: Shop, llmock: inference.FaultServer
) -> None:
    """Each price it asks for is a proposal of its own, judged by the policy as any other."""
    now: datetime = timezone.now()
    make.connect(workspace, shop, now)
    agent = make.agent(workspace, "repricing", now)
    sensed = prices.sense(workspace, PriceSettings(), now=now)
    apart = sorted(sensed.offers, key=lambda one: -abs(one.competitor - one.price) / one.price)
    first, second = apart[:2]
    alike = next(one for one in apart[2:OFFERS] if planner.draft_for(one, PriceSettings(), now=now))
    rules = planner.draft_for(alike, PriceSettings(), now=now)
    assert rules is not None
    assert rules.draft is not None
    wanted = [
        (
            "set_price",
            {"product_id": one.product_id, "variant_id": one.variant_id, "currency": "EUR",
             "amount": str(amount)},
        )
        for one, amount in (
            (first, round(first.price * Decimal("0.98"), 2)),
            (second, round(second.price * Decimal("0.60"), 2)),
            (alike, rules.draft.case["to"]),
        )
    ]  # fmt: skip
    foreign = ("set_price", {**wanted[0][1], "variant_id": "variant_other"})
    llmock.behave(
        calls(("competitor_prices", {"sku": first.sku}), ("list_variants", {"sku": first.sku})),
        calls(*wanted, foreign),
        says("The competitor is cheaper."),
    )
    run = run_to_the_end(agent)
    assert planning(run).planner.startswith("model")
    states = dict(Proposal.objects.filter(run_id=run.pk).values_list("case__sku", "state"))
    moved = states.pop(alike.sku) == "done"  # as the policy says of it, and then it is new
    assert states == {first.sku: "waiting", second.sku: "denied"}
    as_rules = Proposal.objects.get(run_id=run.pk, case__sku=alike.sku)
    assert as_rules.confidence == rules.draft.confidence
    assert not is_doubted(as_rules.evidence)
    own = Proposal.objects.get(run_id=run.pk, case__sku=first.sku)
    assert "This is model-small's own: a person decides" in str(own.evidence)
    again = prices.sense(workspace, PriceSettings(), now=timezone.now())
    assert len(again.offers) == len(sensed.offers) - OFFERS + moved


def test_a_model_that_never_closes_is_stopped(
    agent: Agent, case: Case, llmock: inference.FaultServer
) -> None:
    """After eight turns the rules plan."""
    llmock.behave(*[calls(("recall", {"text": "and again"}))] * 9)
    check_rules_planned(run_to_the_end(agent), case)
    assert Call.objects.count() == 8
