"""Answering reviewers: claim a question, look again, let a model or the rules answer.

A worker that dies leaves a claim that lapses; the question is answered again from the start, and
an answer is only ever given once. After `MAX_ATTEMPTS` it says that there is none; what a breaker
or a rate keeps from being looked at is no attempt for as long as `PATIENCE`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from apps.agents.heartbeat import Heartbeat
from apps.agents.leases import LEASE
from apps.agents.models import Agent, Run
from apps.agents.outages import HOPELESS, SOON
from apps.agents.playbooks import registry
from apps.agents.playbooks.asking import Asked, AskedChange, Reply
from apps.agents.playbooks.base import Playbook, PlaybookSettings
from apps.agents.steps import answering, reasoning, turns
from apps.agents.steps.base import Clock, Context
from apps.agents.steps.plan import FAILURES
from apps.audit import failpoints
from apps.gateway import queries as gateway
from apps.gateway.errors import Away, ConnectorError
from apps.gateway.switches import stopping_agents
from apps.inference.queries import model_configured
from apps.proposals import operations as proposals
from apps.proposals.models import Change, Proposal, Question
from apps.proposals.operations import AlreadyDecided, Answered, DeniedByPolicy, InvalidDraft
from apps.proposals.text.provenance import link_again, text_of

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
PATIENCE = timedelta(hours=1)  # of a reviewer, with a back end that is being left alone
# The answer's changes cannot be taken; what it says still can
NOT_TAKEN = (DeniedByPolicy, InvalidDraft, AlreadyDecided)


class TakenOver(Exception):
    """Another worker has taken the question up meanwhile. What was done for it here is dropped."""


class NobodyToAnswer(Exception):
    """The agent is gone or switched off. Decide without it, or switch it on and ask again."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A question with who answers it."""

    asked: Asked
    agent: Agent
    playbook: Playbook[Any, Any]
    settings: PlaybookSettings


def answer_due(*, clock: Clock, limit: int = 20) -> int:
    """Answer up to `limit` due questions, one after the other; return how many were taken up."""
    for done in range(limit):
        question = claim(now=clock())
        if question is None:
            return done
        answer_question(question, clock=clock)
    return limit


@transaction.atomic
def claim(*, now: datetime) -> Question | None:
    """Take the question that is due longest, of proposals agents made; None when there is none.

    While it is worked on it is not due. What a kill switch stops is left alone.
    """
    question = (
        Question.objects.select_for_update(skip_locked=True, of=("self",))
        .annotate(agent_id=F("proposal__agent_id"))
        .filter(
            ~stopping_agents(),
            answered_at=None,
            not_before__lte=now,
            agent_id__isnull=False,
            proposal__submitted_by__startswith="agent:",
        )
        .select_related("proposal__workspace")
        .order_by("not_before")
        .first()
    )
    if question is not None:
        question.attempts, question.not_before = question.attempts + 1, now + LEASE
        question.save(update_fields=["attempts", "not_before"])
    return question


def answer_question(question: Question, *, clock: Clock) -> None:
    """Answer a claimed question, or let go of it to be tried again later."""
    try:
        if question.attempts > MAX_ATTEMPTS:  # the workers died with it
            raise NobodyToAnswer("Working it out has failed too often.")
        with Heartbeat(lambda: put_off(question, clock() + LEASE)) as heart:
            reply = work_out(question, heart, clock=clock)
        failpoints.reach("before_answer")
        give(question, reply, now=clock())
    except (Answered, TakenOver) as error:
        log.info("Question %s: %s", question.pk, error)
    except (NobodyToAnswer, *HOPELESS) as error:
        admit(question, str(error), now=clock())
    except Away as error:
        hold_back(question, error, now=clock())
    except Exception as error:  # whatever happens, the reviewer does not wait for ever
        log.warning("Question %s (try %d)", question.pk, question.attempts, exc_info=True)
        stumble(question, error, now=clock())


def stumble(question: Question, error: Exception, *, now: datetime) -> None:
    """Try again after a pause that doubles; in the end say that there is no answer."""
    if question.attempts >= MAX_ATTEMPTS:
        told = str(error) if isinstance(error, ConnectorError) else "Working it out has failed."
        admit(question, told, now=now)
        return
    put_off(question, now + timedelta(seconds=2**question.attempts))


def hold_back(question: Question, error: Away, *, now: datetime) -> None:
    """Try again when the back end may be called, as if it had not been tried; not for ever."""
    if now - question.asked_at >= PATIENCE:
        stumble(question, error, now=now)
        return
    held_by_us(question).update(
        not_before=max(error.until, now + SOON), attempts=question.attempts - 1
    )


def put_off(question: Question, until: datetime) -> bool:
    """Have nobody take the question up before then; False if it is not ours any more."""
    return bool(held_by_us(question).update(not_before=until))


