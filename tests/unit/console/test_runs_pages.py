"""The list of runs, the page of one, the page of an event: what they say, and what they cost."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Workspace
from apps.agents.models import Agent, Run, State, Step
from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.audit.operations import sequence
from apps.inference.models import Call
from tests.factories.events import record
from tests.factories.proposals import AGENT, propose

pytestmark = pytest.mark.django_db(transaction=True)
PART = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "trace"}


@pytest.fixture
def agents(workspace: Workspace, now: datetime) -> list[Agent]:
    """Two agents."""
    return [
        Agent.objects.create(workspace=workspace, name=name, playbook="repricing", created_at=now)
        for name in ("Repricing", "Refund desk")
    ]


def run_of(agent: Agent, now: datetime, state: State = State.DONE, **fields) -> Run:
    """A run that took 90 seconds, with its steps of sensing and planning."""
    ended = state not in (State.RUNNING, State.WAITING)
    run = Run.objects.create(
        workspace=agent.workspace, agent=agent, trigger="schedule", not_before=now,
        started_by="clock", started_at=now - timedelta(seconds=90), state=state,
        stage="learn", finished_at=now if ended else None, **fields,
    )  # fmt: skip
    for number, (stage, ms) in enumerate((("sense", 250), ("plan", 1_000)), 1):
        Step.objects.create(workspace=agent.workspace, run=run, number=number, stage=stage,
                            input_digest="", summary=f"did {stage}", planner="model small",
                            started_at=now - timedelta(milliseconds=ms), finished_at=now)  # fmt: skip
    return run


def call_of(run: Run, now: datetime, cost: str = "0.0025", **fields) -> Call:
    """A paid call of a run, and its event."""
    call = Call.objects.create(
        workspace=run.workspace, run_id=run.pk, tier="small", provider="fake", model="small-model",
        purpose="plan", outcome="ok", input_tokens=800, output_tokens=90, cost=Decimal(cost),
        latency_ms=1_500, prompt_digest="", at=now, overdue_at=now, **fields,
    )  # fmt: skip
    happen(run, now, Kind.MODEL_CALLED, actor="inference", subject=call.pk, model="small-model",
           tokens=890, input_tokens=800, output_tokens=90, cost=cost, latency_ms=1_500,
           outcome="ok", purpose="plan")  # fmt: skip
    return call


def happen(run: Run, now: datetime, kind: Kind, *, actor: str = "", subject=None, **fields) -> None:
    """An event of the run."""
    with transaction.atomic():
        record(kind=kind, workspace_id=run.workspace_id, actor=actor or run.agent.actor,
               subject_kind=kind.partition(".")[0], subject_id=subject or run.pk, now=now,
               run_id=run.pk, fields=fields)  # fmt: skip
    sequence()


@pytest.fixture
def rita(cast, browse) -> Client:
    """Rita's browser."""
    return browse(cast.rita)


def test_the_list_says_how_each_run_stands_and_what_it_took(rita, world, agents, now):
    """State, time, cost and proposals of each."""
    run = run_of(agents[1], now)
    call_of(run, now)
    propose(run.workspace, "50", now=now, origin=replace(AGENT, run_id=run.pk))
    page = rita.get("/runs/").content.decode()
    for words in ("Refund desk", "Done", "1 min 30 s", "$0.0025", 'data-label="Proposals">1<'):
        assert words in page


def test_the_list_is_narrowed_by_agent_and_state(rita, agents, now):
    """Both in the address; what makes no sense there narrows nothing."""
    for agent in agents:
        for state in (State.DONE, State.FAILED):
            run_of(agent, now, state, error="" if state == State.DONE else f"{agent} broke")
    page = rita.get(f"/runs/?agent={agents[0].pk}&state=failed").content.decode()
    assert page.count("<tr><td") == 1
    assert "Repricing broke" in page
    assert rita.get("/runs/?agent=x&state=y&before=z").content.decode().count("<tr><td") == 4
    assert "No run fits" in rita.get("/runs/?state=running").content.decode()


