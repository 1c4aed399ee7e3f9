"""What a model has answered is not asked, nor paid, again in the same work."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import Workspace
from apps.agents.models import Agent, Run, Turn
from apps.agents.playbooks import registry
from apps.agents.steps import turns
from apps.agents.steps.base import Context
from apps.inference.providers.base import Completion, Tool, ToolCall, Usage

CALLED = Completion(
    text="Let me look.",
    tool_calls=(ToolCall(id="c1", name="find_order", arguments='{"number": "1001"}'),),
    usage=Usage(input_tokens=10, output_tokens=3),
    finish_reason="tool_calls",
    model="m",
)
MESSAGES: list[Any] = [{"role": "system", "content": "Answer."}, {"role": "user", "content": "?"}]
TOOLS = [Tool(name="find_order", description="Read an order.", parameters={"type": "object"})]


@pytest.fixture
def context(workspace: Workspace, now: datetime) -> Context:
    """A run that plans."""
    agent = Agent.objects.create(
        workspace=workspace, name="Desk", playbook="refund_desk", created_at=now
    )
    run = Run.objects.create(workspace=workspace, agent=agent, trigger="test", started_by="test",
                             not_before=now, started_at=now)  # fmt: skip
    playbook = registry.playbook("refund_desk")
    return Context(run=run, playbook=playbook, settings=playbook.settings(), state={}, now=now,
                   clock=lambda: now, keep=lambda _: None, work="plan")  # fmt: skip


class Model:
    """Says `CALLED`, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, messages: Any, tools: Any) -> Completion:
        self.asked += 1
        return replace(CALLED, text=f"answer {self.asked}")


def test_the_same_question_is_asked_once(context: Context) -> None:
    """The second time it is answered from what was kept, tool calls and figures included."""
    model = Model()
    first = turns.once(context, MESSAGES, TOOLS, ask=model)
    again = turns.once(context, MESSAGES, TOOLS, ask=model)
    assert again == first == replace(CALLED, text="answer 1")
    assert again.as_message() == first.as_message()
    assert model.asked == 1


def test_any_other_question_is_asked(context: Context) -> None:
    """Other words, other tools, another class of model."""
    model = Model()
    turns.once(context, MESSAGES, TOOLS, ask=model)
    turns.once(context, [*MESSAGES, {"role": "user", "content": "and now?"}], TOOLS, ask=model)
    turns.once(context, MESSAGES, [], ask=model)
    context.run.agent.tier = "large"
    turns.once(context, MESSAGES, TOOLS, ask=model)
    assert model.asked == 4


def test_other_work_does_not_know_of_it(context: Context) -> None:
    """A reviewer who asks the same again gets an answer of now."""
    model = Model()
    turns.once(context, MESSAGES, TOOLS, ask=model)
    turns.once(replace(context, work="question:1"), MESSAGES, TOOLS, ask=model)
    assert model.asked == 2


def test_what_failed_is_not_kept(context: Context) -> None:
    """It is asked again."""

    def fail(messages: Any, tools: Any) -> Completion:
        raise RuntimeError("no answer")

    with pytest.raises(RuntimeError):
        turns.once(context, MESSAGES, TOOLS, ask=fail)
    assert not Turn.objects.exists()
    model = Model()
    turns.once(context, MESSAGES, TOOLS, ask=model)
    assert model.asked == 1


def test_of_two_answers_the_first_stands(context: Context) -> None:
    """A worker that was taken over comes back with its own: nothing breaks, nothing is replaced."""

    def overtaken(messages: Any, tools: Any) -> Completion:
        turns.once(context, MESSAGES, TOOLS, ask=Model())
        return replace(CALLED, text="late")

    assert turns.once(context, MESSAGES, TOOLS, ask=overtaken).text == "late"
    assert turns.once(context, MESSAGES, TOOLS, ask=Model()).text == "answer 1"
    assert Turn.objects.count() == 1


def test_a_turn_in_another_shape_is_asked_anew(context: Context) -> None:
    """One that an earlier version kept does not stop the run."""
    turns.once(context, MESSAGES, TOOLS, ask=Model())
    Turn.objects.update(said={"words": "?"})
    model = Model()
    assert turns.once(context, MESSAGES, TOOLS, ask=model).text == "answer 1"
    assert model.asked == 1


def test_nothing_is_kept_of_work_that_is_done(context: Context, now: datetime) -> None:
    """Nor, after two days, of work nobody has finished."""
    other = replace(context, work="question:1")
    turns.once(context, MESSAGES, TOOLS, ask=Model())
    turns.once(other, MESSAGES, TOOLS, ask=Model())
    turns.forget(context.run.pk, "plan")
    assert [turn.work for turn in Turn.objects.all()] == ["question:1"]
    turns.forget_old(now=now + timedelta(days=1))
    assert Turn.objects.count() == 1
    turns.forget_old(now=now + timedelta(days=3))
    assert not Turn.objects.exists()
