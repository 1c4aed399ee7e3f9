"""Drafting, publishing and retiring versions; deciding. Never asks a model."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import rfc8785
from django.db import connection, transaction
from django.db.models import Max

from apps.accounts.models import Workspace
from apps.audit.events.policies import PolicyPublished, PolicyRetired
from apps.audit.events.proposals import DecisionRecorded
from apps.audit.operations import Fact, record, record_all
from apps.policies import queries, trial
from apps.policies.cel import STRICTNESS, Fired, Outcome, Rule, Ruleset, combine
from apps.policies.counting import Book, conclude, counting, reserve
from apps.policies.facts import Facts
from apps.policies.measure import Market
from apps.policies.models import Decision, Policy, Stage, Version
from apps.policies.windows import Asked

__all__ = [
    "change", "check_draft", "conclude", "counting", "decide", "draft", "hold", "publish",
    "reserve", "retire", "weigh",
]  # fmt: skip

NOTHING_MATCHED = "No rule of any active policy allows this, so it is denied."


@transaction.atomic
def draft(
    *,
    workspace: Workspace,
    name: str,
    rules: Sequence[Mapping[str, Any]],
    limits: Mapping[str, Any],
    by: str,
    now: datetime,
    description: str = "",
) -> Version:
    """A new draft version of the policy `name` (made if missing).

    Raises what `check_draft` raises.
    """
    checked = check_draft(rules, limits)
    policy, _ = Policy.objects.get_or_create(
        workspace=workspace, name=name, defaults={"description": description}
    )
    Policy.objects.select_for_update().get(pk=policy.pk)  # numbers are given one at a time
    last = policy.versions.aggregate(last=Max("number"))["last"] or 0
    stored = [rule.model_dump(mode="json") for rule in checked]
    content = rfc8785.dumps({"rules": stored, "limits": dict(limits)})
    return Version.objects.create(
        policy=policy,
        number=last + 1,
        rules=stored,
        limits=dict(limits),
        actions=actions_of(checked),
        digest=hashlib.sha256(content).hexdigest(),
        author=by,
        created_at=now,
    )


def check_draft(rules: Sequence[Mapping[str, Any]], limits: Mapping[str, Any]) -> list[Rule]:
    """The rules, if a version may be made of them and the limits.

    Raises `pydantic.ValidationError` and `InvalidRule` with the rule and what is wrong in it:
    it does not compile, or could only fail on typical changes (see `trial`).
    """
    checked = [Rule.model_validate(rule) for rule in rules]
    Ruleset(checked, limits)
    trial.check(checked, limits)
    return checked


def actions_of(rules: Sequence[Rule]) -> list[str]:
    """The actions these rules speak of; empty if one of them speaks of every action."""
    if not all(rule.actions for rule in rules):
        return []
    return sorted({action for rule in rules for action in rule.actions})


@transaction.atomic
def publish(
    *, version: Version, by: str, now: datetime, asked_by: str = "", exception: str = ""
) -> None:
    """Make a draft the version that decides from the next decision on; retire the one before.

    Whether it may, and who has to agree, is the caller's matter: see `publishing`. `asked_by` and
    `exception` are recorded: who wanted it, and why nobody else had to agree.
    """
    change(version.policy.workspace_id)
    Version.objects.filter(policy_id=version.policy_id, stage=Stage.ACTIVE).update(
        stage=Stage.RETIRED
    )
    moved = Version.objects.filter(pk=version.pk, stage=Stage.DRAFT).update(
        stage=Stage.ACTIVE, published_at=now
    )
    if not moved:
        raise ValueError(f"{version} is not a draft; make a new draft of it and publish that.")
    record(
        PolicyPublished(
            policy=version.policy.name,
            version=version.number,
            digest=version.digest,
            asked_by=asked_by,
            exception=exception,
        ),
        workspace_id=version.policy.workspace_id,
        actor=by,
        subject_kind="policy",
        subject_id=version.policy_id,
        now=now,
    )


@transaction.atomic
def retire(*, policy: Policy, by: str, now: datetime) -> None:
    """Take a policy out of force; what only it allowed is denied from now on."""
    change(policy.workspace_id)
    active = Version.objects.select_for_update().filter(policy=policy, stage=Stage.ACTIVE).first()
    if active is None:
        return
    Version.objects.filter(pk=active.pk).update(stage=Stage.RETIRED)
    record(
        PolicyRetired(policy=policy.name, version=active.number),
        workspace_id=policy.workspace_id,
        actor=by,
        subject_kind="policy",
        subject_id=policy.pk,
        now=now,
    )


def hold(workspace_id: UUID) -> None:
    """Keep what decides in the workspace as it is until the caller's transaction ends."""
    with connection.cursor() as sql:
        sql.execute("SELECT pg_advisory_xact_lock_shared(%s)", [lock_number(workspace_id)])


def change(workspace_id: UUID) -> None:
    """Wait until nobody relies on what decides in the workspace, then change it alone."""
    with connection.cursor() as sql:
        sql.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number(workspace_id)])