def test_the_list_costs_the_same_with_one_and_with_fifty(rita, agents, now):
    """The number of queries does not grow with the runs."""
    call_of(run_of(agents[0], now), now)
    rita.get("/runs/")
    with CaptureQueriesContext(connection) as one:
        rita.get("/runs/")
    for _ in range(60):
        call_of(run_of(agents[1], now), now)
    with CaptureQueriesContext(connection) as many:
        page = rita.get("/runs/").content.decode()
    assert page.count("<tr><td") == 50
    assert "before=" in page
    assert len(many) <= len(one) <= 14


def test_a_run_shows_its_totals_its_steps_and_its_trace_by_stage(rita, agents, now):
    """Time, cost and tokens in all; bars as long as their part of the longest."""
    run = run_of(agents[0], now, State.WAITING)
    happen(run, now, Kind.RUN_STARTED, actor="clock", trigger="schedule")
    happen(run, now, Kind.RUN_STEPPED, stage="sense", summary="Read 3 prices.")
    call_of(run, now)
    happen(run, now, Kind.RUN_FAILED, stage="plan", error="the model broke off")
    page = rita.get(f"/runs/{run.pk}/").content.decode()
    for words in ("$0.0025", "800 in, 90 out", "1 call", "Read 3 prices.", 'width="25"',
                  "Agent</b> <span data-words>asked small-model"):  # fmt: skip
        assert words in page
    plan = page[page.index('data-list="plan"') : page.index('data-list="act"')]
    assert "the model broke off" in plan
    assert "error" in plan
    assert " style=" not in page


def test_a_run_costs_the_same_with_ten_events_and_with_three_hundred(rita, agents, now):
    """The number of queries does not grow with the trace."""
    run = run_of(agents[0], now)
    for number in range(10):
        happen(run, now, Kind.RUN_STEPPED, stage="plan", summary=str(number))
    rita.get(f"/runs/{run.pk}/")
    with CaptureQueriesContext(connection) as few:
        rita.get(f"/runs/{run.pk}/")
    with transaction.atomic():
        for number in range(320):
            record(kind=Kind.RUN_STEPPED, workspace_id=run.workspace_id, actor=run.agent.actor,
                   subject_kind="run", subject_id=run.pk, now=now, run_id=run.pk,
                   fields={"stage": "plan", "summary": str(number)})  # fmt: skip
    sequence()
    with CaptureQueriesContext(connection) as many:
        page = rita.get(f"/runs/{run.pk}/").content.decode()
    assert page.count("data-index=") == 300
    assert "Earlier events" in page
    assert len(many) <= len(few) <= 20


def test_a_trace_is_filtered_by_the_address(rita, agents, now):
    """By stage, kind and text; the choice keeps the other choices; a part comes for htmx."""
    run = run_of(agents[0], now)
    happen(run, now, Kind.RUN_STEPPED, stage="sense", summary="Read 3 prices.")
    call_of(run, now)
    for place in ("/trace/", f"/runs/{run.pk}/"):
        page = rita.get(f"{place}?kind=model&q=SMALL").content.decode()
        assert page.count("data-index=") == 1
        assert "asked small-model" in page
        assert "?stage=plan&amp;kind=model&amp;q=SMALL" in page
        part = rita.get(f"{place}?stage=sense", **PART)
        assert part.content.decode().strip().startswith('<section id="trace"')
        assert b"Read 3 prices." in part.content
        assert b"asked small-model" not in part.content
        assert part["X-Part"] == "1"


def test_earlier_events_are_not_live(rita, agents, now):
    """New ones belong on the first page only."""
    run = run_of(agents[0], now)
    happen(run, now, Kind.RUN_STEPPED, stage="sense", summary="Read.")
    for place in ("/trace/", f"/runs/{run.pk}/"):
        assert "data-stream" in rita.get(place).content.decode()
        page = rita.get(f"{place}?before=99999").content.decode()
        assert "data-stream" not in page
        assert "data-pause" not in page
        assert "Read." in page


def test_an_event_shows_all_it_holds(rita, agents, now):
    """Number, kind, who, and each field, escaped."""
    run = run_of(agents[0], now)
    happen(run, now, Kind.RUN_STEPPED, stage="plan", summary="<script>alert(1)</script>")
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(index) FROM audit_entry")
        index = cursor.fetchone()[0]
    page = rita.get(f"/trace/{index}/").content.decode()
    assert "run.stepped" in page
    assert "Repricing" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert f"/runs/{run.pk}/" in page


