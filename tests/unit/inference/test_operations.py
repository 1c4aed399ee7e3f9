"""Asking a model over real HTTP, with every fault a model endpoint is known for."""

import logging
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from apps.accounts.models import Workspace
from apps.audit.models import Event, Payload
from apps.inference import operations, queries
from apps.inference.budgets import BudgetExhausted
from apps.inference.models import Budget, Call, Scope
from apps.inference.operations import ModelUnavailable, NoModelConfigured
from apps.inference.providers import fake
from apps.inference.providers.base import Completion, Failed, Refused, Tool, Usage
from tests.factories import inference as make
from tests.unit.inference.conftest import KEY

RUN = uuid4()
PROMPT = "canary-prompt: my parcel is broken"
PRICE_TOOL = Tool(
    name="set_price",
    description="Set a price",
    parameters={"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]},
)


def complete(workspace: Workspace, now: datetime, **more: object) -> Completion:
    return operations.complete(
        workspace=workspace,
        run_id=RUN,
        purpose="plan",
        messages=[{"role": "user", "content": PROMPT}],
        now=now,
        **more,  # type: ignore[arg-type]
    )


def outcomes() -> list[str]:
    return list(Call.objects.order_by("pk").values_list("outcome", flat=True))


def test_an_answer_is_recorded_with_tokens_cost_and_event(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """One call row and one event tell what it cost, and hold neither prompt nor key."""
    make.tier(workspace)
    llmock.behave({"type": "reply", "text": "42"})
    assert complete(workspace, now).text == "42"
    call = Call.objects.get()
    assert (call.outcome, call.run_id, call.model) == ("ok", RUN, "model-small")
    assert call.input_tokens > 0
    expected = Decimal(call.input_tokens + 2 * call.output_tokens) / 1_000_000
    assert call.cost == expected
    event = Event.objects.get(kind="model.called")
    fields = Payload.objects.get(event_id=event.id).fields
    assert event.run_id == RUN
    assert fields["outcome"] == "ok"
    assert Decimal(fields["cost"]) == expected
    for row in (*Call.objects.values(), *Payload.objects.values()):
        assert "canary" not in str(row)


def test_without_a_model_it_says_what_to_set(
    workspace: Workspace, settings: Settings, now: datetime
) -> None:
    """The text names the settings."""
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = settings.OPENAI_MODEL = ""
    with pytest.raises(NoModelConfigured, match="OPENAI_MODEL"):
        complete(workspace, now)


def test_without_tiers_the_model_of_the_environment_is_asked(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """Two environment variables are enough."""
    complete(workspace, now)
    assert Call.objects.get().model == "model-of-environment"


def test_429_is_repeated_after_the_pause_the_provider_asks_for(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """Retry-After of one second is waited for."""
    make.tier(workspace)
    llmock.behave({"type": "fail", "status": 429, "retry_after": 1})
    complete(workspace, now)
    assert outcomes() == ["rate_limited", "ok"]
    first, second = (request["started_at"] for request in llmock.requests())
    assert second - first >= 1


def test_a_pause_that_is_too_long_leads_to_the_fallback_at_once(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """Nobody waits a minute while another model is free."""
    small = make.tier(workspace)
    make.tier(workspace, "large", fallback=small)
    llmock.behave(
        {"type": "fail", "status": 429, "retry_after": 60, "match": {"model": "model-large"}}
    )
    complete(workspace, now, tier_need="large")
    assert list(Call.objects.order_by("pk").values_list("tier", "outcome")) == [
        ("large", "rate_limited"),
        ("small", "ok"),
    ]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_passing_failure_is_repeated(
    workspace: Workspace, llmock: make.FaultServer, now: datetime, status: int
) -> None:
    """Twice failed, then answered."""
    make.tier(workspace)
    llmock.behave({"type": "fail", "status": status, "times": 2})
    complete(workspace, now)
    assert outcomes() == ["error", "error", "ok"]


def test_a_lasting_failure_ends_after_three_attempts_per_tier(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """Then the caller hears of it, with a reason for each tier."""
    small = make.tier(workspace)
    make.tier(workspace, "large", fallback=small)
    llmock.behave({"type": "fail", "status": 500, "times": None})
    with pytest.raises(ModelUnavailable, match=r"large.*HTTP 500.*small.*HTTP 500"):
        complete(workspace, now, tier_need="large")
    assert outcomes() == ["error"] * 6


def test_a_refusal_is_not_repeated(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """A wrong key stays wrong."""
    make.tier(workspace)
    llmock.behave({"type": "fail", "status": 401, "message": f"Incorrect key {KEY}"})
    with pytest.raises(ModelUnavailable, match="HTTP 401") as caught:
        complete(workspace, now)
    assert KEY not in str(caught.value)
    assert outcomes() == ["error"]


def test_a_timeout_is_charged_as_reserved_and_falls_back(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """The provider may bill for an answer we did not wait for."""
    small = make.tier(workspace)
    make.tier(workspace, "large", fallback=small, timeout_s=1)
    budget = make.budget(workspace, "1")
    llmock.behave({"type": "delay", "seconds": 1.5, "times": 3, "match": {"model": "model-large"}})
    complete(workspace, now, tier_need="large")
    assert outcomes() == ["timeout"] * 3 + ["ok"]
    late = Call.objects.filter(outcome="timeout")
    assert all(call.cost == call.reserved > 0 and call.estimated for call in late)
    budget.refresh_from_db()
    assert budget.reserved == 0
    assert budget.spent == sum(call.cost for call in Call.objects.all())


def test_nobody_listening_is_unavailable_and_free(
    workspace: Workspace, settings: Settings, now: datetime
) -> None:
    """A refused connection costs nothing."""
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{make.free_port()}/v1"
    make.tier(workspace)
    budget = make.budget(workspace, "1")
    with pytest.raises(ModelUnavailable, match="no connection"):
        complete(workspace, now)
    budget.refresh_from_db()
    assert (budget.spent, budget.reserved) == (0, 0)


def test_a_malformed_body_is_repeated_then_unavailable(
    workspace: Workspace, settings: Settings, now: datetime
) -> None:
    """Broken JSON never leaves as a JSON error."""
    make.tier(workspace)
    with make.raw_server(b'{"choices": [{') as url:
        settings.OPENAI_BASE_URL = url
        with pytest.raises(ModelUnavailable, match="does not fit"):
            complete(workspace, now)
    assert outcomes() == ["malformed"] * 3


def test_an_unknown_tool_is_passed_through(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """Whether a tool exists is the caller's knowledge."""
    make.tier(workspace)
    llmock.behave({"type": "tool_fault", "kind": "unknown_tool"})
    completion = complete(workspace, now, tools=[PRICE_TOOL])
    assert [call.name for call in completion.tool_calls] == ["llmock_unknown_tool"]
    assert completion.finish_reason == "tool_calls"


def test_a_conversation_with_tools_goes_on(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """A tool call goes back as a message with its result, and text comes."""
    make.tier(workspace)
    first = complete(workspace, now, tools=[PRICE_TOOL])
    call = first.tool_calls[0]
    messages = [
        {"role": "user", "content": PROMPT},
        first.as_message(),
        {"role": "tool", "tool_call_id": call.id, "content": "done"},
    ]
    second = operations.complete(
        workspace=workspace,
        run_id=RUN,
        purpose="plan",
        messages=messages,
        tools=[PRICE_TOOL],
        now=now,
    )
    assert (call.name, second.tool_calls, second.finish_reason) == ("set_price", (), "stop")
    assert second.text


def test_an_exhausted_budget_stops_before_anything_is_sent(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """The hard limit: no request, no call, no event."""
    make.tier(workspace)
    make.budget(workspace, "0.0001", scope=Scope.RUN, scope_id=RUN)
    with pytest.raises(BudgetExhausted, match="run"):
        complete(workspace, now)
    assert llmock.requests() == []
    assert not Call.objects.exists()


def test_an_exhausted_budget_is_recorded_once_for_each_limit(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """Not for every call it stops, but again after it was raised in vain."""
    make.tier(workspace)
    agent, limits = uuid4(), ("0.0001", "0.0001", "0.0002")
    for limit in limits:
        operations.set_budget(
            workspace=workspace, scope=Scope.RUN, scope_id=RUN, limit=Decimal(limit)
        )
        with pytest.raises(BudgetExhausted):
            complete(workspace, now, agent_id=agent)
    events = Event.objects.filter(kind="budget.exhausted").order_by("id")
    told = [Payload.objects.get(event_id=event.id).fields for event in events]
    assert [one["limit"] for one in told] == ["0.0001", "0.0002"]
    assert {one["agent"] for one in told} == {str(agent)}
    assert {(one.run_id, one.subject_kind) for one in events} == {(RUN, "budget")}
    assert PROMPT not in str(told)


def test_a_short_budget_leads_to_a_cheaper_tier(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """What is too dear now is not the end, if the fallback fits."""
    small = make.tier(workspace)
    make.tier(workspace, "large", fallback=small, price_out=Decimal(1000))
    make.budget(workspace, "0.01")
    complete(workspace, now, tier_need="large")
    assert Call.objects.get().tier == "small"
    assert not Event.objects.filter(kind="budget.exhausted").exists()  # it was asked after all


def test_an_agents_budget_counts(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """Besides those of run and workspace."""
    make.tier(workspace)
    agent = uuid4()
    operations.set_budget(workspace=workspace, scope=Scope.AGENT, scope_id=agent, limit=Decimal(1))
    complete(workspace, now, agent_id=agent)
    assert Budget.objects.get().spent == Call.objects.get().cost > 0


def test_no_prompt_and_no_key_reach_the_log(
    workspace: Workspace,
    llmock: make.FaultServer,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not even at the most talkative level, retries included."""
    caplog.set_level(logging.DEBUG)
    make.tier(workspace)
    llmock.behave({"type": "fail", "status": 500, "message": PROMPT})
    complete(workspace, now)
    assert "canary" not in caplog.text


def test_a_call_whose_process_died_is_settled_as_lost(workspace: Workspace, now: datetime) -> None:
    """Its reservation is released as spent, once."""
    budget = make.budget(workspace, "1")
    make.tier(workspace, provider="fake")
    fake.script(KeyboardInterrupt())  # stands for a killed process
    with pytest.raises(KeyboardInterrupt):
        complete(workspace, now)
    assert operations.release_lost(now=now + timedelta(seconds=60)) == 0
    assert operations.release_lost(now=now + timedelta(hours=1)) == 1
    assert operations.release_lost(now=now + timedelta(hours=1)) == 0
    call = Call.objects.get()
    budget.refresh_from_db()
    assert (call.outcome, call.cost) == ("lost", call.reserved)
    assert (budget.reserved, budget.spent) == (0, call.reserved)


def test_tokens_are_estimated_when_the_provider_does_not_count(
    workspace: Workspace, now: datetime
) -> None:
    """And the call says so."""
    make.tier(workspace, provider="fake")
    fake.script(Completion(text="four words of text"))
    complete(workspace, now)
    call = Call.objects.get()
    assert call.estimated
    assert call.output_tokens == 5


def test_the_fake_says_its_lines_in_order(workspace: Workspace, now: datetime) -> None:
    """Errors are raised, and the end of the script is a refusal."""
    make.tier(workspace, provider="fake")
    usage = Usage(input_tokens=1, output_tokens=1)
    fake.script(Failed("boom"), Completion(text="a", usage=usage), Refused("no"))
    assert complete(workspace, now).text == "a"
    assert [question.model for question in fake.questions] == ["model-small"] * 2
    for _ in range(2):
        with pytest.raises(ModelUnavailable):
            complete(workspace, now)


def test_offline_embeddings_need_neither_network_nor_money(
    workspace: Workspace, settings: Settings, now: datetime
) -> None:
    """Nothing is recorded, because nothing is asked."""
    settings.OPENAI_EMBEDDING_MODEL = ""
    made = operations.embed(["a", "b"], workspace=workspace, now=now)
    assert made.space == queries.embedding_space()
    assert [len(vector) for vector in made.vectors] == [384, 384]
    assert not Call.objects.exists()


def test_a_configured_endpoint_embeds_and_is_paid(
    workspace: Workspace, settings: Settings, now: datetime
) -> None:
    """At the price of the tier named embedding, in the order of the texts."""
    make.tier(workspace, "embedding", price_in=Decimal(3))
    settings.OPENAI_EMBEDDING_MODEL = "e5-small"
    texts = ["Kann ich per Überweisung bezahlen?", "My parcel never arrived."]
    with make.embedding_server() as url:
        settings.OPENAI_BASE_URL = url
        made = operations.embed(texts, workspace=workspace, now=now)
        again = operations.embed(texts[1:], workspace=workspace, now=now).vectors
    vectors = made.vectors
    assert made.space.name == "e5-small"
    assert [len(vector) for vector in vectors] == [384, 384]
    assert sum(a * b for a, b in zip(vectors[1], again[0], strict=True)) > 0.99
    call = Call.objects.earliest("pk")
    assert (call.tier, call.model, call.outcome) == ("embedding", "e5-small", "ok")
    assert call.cost == Decimal(3 * call.input_tokens) / 1_000_000 > 0


@pytest.mark.django_db(transaction=True)
def test_asking_inside_a_transaction_is_refused(now: datetime) -> None:
    """No lock may be held while a model thinks."""
    workspace = Workspace.objects.create(name="Locked", slug="locked")
    make.tier(workspace, provider="fake")
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        complete(workspace, now)


def test_a_model_of_another_size_is_refused_with_advice(
    workspace: Workspace, llmock: make.FaultServer, settings: Settings, now: datetime
) -> None:
    """llmock answers 1,536 numbers whatever is asked."""
    settings.OPENAI_EMBEDDING_MODEL = "text-embedding-3-small"
    with pytest.raises(ModelUnavailable, match=r"1536.*384.*dimensions"):
        operations.embed(["a"], workspace=workspace, now=now)
    assert Call.objects.get().purpose == "embed"


def test_an_endpoint_without_embeddings_is_unavailable(
    workspace: Workspace, llmock: make.FaultServer, settings: Settings, now: datetime
) -> None:
    """A lasting failure of the embedding endpoint."""
    settings.OPENAI_EMBEDDING_MODEL = "e"
    llmock.behave({"type": "fail", "status": 501, "times": None})
    with pytest.raises(ModelUnavailable, match="HTTP 501"):
        operations.embed(["a"], workspace=workspace, now=now)
