"""The queue: what is in it, in which order, and what comes next for whom."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User, Workspace
from apps.gateway.models import Connector
from apps.policies.models import Version
from apps.proposals import operations
from apps.proposals.models import Proposal, Risk, State
from apps.proposals.operations import CLAIM_LEASE, Origin
from apps.proposals.reading import queue
from apps.proposals.reading.queue import Split, decided_today, next_for, recent, split_counts
from tests.conftest import Cast
from tests.factories.proposals import at_risk, propose

HOUR = timedelta(hours=1)


@pytest.fixture
def four(
    cast: Cast, connector: Connector, policy: Version, workspace: Workspace, now: datetime
) -> list[Proposal]:
    """Medium, low, high and another medium, proposed in this order a minute apart."""
    risks = [Risk.MEDIUM, Risk.LOW, Risk.HIGH, Risk.MEDIUM]
    return [
        at_risk(propose(workspace, "50", now=now + n * timedelta(minutes=1)), risk)
        for n, risk in enumerate(risks)
    ]


def listed(
    workspace: Workspace, user: User, now: datetime, split: Split = Split.ALL
) -> list[Proposal]:
    """A split as the person sees it."""
    return queue.queue(workspace.pk, user, split=split, now=now)


def walk(workspace: Workspace, user: User, now: datetime) -> list[Proposal]:
    """What comes next, again and again, until something comes twice."""
    seen: list[Proposal] = []
    after: Proposal | None = None
    while True:
        after = next_for(workspace.pk, user, split=Split.ALL, after=after, now=now)
        if after is None or after in seen:
            return seen
        seen.append(after)


def next_after(
    after: Proposal, user: User, now: datetime, *, just_skipped: bool = False
) -> Proposal | None:
    """What comes behind it in the whole queue."""
    return next_for(after.workspace_id, user, split=Split.ALL, after=after, now=now,
                    just_skipped=just_skipped)  # fmt: skip


def claim(proposal: Proposal, user: User, now: datetime) -> None:
    """Hold it."""
    operations.claim(proposal_id=proposal.pk, user=user, now=now)


def skip(proposal: Proposal, user: User, now: datetime) -> None:
    """Put it at the end."""
    operations.skip(proposal_id=proposal.pk, user=user, now=now)


def snooze(proposal: Proposal, user: User, now: datetime) -> None:
    """Hide it for an hour."""
    operations.snooze(
        proposal_id=proposal.pk, user=user, until=now + HOUR, on_change=False, now=now
    )


class TestOrder:
    def test_by_risk_then_deadline_then_age(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """A deadline comes before age, risk before both."""
        medium, low, high, late = four
        assert listed(workspace, cast.rita, now) == [high, medium, late, low]
        Proposal.objects.filter(pk=late.pk).update(due_at=now + HOUR)
        assert listed(workspace, cast.rita, now) == [high, late, medium, low]

    def test_what_is_skipped_goes_to_the_end_for_me_only(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """The newest skip is the last."""
        medium, low, high, late = four
        skip(high, cast.rita, now)
        skip(medium, cast.rita, now + HOUR)
        assert listed(workspace, cast.rita, now) == [late, low, high, medium]
        assert listed(workspace, cast.jun, now) == [high, medium, late, low]
        skip(high, cast.rita, now + 2 * HOUR)
        assert listed(workspace, cast.rita, now) == [late, low, medium, high]

    def test_one_without_a_deadline_counts_from_its_end(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """Rows from before there were deadlines."""
        medium, low, high, late = four
        Proposal.objects.filter(pk=medium.pk).update(due_at=None)
        assert listed(workspace, cast.rita, now) == [high, late, medium, low]

    def test_no_more_than_asked_for_in_one_statement(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:  # fmt: skip
        """Who holds each is known without asking again."""
        claim(four[2], cast.rita, now)
        with django_assert_num_queries(1):
            rows = queue.queue(workspace.pk, cast.rita, now=now, limit=3)
            assert [str(row.claimed_by) for row in rows] == ["Rita", "None", "None"]


class TestSplits:
    def test_each_has_its_own_and_its_count(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:  # fmt: skip
        """One statement counts what each split would list."""
        medium, low, high, late = four
        claim(medium, cast.rita, now)
        claim(high, cast.olga, now)
        snooze(late, cast.rita, now)
        Proposal.objects.filter(pk=low.pk).update(due_at=now + HOUR)
        expected = {
            Split.ALL: [high, medium, low],
            Split.MINE: [medium],
            Split.UNCLAIMED: [low],
            Split.HIGH: [high],
            Split.DUE: [low],
            Split.SNOOZED: [late],
        }
        assert {split: listed(workspace, cast.rita, now, split) for split in Split} == expected
        with django_assert_num_queries(1):
            counts = split_counts(workspace.pk, cast.rita, now=now)
        assert counts == {split: len(rows) for split, rows in expected.items()}
        assert queue.count(workspace.pk, now=now) == counts[Split.ALL]
        assert all(split.label for split in Split)

    def test_a_lapsed_claim_and_a_lapsed_snooze_are_none(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """Also before anybody has swept them up."""
        claim(four[0], cast.rita, now)
        snooze(four[3], cast.rita, now)
        later = split_counts(workspace.pk, cast.rita, now=now + HOUR)
        assert (later[Split.MINE], later[Split.UNCLAIMED], later[Split.SNOOZED]) == (0, 4, 0)

    def test_what_is_unproven_is_in_it_and_what_is_decided_is_not(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """Both wait for a person; nothing else does."""
        Proposal.objects.filter(pk=four[0].pk).update(state=State.NEEDS_PERSON)
        Proposal.objects.filter(pk=four[1].pk).update(state=State.DONE)
        assert listed(workspace, cast.rita, now) == [four[2], four[0], four[3]]

    def test_another_workspace_has_its_own(
        self, four: list[Proposal], elsewhere: Workspace, cast: Cast, now: datetime
    ) -> None:
        """Nothing of this one is listed or counted there."""
        assert listed(elsewhere, cast.mallory, now) == []
        assert set(split_counts(elsewhere.pk, cast.mallory, now=now).values()) == {0}
        assert next_for(elsewhere.pk, cast.mallory, split=Split.ALL, after=None, now=now) is None


class TestNext:
    def test_each_comes_once_in_order(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """From the first to the last, then from the start."""
        assert walk(workspace, cast.rita, now) == listed(workspace, cast.rita, now)

    def test_behind_one_that_is_no_longer_there(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """What was just decided, snoozed or skipped is followed by what stood behind it."""
        medium, low, high, late = four
        skip(medium, cast.rita, now)
        assert next_after(medium, cast.rita, now, just_skipped=True) == late
        snooze(late, cast.rita, now)
        assert next_for(workspace.pk, cast.rita, split=Split.ALL, after=late, now=now) == low
        assert next_for(workspace.pk, cast.rita, split=Split.ALL, after=low, now=now) == medium
        Proposal.objects.filter(pk=high.pk).update(state=State.DONE)
        assert next_for(workspace.pk, cast.rita, split=Split.ALL, after=high, now=now) == low

    def test_the_skipped_come_last_and_each_of_them(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """Nobody is stuck between two of them."""
        for number, proposal in enumerate(four):
            skip(proposal, cast.rita, now + number * HOUR)
        assert walk(workspace, cast.rita, now) == four

    def test_whoever_goes_on_reaches_every_skipped_one(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """Passing over one that is not skipped leads nobody back to it from among the skipped."""
        medium, _, high, late = four
        skip(high, cast.rita, now)
        skip(medium, cast.rita, now + HOUR)
        assert walk(workspace, cast.rita, now) == listed(workspace, cast.rita, now)
        assert next_after(late, cast.rita, now) == four[1]
        assert next_after(high, cast.rita, now) == medium
        assert next_after(medium, cast.rita, now) == late

    def test_passes_over_what_others_hold_until_it_lapses(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """One's own are not passed over."""
        claim(four[2], cast.olga, now)
        claim(four[0], cast.rita, now)
        assert walk(workspace, cast.rita, now) == [four[0], four[3], four[1]]
        assert len(walk(workspace, cast.rita, now + CLAIM_LEASE)) == 4

    def test_passes_over_what_one_caused_or_has_voted_on(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """They cannot decide it; others can."""
        origin = Origin(by="key:1", trigger="api", on_behalf_of=cast.rita.actor)
        own = propose(workspace, "50", now=now, origin=origin)
        Proposal.objects.filter(pk=four[0].pk).update(reviewers=2)
        operations.approve(proposal_id=four[0].pk, user=cast.rita, binding=four[0].binding, now=now)
        assert set(walk(workspace, cast.rita, now)) == set(four[1:])
        assert set(walk(workspace, cast.olga, now)) == {*four, own}

    def test_the_only_one_has_no_next(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """After itself comes nothing."""
        high = four[2]
        assert next_for(workspace.pk, cast.rita, split=Split.HIGH, after=high, now=now) is None
        assert next_for(workspace.pk, cast.rita, split=Split.HIGH, after=None, now=now) == high


class TestOwnRecord:
    def test_my_last_votes_newest_first(
        self, four: list[Proposal], cast: Cast, workspace: Workspace, now: datetime,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:  # fmt: skip
        """Only my own, with their proposals, in one statement; today's are counted."""
        medium, low, _, late = four
        for minute, (proposal, user) in enumerate(
            [(medium, cast.rita), (low, cast.olga), (late, cast.rita)]
        ):
            operations.approve(proposal_id=proposal.pk, user=user, binding=proposal.binding,
                               now=now + timedelta(minutes=minute))  # fmt: skip
        with django_assert_num_queries(1):
            votes = recent(cast.rita, workspace.pk)
            assert [vote.proposal for vote in votes] == [late, medium]
        assert [vote.proposal for vote in recent(cast.rita, workspace.pk, limit=1)] == [late]
        assert decided_today(cast.rita, workspace.pk, since=now) == 2
        assert decided_today(cast.rita, workspace.pk, since=now + timedelta(minutes=1)) == 1