def test_events_and_runs_of_others_are_not_found(rita, elsewhere, now):
    """Not by number, not by id."""
    agent = Agent.objects.create(workspace=elsewhere, name="E", playbook="repricing",
                                 created_at=now)  # fmt: skip
    run = run_of(agent, now)
    happen(run, now, Kind.RUN_STEPPED, stage="plan", summary="theirs")
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(index) FROM audit_entry")
        index = cursor.fetchone()[0]
    assert rita.get(f"/trace/{index}/").status_code == 404
    assert rita.get("/trace/999999999/").status_code == 404
    assert rita.get(f"/runs/{run.pk}/").status_code == 404
    assert rita.get(f"/runs/{uuid4()}/").status_code == 404
    assert "theirs" not in rita.get("/trace/").content.decode()


def failed(agent: Agent, now: datetime) -> Run:
    """A run whose planning failed a moment ago."""
    run = run_of(agent, now, State.FAILED, error="BadAnswer: not JSON", attempts=5)
    Run.objects.filter(pk=run.pk).update(stage="plan")
    return run


def token_of(client: Client, address: str) -> str:
    """The CSRF token of the page's forms."""
    client.get(address)
    return client.cookies["csrftoken"].value


def test_who_operates_has_a_failed_run_try_again(browse, cast, world, agents, now):
    """One button on its page, pressed with a POST; then it runs, and the log says who."""
    otto, run = browse(cast.otto), failed(agents[0], now)
    address = f"/runs/{run.pk}/"
    shown = otto.get(address).content.decode()
    assert "Try again" in shown
    assert otto.get(f"{address}retry").status_code == 405
    sent = {"csrfmiddlewaretoken": token_of(otto, address)}
    answer = otto.post(f"{address}retry", sent)
    assert (answer.status_code, answer["Location"]) == (302, address)
    run.refresh_from_db()
    assert (run.state, run.stage, run.attempts, run.error) == ("running", "sense", 0, "")
    event = Event.objects.get(kind="run.retried")
    assert (event.actor, event.subject_id) == (cast.otto.actor, str(run.pk))
    assert "Try again" not in otto.get(address).content.decode()


def test_a_try_that_cannot_be_says_why(browse, cast, world, agents, now):
    """Another run is at work: nothing changes, and the page says what to do."""
    otto, run = browse(cast.otto), failed(agents[0], now)
    Run.objects.create(workspace=run.workspace, agent=agents[0], trigger="person", not_before=now,
                       started_by="user:1", started_at=now)  # fmt: skip
    sent = {"csrfmiddlewaretoken": token_of(otto, f"/runs/{run.pk}/")}
    answer = otto.post(f"/runs/{run.pk}/retry", sent)
    assert answer.status_code == 409
    assert "Another run of this agent is at work" in answer.content.decode()
    run.refresh_from_db()
    assert run.state == State.FAILED


def test_others_cannot_have_it_try_again(rita, browse, cast, world, agents, now):
    """A reviewer sees no button and is refused; elsewhere there is no such run."""
    run = failed(agents[0], now)
    address = f"/runs/{run.pk}/"
    assert "Try again" not in rita.get(address).content.decode()
    assert rita.post(f"{address}retry").status_code == 403
    sent = {"csrfmiddlewaretoken": token_of(rita, address)}
    assert rita.post(f"{address}retry", sent).status_code == 403
    mallory = browse(cast.mallory)
    sent = {"csrfmiddlewaretoken": token_of(mallory, "/runs/")}
    assert mallory.post(f"{address}retry", sent).status_code == 404
    run.refresh_from_db()
    assert run.state == State.FAILED


def test_a_paused_run_says_for_what_it_waits(rita, world, agents, now):
    """It is no failure: it goes on by itself."""
    run = run_of(agents[0], now, State.RUNNING, error="Waiting for shop: no connection",
                 waiting_since=now - timedelta(minutes=3))  # fmt: skip
    shown = rita.get(f"/runs/{run.pk}/").content.decode()
    assert "Paused" in shown
    assert "Waiting for shop: no connection" in shown
    assert "Try again" not in shown
