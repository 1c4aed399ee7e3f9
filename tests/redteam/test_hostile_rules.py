"""No expression holds anybody up: refused when it is saved, denied at once if it is there already."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import pytest
from django.db import transaction
from pydantic import ValidationError

from apps.accounts.models import Workspace
from apps.policies import operations, samples
from apps.policies.cel import InvalidRule, Outcome, Ruleset, combine
from apps.policies.facts import Facts
from apps.policies.models import Policy, Stage, Version
from tests.redteam.hostile_rules import FROZEN, HOSTILE

DENIED_WITHIN = 0.050  # seconds
ANSWERED_WITHIN = 0.100
LOOKS = 3  # the machine may be busy with something else once


def rule(when: str) -> dict[str, object]:
    """A rule as a form or the database has it."""
    return {"name": "hostile", "when": when, "outcome": "allow", "reason": "because"}


def a_return() -> Facts:
    """A change with lists and texts in it, as large as they come."""
    return replace(samples.large("return_items"), has_amount=True, amount=8.0)


def test_there_are_fifty():
    """One of them is the one that froze every tenant for 43 seconds."""
    assert len(HOSTILE) == 50
    assert len(FROZEN) == 252
    assert FROZEN.count(".all(") >= 7


@pytest.mark.parametrize("when", HOSTILE.values(), ids=list(HOSTILE))
def test_it_is_refused_on_save(when: str) -> None:
    """With words, and without having been tried for long."""
    begun = time.thread_time()
    with pytest.raises((InvalidRule, ValidationError)):
        operations.check_draft([rule(when)], {})
    assert time.thread_time() - begun < 1


@pytest.mark.parametrize("when", HOSTILE.values(), ids=list(HOSTILE))
def test_it_denies_at_once_if_it_is_there_already(when: str) -> None:
    """Compiled or not: saved before anybody looked, or written into the database."""
    taken = []
    for _ in range(LOOKS):
        ruleset = Ruleset.stored([rule(when)], {})
        begun = time.thread_time()
        verdict = combine(ruleset.evaluate(a_return()))
        taken.append(time.thread_time() - begun)
        assert verdict.outcome == Outcome.DENY
    assert min(taken) < DENIED_WITHIN


@pytest.fixture
def beside() -> Iterator[list[float]]:
    """How late another thread was each time it wanted to answer, in seconds."""
    late: list[float] = []
    over = threading.Event()

    def answer() -> None:
        while not over.is_set():
            asked = time.perf_counter()
            time.sleep(0.001)
            late.append(time.perf_counter() - asked - 0.001)

    thread = threading.Thread(target=answer)
    thread.start()
    yield late
    over.set()
    thread.join()


def test_others_are_answered_meanwhile(beside: list[float]) -> None:
    """While all fifty stand in one policy and are compiled and asked again and again."""
    for _ in range(LOOKS):
        beside.clear()
        ruleset = Ruleset.stored([rule(when) for when in HOSTILE.values()], {})
        for _ in range(5):
            assert combine(ruleset.evaluate(a_return())).outcome == Outcome.DENY
        if max(beside) < ANSWERED_WITHIN:
            return
    pytest.fail(f"another thread waited {max(beside):.3f} s")


@pytest.mark.django_db
def test_one_in_the_database_denies(workspace: Workspace, now: datetime) -> None:
    """A version as an earlier release took it; also rules that are none at all."""
    for stored in ([rule(FROZEN)], [rule("x" * 5_000)], ["none"], [{"name": "none"}],
                   [rule("true")] * 300, [rule("true"), {"when": 5}]):  # fmt: skip
        with transaction.atomic():
            policy = Policy.objects.create(workspace=workspace, name="Old")
            Version.objects.create(policy=policy, number=1, stage=Stage.ACTIVE, rules=stored,
                                   digest="0" * 64, author="user:olga", created_at=now,
                                   published_at=now)  # fmt: skip
            begun = time.thread_time()
            [decision] = operations.weigh(workspace_id=workspace.pk, now=now,
                                          changes=[(uuid4(), a_return())])  # fmt: skip
            assert decision.outcome == "deny"
            assert time.thread_time() - begun < 5 * DENIED_WITHIN  # it was compiled as well
            transaction.set_rollback(True)


def test_a_change_too_large_for_any_rule_is_denied() -> None:
    """Or one in which lists stand in lists without end: before anything is made of it."""
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]
    for params in ({"items": [{"n": 1}] * 10_000}, {"deep": deep}):
        fired = Ruleset.stored([rule("true")], {}).evaluate(replace(a_return(), params=params))
        assert combine(fired).outcome == Outcome.DENY
        assert "facts" in fired[0].error


def test_ordinary_rules_are_far_from_the_budget() -> None:
    """Two hundred of them on a large change."""
    when = "has_amount && amount > 5 && (params.items.all(i, i.quantity < 50) || currency == 'EUR')"
    ruleset = Ruleset.stored([rule(when)] * 20 + [rule("amount > 5 || hour < 3")] * 180, {})
    assert combine(ruleset.evaluate(a_return())).outcome == Outcome.ALLOW