def lock_number(workspace_id: UUID) -> int:
    """The advisory lock of a workspace's policies."""
    digest = hashlib.sha256(b"policies" + workspace_id.bytes).digest()
    return int.from_bytes(digest[:8], signed=True)


def decide(
    *,
    workspace_id: UUID,
    changes: Sequence[tuple[UUID, Facts]],
    run_id: UUID | None,
    now: datetime,
    sets: Mapping[UUID, UUID] | None = None,
    asking: Collection[UUID] = (),
    again: Collection[UUID] = (),
) -> list[Decision]:
    """Judge changes by all active policies together and record a decision on each.

    What is let through counts in its windows from here on. `sets` says of each change of which
    proposal it is: all of one are let through, or none. Those `asking` wait for a person whatever
    is decided here, and count once that person has said yes (`reserve`). Those decided `again`
    give back first what they took up. Runs in the caller's transaction; no policy, all denied.
    """
    book = Book(workspace_id, now, reserves=True, again=again)
    decisions = weigh(
        workspace_id=workspace_id,
        changes=changes,
        now=now,
        sets=sets or {},
        asking=asking,
        book=book,
    )
    book.save(decisions)
    record_all(
        [
            Fact(
                event=DecisionRecorded(
                    outcome=decision.outcome,
                    rule=decision.rule,
                    reason=decision.reason,
                    policy=str(decision.version) if decision.version else "",
                    reviewers=decision.reviewers,
                ),
                workspace_id=workspace_id,
                actor="policy",
                subject_kind="change",
                subject_id=decision.subject_id,
                run_id=run_id,
            )
            for decision in decisions
        ],
        now=now,
    )
    return decisions


def weigh(
    *,
    workspace_id: UUID,
    changes: Sequence[tuple[UUID, Facts]],
    now: datetime,
    sets: Mapping[UUID, UUID] | None = None,
    asking: Collection[UUID] = (),
    book: Book | None = None,
) -> list[Decision]:
    """The decisions all active policies together would make; nothing is recorded.

    Each change sees in its windows those before it which are let through, and those of its own
    proposal; without `sets` all are of one. Without a `book` nothing is reserved or locked.
    """
    rails = queries.guardrails(workspace_id)
    book = book or Book(workspace_id, now)
    book.open((subject, facts, asked(rails, facts.action)) for subject, facts in changes)
    market = queries.market(rails, [facts for _, facts in changes], now=now, also=book.currencies)
    decisions = []
    of = {pk: pk for pk, _ in changes} | dict(sets) if sets is not None else {}
    for _, group in groupby(changes, key=lambda pair: of.get(pair[0])):
        own = [
            Decision(workspace_id=workspace_id, subject_id=subject, at=now,
                     **_judge(rails, market, book.seen(subject, facts)))
            for subject, facts in group
        ]  # fmt: skip
        subjects = {decision.subject_id for decision in own}
        allowed = all(decision.outcome == Outcome.ALLOW for decision in own)
        book.settle(subjects, alone=allowed and not subjects & set(asking))
        decisions += own
    return decisions


def asked(rails: queries.Guardrails, action: str) -> frozenset[Asked]:
    """The windows the active rules about an action ask for."""
    return frozenset().union(
        *(queries.ruleset(version).asked(action) for version in rails.versions)
    )


def _judge(rails: queries.Guardrails, market: Market, facts: Facts) -> dict[str, Any]:
    """What a decision says, by the names of its fields."""
    by_version = [
        (version, queries.ruleset(version).evaluate(facts, market)) for version in rails.versions
    ]
    of = [(version, fired) for version, all_fired in by_version for fired in all_fired]
    verdict = combine([fired for _, fired in of])
    deciding = verdict.deciding
    return {
        "version": next((v for v, fired in by_version if deciding in fired), None),
        "basis": rails.basis(facts.action),
        "outcome": verdict.outcome,
        "rule": deciding.rule if deciding else "",
        "reason": deciding.reason if deciding else NOTHING_MATCHED,
        "reviewers": verdict.reviewers,
        "fired": explain(of),
        "facts": facts.record() | compared(rails, facts, market),
    }


def compared(rails: queries.Guardrails, facts: Facts, market: Market) -> dict[str, Any]:
    """By which rates the amounts of a change were compared: {"exchange": {currency: …}}, if any.

    Also where no rule fired, and so no rule could say it.
    """
    told = {}
    for version in rails.versions:
        if queries.speaks_of(version.actions, facts.action):
            measured = queries.ruleset(version).measure(facts, market)
            if measured.exchange is not None:
                told[measured.currency] = measured.told()
    return {"exchange": told} if told else {}


def explain(fired: Sequence[tuple[Version, Fired]]) -> list[dict[str, Any]]:
    """The rules that fired, each with the id of its version, as JSON values, strictest first."""
    ordered = sorted(fired, key=lambda pair: -STRICTNESS[pair[1].outcome])
    return [
        asdict(firing) | {"outcome": firing.outcome.value, "version": str(version.pk)}
        for version, firing in ordered
    ]
