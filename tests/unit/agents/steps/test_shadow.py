"""How far an agent may go: shadow proposes nothing, review all waits for a person each time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from apps.accounts.models import Workspace
from apps.agents import leases, loop, operations, queries
from apps.agents.models import Agent, Autonomy, Handled, Run, State
from apps.audit.models import Event, Payload
from apps.console.presenters.shadow import show_shadow
from apps.gateway.models import Execution
from apps.policies.models import Decision
from apps.proposals.models import Proposal
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make

BATCH = 30


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A demo shop of its own: what policy allows is done, and then is no case any more."""
    with demo_shop(tmp_path / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def shy(workspace: Workspace, shop: Shop, moment: datetime) -> Agent:
    """A repricer in shadow."""
    make.connect(workspace, shop, moment)
    return make.agent(
        workspace, "repricing", moment, settings={"batch": BATCH}, autonomy=Autonomy.SHADOW
    )


def run_of(agent: Agent, now: datetime) -> Run:
    """A run, driven as far as it goes."""
    run = operations.start(agent=agent, trigger="schedule", by="clock", now=now)
    make.drive(lambda: now)
    run.refresh_from_db()
    return run


def leave_shadow(agent: Agent, autonomy: Autonomy, now: datetime) -> Agent:
    """Somebody lets the agent go further."""
    return operations.set_autonomy(agent=agent, autonomy=autonomy, by="user:1", now=now)


def states_of(run: Run) -> dict[str, str]:
    """The states of the run's proposals by title."""
    return dict(Proposal.objects.filter(run_id=run.pk).values_list("title", "state"))


def test_in_shadow_nothing_is_submitted(shy: Agent, moment: datetime) -> None:
    """No proposal, no decision, no execution; the run is done and says what it would have done."""
    run = run_of(shy, moment)
    assert run.state == State.DONE
    assert not Proposal.objects.exists()
    assert not Decision.objects.exists()
    assert not Execution.objects.exists()
    found = queries.shadowed(run)
    assert len(found) == BATCH
    met = [one.verdict for one in found]
    assert run.summary == (
        f"In shadow: {BATCH} would have been proposed; policy would allow {met.count('allow')}, "
        f"ask a person about {met.count('review')} and deny {met.count('deny')}. "
        "Nothing was submitted."
    )
    stepped = Event.objects.filter(kind="run.stepped", run_id=run.pk).order_by("-id").first()
    assert stepped is not None
    assert Payload.objects.get(event_id=stepped.pk).fields["summary"] == run.summary


def test_shadow_foretells_what_policy_says_then(shy: Agent, moment: datetime) -> None:
    """Out of shadow the same cases are proposed, and policy decides as was foretold."""
    foretold = {one.title: one for one in queries.shadowed(run_of(shy, moment))}
    agent = leave_shadow(shy, Autonomy.BY_THRESHOLD, moment)
    run = run_of(agent, moment)
    made = states_of(run)
    assert set(made) == set(foretold)
    expected = {"allow": "done", "review": "waiting", "deny": "denied"}
    assert made == {title: expected[one.verdict] for title, one in foretold.items()}
    assert len({one.verdict for one in foretold.values()}) == 3  # else this shows little
    for one in foretold.values():
        [change] = one.changes
        assert change.action == "set_price"
        assert [field.path for field in change.fields] == ["prices.EUR"]
        assert change.rule
        assert change.reason
    assert queries.shadowed(run) == []


def test_a_case_is_tried_once(shy: Agent, moment: datetime) -> None:
    """The next run in shadow goes on with others, so that no model is paid twice for the same."""
    first = {one.title for one in queries.shadowed(run_of(shy, moment))}
    second = {one.title for one in queries.shadowed(run_of(shy, moment))}
    assert second
    assert not first & second


def test_a_shadow_hides_nothing_from_another_agent(
    shy: Agent, workspace: Workspace, moment: datetime
) -> None:
    """What one has only tried another still proposes."""
    tried = {one.title for one in queries.shadowed(run_of(shy, moment))}
    other = operations.configure(
        workspace=workspace, name="Bold", playbook="repricing", by="test", now=moment,
        settings={"batch": BATCH},
    )  # fmt: skip
    assert set(states_of(run_of(other, moment))) == tried


def test_review_all_waits_for_a_person_each_time(shy: Agent, moment: datetime) -> None:
    """Also what policy would allow, with one reviewer; what it denies stays denied."""
    foretold = {one.title: one.verdict for one in queries.shadowed(run_of(shy, moment))}
    run = run_of(leave_shadow(shy, Autonomy.REVIEW_ALL, moment), moment)
    expected = {"allow": "waiting", "review": "waiting", "deny": "denied"}
    assert states_of(run) == {title: expected[verdict] for title, verdict in foretold.items()}
    waiting = Proposal.objects.filter(state="waiting")
    assert not waiting.filter(reviewers=0).exists()
    assert not Execution.objects.exists()


def test_shadow_needs_no_room(shy: Agent, moment: datetime, settings: Any) -> None:
    """However much waits already."""
    settings.PROPOSALS_WAITING_LIMIT = 0
    assert len(queries.shadowed(run_of(shy, moment))) == BATCH


def test_going_into_shadow_stops_a_submission_under_way(
    workspace: Workspace, shop: Shop, moment: datetime
) -> None:
    """The step was taken under another autonomy: it is dropped, and done again in shadow."""
    make.connect(workspace, shop, moment)
    agent = make.agent(workspace, "repricing", moment, settings={"batch": 3})
    run = operations.start(agent=agent, trigger="schedule", by="clock", now=moment)
    for _ in range(2):
        assert operations.advance_due(worker="w", clock=lambda: moment, limit=1)
    lease = leases.claim(worker="w", now=moment)  # reads the agent as it is
    assert lease is not None
    leave_shadow(agent, Autonomy.SHADOW, moment)
    loop.advance(lease, clock=lambda: moment)
    assert not Proposal.objects.exists()
    later = moment + timedelta(seconds=5)
    make.drive(lambda: later)
    run.refresh_from_db()
    assert run.state == State.DONE
    assert len(queries.shadowed(run)) == 3
    assert not Proposal.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_under_way_is_obeyed_as_well(
    workspace: Workspace, shop: Shop, moment: datetime
) -> None:
    """Whose transaction began before the submission wins, though it ends after it."""
    make.connect(workspace, shop, moment)
    agent = make.agent(workspace, "repricing", moment, settings={"batch": 3})
    operations.start(agent=agent, trigger="schedule", by="clock", now=moment)
    for _ in range(2):
        assert operations.advance_due(worker="w", clock=lambda: moment, limit=1)
    changed, submitted = Signal(), Signal()

    def withdraw() -> None:
        with transaction.atomic():
            leave_shadow(agent, Autonomy.SHADOW, moment)
            changed.set()
            assert submitted.wait(30)
        connection.close()

    person = Thread(target=withdraw)
    person.start()
    assert changed.wait(30)
    operations.advance_due(worker="w", clock=lambda: moment, limit=1)
    submitted.set()
    person.join()
    assert not Proposal.objects.exists()


def test_a_change_of_autonomy_is_recorded(shy: Agent, moment: datetime) -> None:
    """Who, what it was, what it is; the same again is no change."""
    leave_shadow(shy, Autonomy.REVIEW_ALL, moment)
    leave_shadow(shy, Autonomy.REVIEW_ALL, moment)
    event = Event.objects.filter(kind="agent.changed", actor="user:1").get()
    told = Payload.objects.get(event_id=event.pk).fields
    assert (told["before"], told["after"]) == (
        {"autonomy": "shadow"}, {"autonomy": "review_all"},
    )  # fmt: skip


def test_a_page_shows_what_people_would_see_first(shy: Agent, moment: datetime) -> None:
    """Those that would wait, then the denied, then what would be done at once."""
    shown = show_shadow(queries.shadowed(run_of(shy, moment)))
    assert shown is not None
    assert [one.tone for one in shown.counts] == ["warn", "bad", "good"]
    tones = [one.tone for one in shown.rows]
    assert tones == sorted(tones, key=["warn", "bad", "good"].index)
    assert shown.rows[0].changes[0].title == "Set price"
    assert shown.rows[0].changes[0].fields[0].before
    assert show_shadow([]) is None


def test_only_what_was_handled_counts_for_everybody(shy: Agent, moment: datetime) -> None:
    """A key of shadow is the agent's own."""
    run = run_of(shy, moment)
    key = Handled.objects.filter(run=run).values_list("key", flat=True).first()
    assert key is not None
    plain = key.removeprefix(f"shadow:{shy.pk}:")
    workspace_id = shy.workspace_id
    assert queries.handled(workspace_id, "repricing", [plain]) == set()
    found = queries.handled(workspace_id, "repricing", [plain], shadow_agent=shy.pk)
    assert found == {plain}
