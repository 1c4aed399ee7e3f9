"""Nothing is carried out on an approval that no longer holds (promise P6).

Races between approve, edit, policy change and shop change, with workers executing beside them.
Afterwards each call is judged by what the records of the database and the shop's own ledger say:
was the approved action, on the policy in force and on the state the approval saw, what was called
at the intent? The control switches both checks off and must see stale calls.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.audit.kinds import Kind
from apps.audit.models import Event, Payload
from apps.gateway.connectors.medusa.actions import Action
from apps.gateway.models import Connector, Execution
from apps.gateway.operations import attempt
from apps.policies import operations as policies
from apps.policies.models import Version
from apps.policies.queries import Guardrails
from apps.proposals import operations as proposals
from apps.proposals.changes import binding, joint_binding
from apps.proposals.models import Change, Review
from apps.proposals.operations import effect
from tests.conftest import Cast
from tests.contract.shops import Shop
from tests.reliability.racing import (
    SURE,
    Race,
    Target,
    Track,
    draft_version,
    settle,
    targets,
    workers,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]

PEOPLE = ("approve", "approve too", "edit")
WORLD = ("policy", "shop")


@dataclass
class Watch:
    """When each intent was committed, by execution; kept from outside the product's books."""

    committed: dict[UUID, float] = field(default_factory=dict)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Note the time after each transaction that commits intents."""
        begin = attempt.begin

        def noted(executions: Sequence[Execution], **given: Any) -> list[Execution]:
            begun = begin(executions, **given)
            for execution in begun:
                self.committed[execution.pk] = time.time()
            return begun

        monkeypatch.setattr(attempt, "begin", noted)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """A watch on the intents of this test."""
    watch = Watch()
    watch.install(monkeypatch)
    return watch


@pytest.fixture
def track(workspace: Workspace, shop: Shop, shop_connector: Connector, cast: Cast) -> Track:
    """A shop, its people, and a policy of which races publish one version after another."""
    version = draft_version(workspace, 1)
    policies.publish(version=version, by="test", now=timezone.now())
    return Track(workspace=workspace, shop=shop, cast=cast, random=Random(11))


def race(track: Track, wanted: int, *, least: int = 2) -> list[Race]:
    """So many races, each on a target of its own, between at least `least` contestants."""
    random = track.random
    chosen = random.sample(targets(track.workspace), wanted)
    done = []
    with workers(random):
        for target in chosen:
            people = set(random.sample(PEOPLE, random.choice([1, 2, 2, 3])))
            world = set(random.sample(WORLD, random.choice([0, 1, 1, 2])))
            while len(people | world) < least:
                world.add(random.choice(WORLD))
            done.append(track.run(target, people | world))
            if len(done) % 10 == 0:
                settle(timezone.now())
        finish()
    return done


def finish() -> None:
    """Wait for the workers to come to the end of what is due."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        settle(timezone.now())
        if not Execution.objects.filter(state__in=["due", "claimed", "calling"]).exists():
            return
        time.sleep(0.1)
    raise AssertionError("executions did not come to an end within a minute")


@dataclass(frozen=True)
class Books:
    """All that is known afterwards, by whom."""

    started: dict[UUID, list[tuple[int, datetime]]]  # execution -> (transaction, moment)
    published: list[tuple[int, str]]  # (transaction, what decides from then on), in order
    lines: dict[str, list[dict[str, Any]]]  # the shop's ledger, by idempotency key
    approved: set[str]  # joint bindings a person approved

    @classmethod
    def open(cls, track: Track) -> "Books":
        """Read them."""
        started: dict[UUID, list[tuple[int, datetime]]] = {}
        for row in Event.objects.filter(kind=Kind.EXECUTION_STARTED):
            started.setdefault(UUID(row.subject_id), []).append((int(str(row.xid)), row.at))
        versions = {v.number: v for v in Version.objects.select_related("policy")}
        in_order = Event.objects.filter(kind=Kind.POLICY_PUBLISHED).order_by("xid", "id")
        numbers = published_numbers(in_order)
        published = [
            (int(str(event.xid)), Guardrails((versions[number],)).basis("set_price"))
            for event, number in zip(in_order, numbers, strict=True)
        ]
        lines: dict[str, list[dict[str, Any]]] = {}
        for line in track.shop.get("/demo/ledger"):
            lines.setdefault(line["key"] or "", []).append(line)
        approved = set(Review.objects.filter(verdict="approve").values_list("binding", flat=True))
        return cls(started=started, published=published, lines=lines, approved=approved)

    def basis_at(self, transaction: int) -> str:
        """What decided when this transaction held the policies."""
        return [basis for moment, basis in self.published if moment < transaction][-1]


def published_numbers(events: Any) -> list[int]:
    """The version each of these events published."""
    fields = Payload.objects.in_bulk([event.pk for event in events])
    return [int(fields[event.pk].fields["version"]) for event in events]


def stale_reasons(execution: Execution, race: Race, books: Books, watch: Watch) -> list[str]:
    """In what the approval differed from what was called at the intent; empty if in nothing."""
    change = Change.objects.select_related("proposal", "decision").get(pk=execution.subject_id)
    transaction, _ = books.started[execution.pk][-1]
    basis = books.basis_at(transaction)
    wrong = []
    if not any(
        execution.binding == binding(
            change_id=change.pk, revision=revision, action=execution.action,
            params=execution.params, before=execution.snapshot, basis=basis,
        )
        for revision in range(1, change.proposal.revision + 1)  # it may have come back since
    ):  # fmt: skip
        wrong.append("policy")
    by_policy = change.decision is not None and change.decision.outcome == "allow"
    if not by_policy and joint_binding([execution.binding]) not in books.approved:
        wrong.append("never approved")
    for line in books.lines.get(execution.key, []):
        wrong += line_differs(line, execution)
    changed_at, committed_at = race.shop_changed_at, watch.committed[execution.pk]
    if changed_at and changed_at < committed_at and overwrote(execution, books):
        wrong.append("shop")
    return wrong


