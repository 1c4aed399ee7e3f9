"""Planning with a model: a conversation in which reads are answered and writes become drafts.

Nothing the model says has an effect. Reads go through the gateway and the memory, writes are
checked against the catalogue and the case, and end as proposals a policy judges.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from apps.agents.playbooks.base import Briefing, Planned, Unfit
from apps.agents.steps import lookups, turns
from apps.agents.steps.base import Context
from apps.gateway import catalogue
from apps.inference import operations as inference
from apps.inference.providers.base import Completion, Tool, ToolCall
from apps.inference.providers.tool_arguments import MalformedArguments, parse

MAX_TURNS = 8
MAX_MISTAKES = 2  # answered with what was wrong; one more ends the conversation
ANSWER_CHARACTERS = 8_000
WHOLE = ("stop", "tool_calls")  # an answer that ended in any other way did not come to its end
CUT = (
    "Your last turn was cut before its end, so none of its calls was taken. Repeat it whole; if it "
    "was too long, say the same more briefly."
)


class GaveUp(Exception):
    """The model came to no plan: too many turns, too many mistakes, or no whole answer."""


@dataclass(frozen=True, kw_only=True)
class Thought:
    """The plans of a conversation and the model's name."""

    planned: list[Planned]
    model: str


def reason(context: Context, briefing: Briefing) -> Thought:
    """Let the model think until it closes with words.

    Raises `GaveUp`, what `inference.operations.complete` raises, and what `context.keep` does.
    """
    run, tools = context.run, tools_for(briefing)
    patience = inference.patience(workspace=run.workspace, tier_need=run.agent.tier)
    mistakes = 0
    unsaid: set[str] = set()  # what cut turns asked for and no whole turn has asked for since
    messages: list[Mapping[str, Any]] = [
        {"role": "system", "content": briefing.instructions},
        {"role": "user", "content": briefing.situation},
    ]
    for _ in range(MAX_TURNS):
        context.keep(patience)
        said = turns.once(
            context, messages, list(tools.values()),
            ask=lambda asked, given: complete(context, briefing, asked, given),
        )  # fmt: skip
        if is_cut(said):
            mistakes += 1
            if mistakes > MAX_MISTAKES:
                raise GaveUp(f"{name_of(said)} was cut at its limit again and again.")
            unsaid |= {call.name for call in said.tool_calls}
            messages += repeat(said)
            continue
        if not said.tool_calls:
            return close(briefing, said, unsaid)
        unsaid -= {call.name for call in said.tool_calls}
        messages.append(said.as_message())
        for call in said.tool_calls:
            answer = use(context, briefing, tools, call)
            mistakes += "error" in answer
            content = json.dumps(answer, ensure_ascii=False, default=str)[:ANSWER_CHARACTERS]
            messages.append({"role": "tool", "tool_call_id": call.id, "content": content})
            if mistakes > MAX_MISTAKES:
                raise GaveUp(f"{said.model} made {mistakes} mistakes, last: {answer['error']}")
    raise GaveUp(f"No plan after {MAX_TURNS} turns.")


def complete(
    context: Context, briefing: Briefing, messages: list[Mapping[str, Any]], tools: list[Tool]
) -> Completion:
    """One turn of the model, paid from the budgets of agent and run."""
    run = context.run
    return inference.complete(
        workspace=run.workspace,
        run_id=run.pk,
        agent_id=run.agent_id,
        purpose=briefing.purpose or f"plan {context.playbook.name}",
        messages=messages,
        tools=tools,
        tier_need=run.agent.tier,
        now=context.clock(),
    )


def is_cut(said: Completion) -> bool:
    """Whether a turn did not come to its own end: at a limit, by a filter, or in a way unknown."""
    return said.finish_reason not in WHOLE


def repeat(said: Completion) -> list[Mapping[str, Any]]:
    """What a model hears of a turn that was cut.

    Its calls do not stand in the conversation: nobody answers them, and half of an argument is no
    JSON, which some servers refuse to read again.
    """
    heard = replace(said, text=said.text or "…", tool_calls=())
    return [heard.as_message(), {"role": "user", "content": CUT}]


def close(briefing: Briefing, said: Completion, unsaid: Collection[str]) -> Thought:
    """The plans, once the model has said its last words. Raises `GaveUp` if a cut turn is owed."""
    if unsaid:
        named = ", ".join(sorted(unsaid))[:200]
        raise GaveUp(f"A turn of {name_of(said)} was cut, and it never repeated {named}.")
    planned = briefing.conclude(said.text.strip(), said.model or "a model")
    return Thought(planned=planned, model=name_of(said))


def name_of(said: Completion) -> str:
    """What a model calls itself."""
    return said.model or "without a name"


def tools_for(briefing: Briefing) -> dict[str, Tool]:
    """What the model may call: reads, notes, and the case's actions from the catalogue."""
    tools = lookups.offered(briefing.scope)
    tools += [tool_of(name, text, model) for name, (text, model, _) in briefing.notes.items()]
    for name in briefing.actions:
        spec = catalogue.spec(name)
        text = f"Propose: {spec.title}. {spec.effect} It happens only once it is approved."
        tools.append(tool_of(name, text, spec.parameters))
    return {tool.name: tool for tool in tools}


def tool_of(name: str, description: str, model: type[BaseModel]) -> Tool:
    """A tool whose arguments are a Pydantic model."""
    return Tool(name=name, description=description, parameters=model.model_json_schema())


def use(
    context: Context, briefing: Briefing, tools: Mapping[str, Tool], call: ToolCall
) -> dict[str, Any]:
    """Answer one call; what is wrong with it is told to the model under `error`."""
    tool = tools.get(call.name)
    if tool is None:
        return {"error": f"There is no tool '{call.name[:60]}'; there are: {', '.join(tools)}."}
    try:
        return carry_out(context, briefing, call, parse(call, tool.parameters))
    except (MalformedArguments, Unfit) as error:
        return {"error": str(error)}
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        return {"error": f"The arguments do not fit. {'; '.join(problems)}"}


def carry_out(
    context: Context, briefing: Briefing, call: ToolCall, arguments: dict[str, Any]
) -> dict[str, Any]:
    """Look something up, take a note, or take an action as a draft."""
    if call.name in lookups.LOOKUPS:
        return lookups.look(context, briefing, call.name, arguments)
    if call.name in briefing.notes:
        _, model, take = briefing.notes[call.name]
        return {"answer": take(model.model_validate(arguments))}
    briefing.offer(call.name, catalogue.normalise(call.name, arguments))
    return {"answer": "Taken. It will be proposed when you are done."}