def held_by_us(question: Question) -> QuerySet[Question]:
    """The question as long as it is ours to move: each claim counts an attempt."""
    return Question.objects.filter(pk=question.pk, answered_at=None, attempts=question.attempts)


def admit(question: Question, why: str, *, now: datetime) -> None:
    """Say that no answer could be found, and why."""
    text = f"I could not find an answer. {why}\n\nThe proposal is as it was."
    try:
        give(question, Reply(text=text), now=now)
    except Answered:
        log.info("Question %s was answered meanwhile", question.pk)


def give(question: Question, reply: Reply, *, now: datetime) -> None:
    """Record the answer; if its changes cannot be taken, say so instead: it speaks of them as made.

    Raises `Answered`.
    """
    told: dict[str, Any] = {
        "question_id": question.pk,
        "by": question.proposal.submitted_by,
        "now": now,
    }
    try:
        proposals.answer_question(
            text=reply.text, changes=reply.changes, sources=reply.sources, **told
        )
    except NOT_TAKEN as error:
        if not reply.changes:
            raise
        text = f"I cannot put that before you. {error}\n\nThe proposal is as it was."
        proposals.answer_question(text=text, changes={}, **told)
    if question.proposal.run_id:
        turns.forget(question.proposal.run_id, work_of(question))


def work_out(question: Question, heart: Heartbeat, *, clock: Clock) -> Reply:
    """The answer of the model if there is one, else of the rules.

    Raises `NobodyToAnswer`, `TakenOver`, the gateway's `ConnectorError`s, and what `HOPELESS`
    names.
    """
    prepared, run_id = prepare(question), question.proposal.run_id
    runs = Run.objects.select_related("agent", "workspace").filter(agent=prepared.agent)
    run = runs.filter(pk=run_id).first() if run_id else None
    reply = None
    if run is not None and model_configured(run.workspace):
        reply = by_model(question, prepared, run, heart, clock=clock)
    reply = reply or prepared.playbook.answer(prepared.asked, prepared.settings)
    return with_sources(reply, prepared.asked, list(question.proposal.changes.all()))


def prepare(question: Question) -> Prepared:
    """The question with all an answer may rest on; the targets are read again."""
    proposal = question.proposal
    agents = Agent.objects.filter(enabled=True)
    agent = agents.filter(pk=proposal.agent_id).first() if proposal.agent_id else None
    if agent is None:
        raise NobodyToAnswer(NobodyToAnswer.__doc__)
    playbook = registry.playbook(agent.playbook)
    asked = Asked(
        text=question.text,
        title=proposal.title,
        rationale=proposal.rationale,
        evidence=proposal.evidence,
        case=proposal.case,
        changes=tuple(look_again(proposal)),
    )
    return Prepared(
        asked=asked,
        agent=agent,
        playbook=playbook,
        settings=playbook.settings.model_validate(agent.settings),
    )


def look_again(proposal: Proposal) -> list[AskedChange]:
    """The proposal's changes with their targets as they are now. Raises `ConnectorError`s."""
    rows = proposal.changes.select_related("connector", "decision").order_by("position")
    found = []
    for row in rows:
        now = gateway.look_again(row.connector, row.action, row.params).before
        decision = row.decision
        found.append(
            AskedChange(
                id=row.pk,
                action=row.action,
                target=row.target,
                params=row.params,
                before=row.before,
                now=now,
                verdict=decision.outcome if decision else "",
                rule=decision.rule if decision else "",
                reason=decision.reason.rstrip(".") if decision else "",
            )
        )
    return found


def by_model(
    question: Question, prepared: Prepared, run: Run, heart: Heartbeat, *, clock: Clock
) -> Reply | None:
    """What a model answers, or None if it does not. Raises `TakenOver`."""

    def keep(patience: timedelta) -> None:
        heart.allow(patience)
        if not put_off(question, clock() + LEASE):
            raise TakenOver(TakenOver.__doc__)

    context = Context(
        run=run,
        playbook=prepared.playbook,
        settings=prepared.settings,
        state={},
        now=clock(),
        clock=clock,
        keep=keep,
        work=work_of(question),
    )
    conversation = answering.Conversation(prepared.asked, prepared.playbook, prepared.settings)
    try:
        reasoning.reason(context, conversation.briefing)
    except FAILURES as error:
        log.warning("A model did not answer, so the rules do: %s", error)
        return None
    return conversation.reply()


def work_of(question: Question) -> str:
    """How the turns of a model about this question are told from others of the run."""
    return f"question:{question.pk}"


def with_sources(reply: Reply, asked: Asked, rows: Sequence[Change]) -> Reply:
    """The reply with the sources of each text it changes; a paragraph that stays keeps its own."""
    sources = {}
    for row in rows:
        text = text_of(reply.changes.get(row.pk, {}))
        if text:
            sources[row.pk] = reply.sources.get(row.pk) or link_again(
                text, asked.evidence, before=text_of(row.params), sources=row.sources
            )
    return Reply(text=reply.text, changes=reply.changes, sources=sources)
