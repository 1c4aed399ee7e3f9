"""Snoozing: until a time, or until the shop has changed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import httpx2
import pytest

from apps.accounts.models import Workspace
from apps.gateway import queries as gateway
from apps.gateway.records import Variant
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations import AlreadyDecided, Draft, InvalidDraft, NotAuthorised
from apps.proposals.operations.snooze import LOOKS, take_turns, wake_with, wake_without
from apps.proposals.reading import queue
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories.agents import connect
from tests.factories.proposals import AGENT, propose

from .conftest import Told

HOUR = timedelta(hours=1)
ASK = {"name": "ask", "when": "true", "outcome": "review", "reason": "A person looks."}


def snooze(
    proposal: Proposal, user: object, now: datetime, until: datetime | None, on_change: bool = False
) -> Proposal:
    """Hide it until then."""
    return operations.snooze(
        proposal_id=proposal.pk,
        user=user,
        until=until,
        on_change=on_change,
        now=now,  # type: ignore[arg-type]
    )


class TestTime:
    def test_it_wakes_in_time(
        self, waiting: Proposal, world: Cast, now: datetime, told: Told
    ) -> None:
        """Not a moment earlier, once, with both events; the claim is freed."""
        operations.claim(proposal_id=waiting.pk, user=world.rita, now=now)
        snoozed = snooze(waiting, world.rita, now, now + HOUR)
        assert (snoozed.snoozed_by, snoozed.snoozed_until) == (world.rita, now + HOUR)
        assert snoozed.claimed_by is None
        assert operations.wake_due(now=now + HOUR - timedelta(seconds=1)) == 0
        assert operations.wake_due(now=now + HOUR) == 1
        assert operations.wake_due(now=now + HOUR) == 0
        waiting.refresh_from_db()
        assert (waiting.snoozed_by, waiting.snoozed_until) == (None, None)
        assert [(kind, fields.get("reason")) for kind, _, fields in told(
            waiting, "proposal.snoozed", "proposal.woken", "proposal.released"
        )] == [("proposal.released", "released"), ("proposal.snoozed", None),
               ("proposal.woken", "time")]  # fmt: skip

    def test_without_a_time_it_wakes_at_its_deadline(
        self, waiting: Proposal, world: Cast, now: datetime
    ) -> None:
        """Somebody should decide by then."""
        assert snooze(waiting, world.rita, now, None).snoozed_until == waiting.due_at

    def test_without_a_time_and_late_it_wakes_before_it_expires(
        self, waiting: Proposal, world: Cast, now: datetime
    ) -> None:
        """Its deadline has passed: half of the time that is left."""
        assert waiting.due_at is not None
        late = waiting.due_at + HOUR
        until = snooze(waiting, world.rita, late, None, on_change=True).snoozed_until
        assert until == late + (waiting.expires_at - late) / 2

    @pytest.mark.parametrize("hours", [-1, 0, 72, 1000])
    def test_times_that_are_none(
        self, waiting: Proposal, world: Cast, now: datetime, hours: int
    ) -> None:
        """Neither the past, nor when it would have expired unseen."""
        with pytest.raises(InvalidDraft) as refused:
            snooze(waiting, world.rita, now, now + hours * HOUR)
        assert refused.value.errors[0]["field"] == "until"

    def test_a_person_wakes_it(
        self, waiting: Proposal, world: Cast, now: datetime, told: Told
    ) -> None:
        """Any reviewer; what is awake already is left alone."""
        snooze(waiting, world.rita, now, now + HOUR)
        for _ in range(2):
            operations.wake(proposal_id=waiting.pk, user=world.olga, now=now)
        [(_, actor, fields)] = told(waiting, "proposal.woken")
        assert (actor, fields["reason"]) == (world.olga.actor, "person")

    def test_who_may_snooze(self, waiting: Proposal, world: Cast, now: datetime) -> None:
        """Reviewers of the workspace, while it is open."""
        with pytest.raises(NotAuthorised):
            snooze(waiting, world.mallory, now, now + HOUR)
        with pytest.raises(AlreadyDecided):
            snooze(waiting, world.rita, now + timedelta(days=4), None)

    def test_an_approval_ends_it(
        self, waiting: Proposal, world: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """Should a person have to look at what became of it, they see it at once."""
        snooze(waiting, world.rita, now, now + 10 * HOUR, on_change=True)
        approved = operations.approve(proposal_id=waiting.pk, user=world.olga,
                                      binding=waiting.binding, now=now)  # fmt: skip
        assert (approved.snoozed_until, approved.wakes_on_change) == (None, False)
        Proposal.objects.filter(pk=waiting.pk).update(state=State.NEEDS_PERSON)
        assert queue.queue(workspace.pk, world.rita, now=now) == [waiting]

    def test_what_was_decided_while_it_slept_wakes_nobody(
        self, waiting: Proposal, world: Cast, now: datetime, told: Told
    ) -> None:
        """Snoozed or not it can be decided; then it loses its mark at once."""
        snooze(waiting, world.rita, now, now + HOUR)
        operations.reject(proposal_id=waiting.pk, user=world.olga, binding=waiting.binding,
                          reason="No.", now=now)  # fmt: skip
        waiting.refresh_from_db()
        assert waiting.snoozed_until is None
        assert operations.wake_due(now=now + HOUR) == 0
        assert told(waiting, "proposal.woken") == []


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop; each test works on a variant of its own."""
    with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def priced(workspace: Workspace, cast: Cast, shop: Shop, now: datetime) -> Proposal:
    """A price change at the demo shop that waits, snoozed until the shop changes."""
    connect(workspace, shop, now)
    for policy in workspace.policies.all():
        policies.retire(policy=policy, by="test", now=now)
    version = policies.draft(workspace=workspace, name="Ask", rules=[ASK], limits={}, by="t",
                             now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)
    variant = variant_of(workspace)
    params = {"product_id": variant.product_id, "variant_id": variant.variant_id,
              "currency": "EUR", "amount": "12.34"}  # fmt: skip
    draft = Draft(title="Price", rationale="Market.", changes=[("set_price", params)])
    [proposal] = operations.submit(workspace=workspace, drafts=[draft], origin=AGENT, now=now)
    assert proposal is not None
    return snooze(proposal, cast.rita, now, now + 10 * HOUR, on_change=True)


