"""A workspace's past, written down twice: as rows, and as the facts figures should find."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from uuid_utils.compat import uuid7

from apps.accounts.models import Workspace
from apps.agents.models import Agent, Run
from apps.audit.kinds import Kind
from apps.gateway.models import Connector, Execution
from apps.inference.models import Call
from apps.insights import store
from apps.policies.models import Decision, Version
from apps.proposals.models import Change, Proposal, Review
from tests.conftest import Cast
from tests.factories.events import record

ACTIONS = ("set_price", "refund_payment")
OF_MODEL = ("ok", "ok", "ok", "timeout", "error")


class Fact(NamedTuple):
    """What figures should find."""

    at: datetime
    fact: str
    what: str
    agent: str
    version: str
    action: str
    extra: str
    ms: float | None
    total: int


@pytest.fixture(autouse=True)
def _forget_tallies() -> None:
    """What another test has counted is not remembered."""
    store._known.clear()


@dataclass
class Past:
    """Writes rows as the product would have, and keeps the facts they amount to."""

    workspace: Workspace
    cast: Cast
    connector: Connector
    versions: list[Version]
    agents: list[Agent]
    runs: dict[str, Run]
    random: Random
    facts: list[Fact] = field(default_factory=list)

    def note(self, at: datetime, fact: str, what: str, about: "Case | None", *, extra: str = "",
             ms: float | None = None, total: int = 0) -> None:  # fmt: skip
        """One more fact."""
        where = about.where if about else ("", "", "")
        self.facts.append(Fact(at, fact, what, *where, extra, ms, total))

    def tell(self, kind: Kind, at: datetime, subject: tuple[str, object], *, by: str = "gateway",
             **fields: Any) -> None:  # fmt: skip
        """An event."""
        with transaction.atomic():
            record(kind=kind, workspace_id=self.workspace.pk, actor=by, subject_kind=subject[0],
                   subject_id=subject[1], now=at, fields=fields)  # fmt: skip

    def live(self, made: datetime, until: datetime) -> None:
        """A proposal's life; what would come after `until` has not happened."""
        case = self.submit(made)
        end = made + timedelta(minutes=self.random.uniform(1, 4 * 24 * 60))
        path = self.random.choice(("auto", "auto", "approved", "edited", "rejected", "denied",
                                   "expired"))  # fmt: skip
        if path in ("auto", "denied"):
            end = made
        if end < until:
            self.decide(case, path, end)
        if path in ("auto", "approved", "edited") and end + timedelta(seconds=9) < until:
            self.end(case, end + timedelta(seconds=9), until)

    def submit(self, made: datetime) -> "Case":
        """A proposal with a decision on each of its changes; the second allows."""
        agent = self.random.choice([*self.agents, None])
        version, action = self.random.choice(self.versions), self.random.choice(ACTIONS)
        proposal = Proposal.objects.create(
            workspace=self.workspace, agent_id=agent and agent.pk, submitted_by="x", title="Title",
            rationale="Why.", risk="low", state="waiting", binding="b", created_at=made,
            expires_at=made + timedelta(hours=72))  # fmt: skip
        for position, outcome in enumerate(("review", "allow")):
            decision = Decision(workspace=self.workspace, subject_id=uuid7(), at=made, basis="",
                                version=version if outcome == "review" else self.versions[0],
                                outcome=outcome, rule="a rule", reason="r")  # fmt: skip
            decision.save()
            Change.objects.create(
                id=decision.subject_id, workspace=self.workspace, proposal=proposal,
                position=position, connector=self.connector, params={}, proposed={}, before={},
                after={}, target=str(uuid7()), action=action if outcome == "review" else "x",
                is_open=False)  # fmt: skip
        where = (str(agent.pk) if agent else "", str(version.pk), action)
        case = Case(proposal=proposal, where=where)
        self.note(made, "submitted", "", case)
        return case

    def decide(self, case: "Case", path: str, at: datetime) -> None:
        """Policy, a person, or nobody decides."""
        subject = ("proposal", case.proposal.pk)
        self.note(at, "decided", path, case)
        if path in ("approved", "edited", "rejected"):
            self.review(case, path, at)
        kind = Kind.PROPOSAL_APPROVED if path in ("auto", "approved", "edited") else None
        by = {"auto": "policy", "denied": "policy", "expired": "clock"}.get(path, "user:x")
        self.tell(kind or Kind(f"proposal.{path}"), at, subject, by=by)

    def review(self, case: "Case", path: str, at: datetime) -> None:
        """A person's verdict; some have taken the proposal before, some twice."""
        user = self.random.choice((self.cast.rita, self.cast.olga))
        verdict = "reject" if path == "rejected" else "approve"
        held = self.random.choice((None, self.random.uniform(0.2, 59)))
        if held:
            taken = at - timedelta(seconds=held)
            for moment in (taken - timedelta(hours=1), taken):
                self.tell(Kind.PROPOSAL_CLAIMED, moment, ("proposal", case.proposal.pk),
                          by=user.actor)  # fmt: skip
            self.note(at, "held_verdict", verdict, case, extra=str(user.pk), ms=held * 1000)
        waited = (at - case.proposal.created_at).total_seconds() * 1000
        self.note(at, "first_verdict", verdict, case, ms=waited)
        edited = [{"field": "amount"}] if path == "edited" else []
        Review.objects.create(workspace=self.workspace, proposal=case.proposal, reviewer=user,
                              verdict=verdict, binding="b", edited=edited, at=at)  # fmt: skip

    def end(self, case: "Case", at: datetime, until: datetime) -> None:
        """It is carried out, refused or unproven; some of it is resolved or undone later."""
        state = self.random.choice(("done", "done", "done", "failed", "needs_person"))
        self.settle(case, state, at)
        later = at + timedelta(hours=self.random.uniform(1, 90))
        if later < until and state == "needs_person":
            self.settle(case, "done", later)
            took = (later - at).total_seconds() * 1000
            self.note(later, "recovered", "needs_person", case, ms=took)
        elif later < until and state == "done" and self.random.random() < 0.3:
            self.settle(case, "undone", later)

    def settle(self, case: "Case", state: str, at: datetime) -> None:
        """An end of the proposal; the row keeps only the last."""
        self.tell(Kind.PROPOSAL_SETTLED, at, ("proposal", case.proposal.pk), state=state)
        Proposal.objects.filter(pk=case.proposal.pk).update(state=state, settled_at=at)
        self.note(at, "settled", state, case)

    def doubt(self, began: datetime, took: timedelta) -> None:
        """An execution nobody could prove for a while; doubted twice."""
        agent = self.random.choice(self.agents)
        execution = Execution.objects.create(
            workspace=self.workspace, connector=self.connector, subject_id=uuid7(),
            agent_id=agent.pk, binding="b", key=str(uuid7()), action="set_price", params={},
            target="t", snapshot={}, not_before=began, created_at=began)  # fmt: skip
        subject = ("execution", execution.pk)
        self.tell(Kind.EXECUTION_UNKNOWN, began, subject, attempt=1)
        self.tell(Kind.EXECUTION_UNKNOWN, began + took / 2, subject, attempt=1)
        self.tell(Kind.EXECUTION_FINISHED, began + took, subject, outcome="done")
        case = Case(proposal=None, where=(str(agent.pk), "", "set_price"))
        self.note(began, "broken", "unknown", case, extra=str(self.connector.pk))
        ms = took.total_seconds() * 1000
        self.note(began + took, "recovered", "unknown", case, ms=ms)

    def trip(self, opened: datetime, took: timedelta) -> None:
        """A breaker opens and closes."""
        subject = ("connector", self.connector.pk)
        self.tell(Kind.BREAKER_OPENED, opened, subject)
        self.tell(Kind.BREAKER_CLOSED, opened + took, subject)
        extra, ms = str(self.connector.pk), took.total_seconds() * 1000
        self.note(opened, "broken", "breaker", None, extra=extra)
        self.note(opened + took, "recovered", "breaker", None, extra=extra, ms=ms)

    def stumble(self, failed: datetime, took: timedelta) -> None:
        """A run fails, is tried again and fails once more, then comes to its end."""
        agent = self.random.choice(self.agents)
        run = Run.objects.create(workspace=self.workspace, agent=agent, trigger="schedule",
                                 started_by="clock", state="done", not_before=failed,
                                 started_at=failed, finished_at=failed + took)  # fmt: skip
        case, subject = Case(proposal=None, where=(str(agent.pk), "", "")), ("run", run.pk)
        self.tell(Kind.RUN_FAILED, failed, subject, stage="plan", error="x")
        self.tell(Kind.RUN_RETRIED, failed + took / 4, subject, stage="plan")
        self.tell(Kind.RUN_FAILED, failed + took / 2, subject, stage="plan", error="x")
        self.tell(Kind.RUN_FINISHED, failed + took, subject)
        for at in (failed, failed + took / 2):
            self.note(at, "broken", "run", case)
        self.note(failed + took, "recovered", "run", case, ms=took.total_seconds() * 500)

    def ask(self, at: datetime) -> None:
        """A call to a model, and a step that looked at cases before it."""
        agent = self.random.choice(self.agents)
        run, outcome = self.runs[str(agent.pk)], self.random.choice(OF_MODEL)
        cost, ms = Decimal(self.random.randrange(10**7)) / 10**8, self.random.randrange(1, 9000)
        tokens = (self.random.randrange(5000), self.random.randrange(900))
        Call.objects.create(workspace=self.workspace, run_id=run.pk, tier="small", provider="fake",
                            model="m", purpose="plan", outcome=outcome, input_tokens=tokens[0],
                            output_tokens=tokens[1], cost=cost, latency_ms=ms, prompt_digest="",
                            at=at, overdue_at=at)  # fmt: skip
        case = Case(proposal=None, where=(str(agent.pk), "", ""))
        for fact, total in (("call", int(cost * 10**8)), ("tokens_in", tokens[0]),
                            ("tokens_out", tokens[1])):  # fmt: skip
            took = ms if (fact, outcome) == ("call", "ok") else None
            self.note(at, fact, outcome, case, extra="small|m", ms=took, total=total)
        cases = self.random.randrange(1, 9)
        found = self.random.randrange(cases + 1)
        self.tell(Kind.RUN_STEPPED, at, ("run", run.pk), by=agent.actor, stage="sense",
                  cases=cases, recalled=found)  # fmt: skip
        self.note(at, "recalled", "cases", case, total=cases)
        self.note(at, "recalled", "found", case, total=found)


@dataclass(frozen=True)
class Case:
    """A proposal (or none) with its agent, policy version and action."""

    proposal: Any
    where: tuple[str, str, str]


@pytest.fixture
def past(cast, workspace, connector, policy, now) -> Callable[[int], Past]:
    """Makes a past of this seed."""

    def make(seed: int = 1) -> Past:
        other = Version.objects.create(policy=policy.policy, number=99, stage="draft", rules=[],
                                       digest="", author="test", created_at=now)  # fmt: skip
        agents = [
            Agent.objects.create(workspace=workspace, name=name, playbook="repricing",
                                 created_at=now)
            for name in ("Anna", "Bert")
        ]  # fmt: skip
        runs = {
            str(agent.pk): Run.objects.create(workspace=workspace, agent=agent, trigger="test",
                                              started_by="x", state="done", started_at=now,
                                              finished_at=now, not_before=now)
            for agent in agents
        }  # fmt: skip
        return Past(workspace, cast, connector, [policy, other], agents, runs, Random(seed))

    return make
