"""Sweeping open cases: back ends that are away, room that is short, two sweepers at once."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.agents import referring
from apps.agents.models import Agent, CaseState, Handled
from apps.agents.playbooks.refund_desk.sense import Case
from apps.gateway import switches
from apps.gateway.errors import Unreachable
from apps.proposals import operations as proposals
from apps.proposals.models import Change, Proposal, State
from tests.factories import cases


class TestTryingAgain:
    """What cannot be put before people now is put later, and what is away is not waited for long."""

    @pytest.fixture
    def open_case(self, agent: Agent, case: Case, moment: datetime) -> Handled:
        """A case to be put before a person."""
        cases.work(agent, moment)
        Proposal.objects.update(state=State.EXPIRED, settled_at=moment)
        Change.objects.update(is_open=False)
        referring.close(now=moment, limit=10)
        return cases.the_case(case)

    def test_ever_more_rarely_and_then_without_a_reply(
        self, open_case: Handled, case: Case, moment: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Five tries; then it is put before people without any action."""

        def away(**_: Any) -> None:
            raise Unreachable("no mail server")

        monkeypatch.setattr(referring.proposals, "examine", away)
        now, pauses = moment, []
        for _ in range(referring.MOST_TRIES - 1):
            assert referring.follow_up(clock=lambda now=now: now) == 0
            row = cases.the_case(case)
            assert row.not_before is not None
            pauses.append((row.not_before - now).total_seconds())
            assert referring.follow_up(clock=lambda now=now: now) == 0
            now = row.not_before
        assert pauses == [4, 8, 16, 32]
        referring.follow_up(clock=lambda: now)
        assert referring.follow_up(clock=lambda: now) == 1
        assert cases.the_case(case).rung == referring.CASE
        assert Proposal.objects.filter(state=State.NEEDS_PERSON).count() == 1

    def test_where_too_much_waits_it_waits_too(
        self, open_case: Handled, case: Case, moment: datetime, settings: Any
    ) -> None:
        """It is not lost, and floods nobody."""
        settings.PROPOSALS_WAITING_LIMIT = 0
        assert referring.follow_up(clock=lambda: moment) == 0
        assert cases.the_case(case).state == CaseState.OPEN
        settings.PROPOSALS_WAITING_LIMIT = 1_000
        later = moment + timedelta(minutes=2)
        assert referring.follow_up(clock=lambda: later) == 1

    def test_a_stopped_agent_puts_nothing_before_people(
        self, open_case: Handled, case: Case, agent: Agent, moment: datetime
    ) -> None:
        """Until it is released."""
        switch = switches.engage(workspace=agent.workspace, scope="agent", target=str(agent.pk),
                                 reason="test", by="user:1", now=moment)  # fmt: skip
        assert referring.follow_up(clock=lambda: moment) == 0
        switches.release(switch=switch, by="user:1", now=moment)
        assert referring.follow_up(clock=lambda: moment) == 1

    def test_a_case_that_cannot_be_read_is_still_told(
        self, open_case: Handled, case: Case, moment: datetime
    ) -> None:
        """By its name, in the inbox."""
        Handled.objects.filter(pk=open_case.pk).update(draft={"made": "by another version"})
        assert referring.follow_up(clock=lambda: moment) == 1
        asked = Proposal.objects.get(state=State.NEEDS_PERSON)
        assert case.key in asked.title
        assert "cannot be read any more" in asked.rationale

    def test_a_case_that_cannot_be_put_holds_up_no_other(
        self, open_case: Handled, case: Case, moment: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is tried again later; the one behind it stands in the inbox at once."""
        behind = cases.the_case(case)
        behind.pk, behind.key = None, "message:behind"
        behind.save()
        broken, real = iter([ValueError("no database keeps that")]), proposals.submit_examined

        def submit(**given: Any) -> list[Proposal | None]:
            for error in broken:
                raise error
            return real(**given)

        monkeypatch.setattr(proposals, "submit_examined", submit)
        assert referring.follow_up(clock=lambda: moment) == 1
        behind.refresh_from_db()
        row = cases.the_case(case)
        assert (row.state, row.tries, behind.state) == (CaseState.OPEN, 1, CaseState.STANDING)
        assert referring.follow_up(clock=lambda: moment + timedelta(minutes=1)) == 1
        assert cases.the_case(case).state == CaseState.STANDING


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_put_a_case_before_people_once(
    agent: Agent, case: Case, moment: datetime
) -> None:
    """They look at the same row at the same moment; one of them writes."""
    cases.work(agent, moment)
    Proposal.objects.update(state=State.EXPIRED, settled_at=moment)
    Change.objects.update(is_open=False)
    referring.close(now=moment, limit=10)
    [found] = referring.due(now=moment, limit=10)
    placed, gate = [], threading.Barrier(2)

    def sweep() -> None:
        gate.wait()
        try:
            placed.append(referring.place(found, clock=lambda: moment))
        finally:
            connection.close()

    sweepers = [threading.Thread(target=sweep) for _ in range(2)]
    for one in sweepers:
        one.start()
    for one in sweepers:
        one.join()
    assert sorted(placed) == [0, 1]
    assert Proposal.objects.filter(state=State.WAITING).count() == 1