def variant_of(workspace: Workspace) -> Variant:
    """Some variant with a price in EUR."""
    rows = gateway.read(workspace.pk, "variants", limit=60)
    return next(row for row in rows if isinstance(row, Variant) and "EUR" in row.prices)


def reprice(shop: Shop, workspace: Workspace, amount: Decimal) -> None:
    """The shop's own people set another price."""
    variant = variant_of(workspace)
    address = f"{shop.address}/admin/products/{variant.product_id}/variants/{variant.variant_id}"
    found = httpx2.get(address, auth=(shop.secret, ""), trust_env=False,
                       params={"fields": "*prices"}).json()["variant"]["prices"]  # fmt: skip
    prices = [
        {"id": price["id"], "currency_code": price["currency_code"],
         "amount": float(amount) if price["currency_code"] == "eur" else price["amount"]}
        for price in found
    ]  # fmt: skip
    answer = httpx2.post(address, json={"prices": prices}, auth=(shop.secret, ""), trust_env=False)
    assert answer.status_code == 200, answer.text


class TestChange:
    def test_it_wakes_when_the_shop_has_changed(
        self, priced: Proposal, shop: Shop, workspace: Workspace, cast: Cast, now: datetime,
        told: Told,
    ) -> None:  # fmt: skip
        """It comes back as a new revision that says what changed, and is judged as it is now."""
        assert operations.wake_due(now=now + HOUR) == 0
        old = priced.changes.get().before["prices"]["EUR"]
        reprice(shop, workspace, Decimal("77.70"))
        assert operations.wake_due(now=now + HOUR) == 1
        assert operations.wake_due(now=now + HOUR) == 0
        binding = priced.binding
        priced.refresh_from_db()
        assert (priced.state, priced.revision) == (State.WAITING, 2)
        assert (priced.snoozed_until, priced.wakes_on_change) == (None, False)
        assert priced.binding != binding
        [returned] = priced.returned
        assert returned == {"field": "prices.EUR", "before": old, "after": "77.70"}
        [(_, actor, fields)] = told(priced, "proposal.woken")
        assert (actor, fields["reason"], fields["changed"]) == ("gateway", "change", [returned])
        approved = operations.approve(proposal_id=priced.pk, user=cast.rita, now=now,
                                      binding=priced.binding)  # fmt: skip
        assert approved.state == State.APPROVED

    def test_a_shop_that_does_not_answer_wakes_nothing(
        self, priced: Proposal, shop: Shop, workspace: Workspace, now: datetime
    ) -> None:
        """It is asked again another time; the sweep goes on."""
        shop.misbehave("error", path="^/admin/", times=50)
        try:
            assert operations.wake_due(now=now + HOUR) == 0
        finally:
            shop.behave()
        priced.refresh_from_db()
        assert priced.snoozed_until is not None

    def test_it_wakes_when_its_record_is_gone(
        self, priced: Proposal, workspace: Workspace, now: datetime, told: Told
    ) -> None:
        """That is a change as well, and the shop still answers about others."""
        Change.objects.filter(proposal=priced).update(
            params={**priced.changes.get().params, "variant_id": "variant_gone"}
        )
        assert operations.wake_due(now=now + HOUR) == 1
        priced.refresh_from_db()
        assert (priced.state, priced.snoozed_until) == (State.WAITING, None)
        assert priced.returned[0]["field"] == "target"
        [(_, _, fields)] = told(priced, "proposal.woken")
        assert fields["reason"] == "change"

    def test_each_has_its_turn_at_being_looked_at(
        self, world: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """Those looked at longest ago come first, new ones do not push in; nobody is left out."""
        watched = [propose(workspace, "50", now=now) for _ in range(8)]
        for proposal in watched[:5]:
            snooze(proposal, world.rita, now, None, on_change=True)
        looked = []
        for minute in range(1, 8):
            at = now + timedelta(minutes=minute)
            for newcomer in watched[4 + minute : 5 + minute]:
                snooze(newcomer, world.rita, at, None, on_change=True)
            looked += [one.pk for one in take_turns(now=at, limit=2)]
        assert looked[:5] == [one.pk for one in watched[:5]]
        assert sorted(looked[-8:]) == [one.pk for one in watched]

    def test_a_decision_meanwhile_is_not_undone_by_a_late_look(
        self, waiting: Proposal, world: Cast, now: datetime
    ) -> None:
        """What was woken or approved between the look and its end stays as it is."""
        snooze(waiting, world.rita, now, None, on_change=True)
        operations.approve(proposal_id=waiting.pk, user=world.olga, binding=waiting.binding,
                           now=now)  # fmt: skip
        change = waiting.changes.get()
        assert not wake_with(waiting.pk, {change.pk: ({"amount": "1"}, change.after)}, now=now)
        assert not wake_without(waiting.pk, "gone", now=now)
        waiting.refresh_from_db()
        assert (waiting.state, waiting.revision) == (State.APPROVED, 1)

    def test_nobody_asks_the_shop_about_what_sleeps_by_time(
        self, waiting: Proposal, world: Cast, now: datetime
    ) -> None:
        """Only what is to wake on a change is looked at, and few of those in a sweep."""
        snooze(waiting, world.rita, now, now + HOUR)
        assert operations.wake_due(now=now) == 0
        assert LOOKS <= 20