def line_differs(line: dict[str, Any], execution: Execution) -> list[str]:
    """Whether the shop did something else than the parameters say."""
    if execution.action == "set_price":
        same = Decimal(line["amount"]) == Decimal(execution.params["amount"])
    else:
        same = int(line["params"]["quantity"]) == execution.params["quantity"]
    return [] if same else ["action"]


def overwrote(execution: Execution, books: Books) -> bool:
    """Whether the shop, in its own words, had another value than the approval saw."""
    for line in books.lines.get(execution.key, []):
        before = line["params"]["before"]
        if execution.action == "set_price":
            seen = execution.snapshot["prices"]["EUR"]
        else:
            seen = execution.snapshot["quantity"]
        if Decimal(str(before)) != Decimal(str(seen)):
            return True
    return False


@dataclass(frozen=True)
class Tally:
    """What came of the races."""

    endings: Counter[str]
    stale: Counter[str]
    calls: int
    late: int  # the shop changed between intent and call: no back end without conditions can tell
    broke: list[str]


def judge(track: Track, races: list[Race], watch: Watch) -> Tally:
    """Go through every call there was."""
    books, endings, stale = Books.open(track), Counter[str](), Counter[str]()
    late = 0
    for one in races:
        executions = list(Execution.objects.filter(subject_id=one.proposal.changes.get().pk))
        called = [e for e in executions if e.pk in books.started]
        for execution in called:
            reasons = stale_reasons(execution, one, books, watch)
            stale.update(set(reasons))
            late += "shop" not in reasons and overwrote(execution, books)
        one.proposal.refresh_from_db()
        endings[ending(one, executions)] += 1
    broke = [said for one in races for said in one.said.values() if said.startswith("broke")]
    return Tally(endings, stale, sum(map(len, books.started.values())), late, broke)


def ending(race: Race, executions: list[Execution]) -> str:
    """How a race came out, in words."""
    proposal = race.proposal
    if proposal.state == "waiting":
        fields = {str(item["field"]).partition(".")[0] for item in proposal.returned}
        return f"given back: {', '.join(sorted(fields))}" if fields else "still waits for votes"
    if proposal.state == "done":
        edited = proposal.reviews.exclude(edited=[]).filter(binding=proposal.binding).exists()
        return "done as edited" if edited else "done as proposed"
    return f"{proposal.state}, its execution {executions[-1].state if executions else 'not begun'}"


def test_no_stale_execution(
    track: Track, watch: Watch, request: pytest.FixtureRequest, say: Callable[[str], None]
) -> None:
    """Whatever moves at the same time, each call is the approved one on policy and state of then."""
    wanted = request.config.getoption("--runs") or 40
    tally = judge(track, race(track, wanted), watch)
    ends = ", ".join(f"{count} {name}" for name, count in tally.endings.most_common())
    say(f"stale: {wanted} races, {tally.calls} calls, {sum(tally.stale.values())} stale "
        f"{dict(tally.stale)}, {tally.late} overtaken after the intent; {ends}")  # fmt: skip
    assert tally.broke == []
    assert tally.stale == Counter()
    assert tally.calls >= wanted // 10  # the races are not all lost before they begin


def test_without_the_checks_stale_calls_are_seen(
    track: Track, watch: Watch, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    """Control: with the approval and both re-reads left out, the same races make stale calls."""
    monkeypatch.setattr(effect, "still_approved", lambda executions: {e.pk for e in executions})
    monkeypatch.setattr(attempt, "unchanged", lambda client, executions, *, clock: executions)
    monkeypatch.setattr(Action, "check_unchanged", lambda *args: None)
    tally = judge(track, race(track, 40, least=3), watch)
    say(f"stale, control without the checks: 40 races, {tally.calls} calls, stale: "
        f"{dict(tally.stale)}")  # fmt: skip
    assert tally.stale["policy"]
    assert tally.stale["shop"]


@pytest.mark.parametrize("action", ["set_price", "set_stock", "update_product"])
def test_a_change_after_the_re_read_is_seen(
    action: str, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the shop changes while the intent is committed is seen before anything is sent."""
    variant = targets(track.workspace)[0].variant
    if action == "update_product":
        params: dict[str, Any] = {"product_id": variant.product_id, "title": "Ours"}
        address, body = f"/admin/products/{variant.product_id}", {"subtitle": "Theirs"}
    else:
        target = Target(action, variant)
        params = {**target.subject, **target.value(track.random)}
        address, body = target.request(track.shop, track.random)
    proposal = track.propose(action, params, SURE)
    begin = attempt.begin

    def late(executions: Sequence[Execution], **given: Any) -> list[Execution]:
        begun = begin(executions, **given)
        track.write(address, body)
        return begun

    monkeypatch.setattr(attempt, "begin", late)
    proposals.execute(worker="w", clock=timezone.now)
    monkeypatch.undo()
    execution = Execution.objects.get()
    assert (execution.state, "changed after the approval" in execution.error) == ("stale", True)
    assert not [line for line in track.shop.get("/demo/ledger") if line["key"] == execution.key]
    settle(timezone.now())
    proposal.refresh_from_db()
    assert proposal.state == "waiting"
    assert proposal.returned[0]["field"] in ("prices.EUR", "quantity", "subtitle")
