"""From another workspace nothing is seen: every page, API operation and WebSocket there is.

The addresses come from the URL map, so that a new one is tested as soon as it exists; one with a
parameter nobody knows a value for fails until the test is taught it.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver, path

from aios.asgi import application
from apps.accounts import invitations
from apps.accounts import operations as accounts
from apps.accounts.models import ApiKey, User, Workspace
from apps.agents import labelling
from apps.agents.models import Agent, LabelledExample, Run
from apps.api.main import api
from apps.audit import operations as audit
from apps.audit.models import Entry
from apps.console.access import CHOSEN
from apps.console.routing import websocket_urlpatterns
from apps.gateway.models import Connector, Execution, KillSwitch
from apps.gateway.switches import engage
from apps.memory import operations as memory
from apps.notifications import operations as notifications
from apps.notifications.models import Channel, Notice
from apps.policies.models import Decision, Version
from apps.proposals import operations
from apps.proposals.models import Proposal, Question
from apps.proposals.operations import Draft, Origin
from tests.conftest import Cast
from tests.factories.keys import ROOT, Caller, caller
from tests.factories.outside_agents import register
from tests.factories.proposals import price_change
from tests.flows.tenancy import (
    MARKER,
    Route,
    Secrets,
    UnknownParameter,
    judge,
    rows_of,
    secrets_of,
    walk,
)

API = "api/v1/"
PAGES = [route for route in walk(get_resolver().url_patterns) if not route.path.startswith(API)]
DOCUMENT = api.get_openapi_schema(path_prefix=f"/{API}")["paths"]
OPERATIONS = [
    (method.upper(), Route(address.removeprefix(ROOT).replace("{", "<").replace("}", ">"), ()), op)
    for address, methods in DOCUMENT.items()
    for method, op in methods.items()
]
NOT_OF_A_WORKSPACE = {"openapi.json", "docs", ""}  # served to everybody; no rows behind them
SECONDS = 1.5  # how long a WebSocket is listened to


@pytest.fixture
def secrets(
    workspace: Workspace, cast: Cast, connector: Connector, policy: Version, now: datetime
) -> Secrets:
    """A workspace with a row of everything, all of whose texts carry the marker."""
    workspace.name = f"{MARKER} shop"
    workspace.save()
    agent = Agent.objects.create(
        workspace=workspace, name=f"{MARKER} agent", playbook="repricing", created_at=now
    )
    run = Run.objects.create(
        workspace=workspace, agent=agent, trigger="schedule", started_by=MARKER, not_before=now,
        started_at=now, summary=MARKER,
    )  # fmt: skip
    run.steps.create(
        workspace=workspace, number=1, stage="sense", input_digest="0" * 64, summary=MARKER,
        started_at=now, finished_at=now,
    )  # fmt: skip
    drafts = [
        Draft(
            title=f"{MARKER} {amount}", rationale=MARKER, subject=f"sku:{MARKER}",
            changes=[price_change(amount, f"{MARKER}_{amount}")], case={"sku": MARKER},
            evidence=[{"kind": "fact", "title": MARKER, "detail": MARKER}],
        )
        for amount in (5, 50, 60, 70)
    ]  # fmt: skip
    origin = Origin(by=agent.actor, trigger="schedule", run_id=run.pk, agent_id=agent.pk)
    made = operations.submit(workspace=workspace, drafts=drafts, origin=origin, now=now)
    operations.execute(worker=MARKER, clock=lambda: now)
    assert made[1] is not None
    assert made[2] is not None
    assert made[3] is not None
    Proposal.objects.filter(pk=made[3].pk).update(state="needs_person")
    operations.ask(proposal_id=made[1].pk, user=cast.jun, text=MARKER, now=now)
    operations.reject(
        proposal_id=made[2].pk, user=cast.rita, binding=made[2].binding, reason=MARKER, now=now
    )
    memory.remember(
        workspace=workspace, type="fact", namespace="repricing", subject=f"sku:{MARKER}",
        text=MARKER, data={}, provenance={"source": "test", "by": "test"}, now=now,
    )  # fmt: skip
    engage(
        workspace=workspace, scope="action", target="send_message", reason=MARKER, by=MARKER,
        now=now,
    )  # fmt: skip
    channel = notifications.configure_channel(
        workspace=workspace, name=f"{MARKER} list", kind="mail", address=f"{MARKER}@example.com",
        secret="", by=MARKER, now=now,
    )  # fmt: skip
    labelling.add(
        workspace=workspace, intent="damaged", language="en", text=f"{MARKER} arrived broken",
        by=MARKER, now=now,
    )  # fmt: skip
    accounts.create_key(
        workspace=workspace, user=cast.olga, name=f"{MARKER} key", scopes=["runs:read"], now=now,
        agent=register(workspace, cast.olga, name=f"{MARKER} ERP", now=now),
    )  # fmt: skip
    invitations.invite(
        workspace=workspace, email=f"{MARKER}@example.com", role="reviewer", by=cast.olga, now=now
    )
    Notice.objects.create(
        workspace=workspace, channel=channel, kind="stopped", detail=MARKER, key=MARKER,
        error=MARKER, state="failed", due_at=now, created_at=now, ended_at=now,
    )  # fmt: skip
    audit.sequence()
    return secrets_of(workspace)


@pytest.fixture
def values(secrets: Secrets, workspace: Workspace) -> dict[str, object]:
    """A value for each parameter of an address; ids are of the workspace not to be seen."""
    waiting = Proposal.objects.get(workspace=workspace, state="waiting")
    question = Question.objects.get(workspace=workspace)
    # numbered once its transaction is over, so only where the test has committed
    told = Entry.objects.filter(workspace_id=workspace.pk, kind="proposal.rejected").first()
    return {
        "proposal_id": waiting.pk,
        "unproven": Proposal.objects.get(workspace=workspace, state="needs_person").pk,
        "run_id": Run.objects.get().pk,
        "connector_id": Connector.objects.get(workspace=workspace).pk,
        "switch_id": KillSwitch.objects.get().pk,
        "channel_id": Channel.objects.get().pk,
        "key_id": ApiKey.objects.get(workspace=workspace).pk,
        "example_id": LabelledExample.objects.get().pk,
        "decision_id": Decision.objects.first().pk,
        "execution_id": Execution.objects.get().pk,
        "change_id": waiting.changes.get().pk,
        "question_id": question.pk,
        "workspace_id": workspace.pk,
        "page_path": f"proposals/{waiting.pk}/",
        "index": told.index if told else 1,
        "section": "facts",
        "fact": "decided",
        "cursor": waiting.pk,
        "binding": waiting.binding,
        "agent": Agent.objects.get().pk,
        "agent_id": Agent.objects.get().pk,
        "content_type_id": ContentType.objects.get_for_model(Proposal).pk,
        "app_label": "proposals",
        # of people, not of a workspace: any value will do
        "url": "nothing",
        "token": "nothing",  # who has a link that works is asked in by it
        "proof": "nothing",
        "key": "1-x",
        "uidb36": "1",
        "pk": 1,
    }


def known_for(route: Route, values: dict[str, object]) -> dict[str, object]:
    """The values, with a row that fits: an unproven proposal, or one of the admin page's model."""
    if route.path.endswith(("/resolve", "/resolutions")):
        return {**values, "proposal_id": values["unproven"]}
    if "object_id" not in route.parameters:
        return values
    _, app_label, model_name, *_ = route.path.split("/")
    if app_label == "r":
        return {**values, "object_id": values["proposal_id"]}
    row = apps.get_model(app_label, model_name)._default_manager.first()
    return {**values, "object_id": row.pk if row else 1}


def names_a_row(route: Route) -> bool:
    """Whether the address leads to one row of a workspace."""
    return any(name in ("object_id", "index") or name.endswith("_id") for name in route.parameters)


def bodies(values: dict[str, object]) -> dict[str, dict[str, object]]:
    """For each operation that reads one, a body that fits and names foreign rows."""
    action, params = price_change(50)
    draft = {"title": "t", "rationale": "r", "changes": [{"action": action, "params": params}]}
    return {
        "submit_proposal": draft,
        "rehearse_proposal": draft,
        "review_proposal": {
            "verdict": "reject", "reason": "Because.", "binding": values["binding"],
        },
        "resolve_proposal": {"happened": True, "reason": "Because."},
        "take_back_proposal": {},
        "undo_proposal": {"reason": "Because."},
        "claim_proposal": {},
        "keep_claim": {},
        "release_claim": {},
        "skip_proposal": {},
        "snooze_proposal": {},
        "wake_proposal": {},
        "ask_question": {"text": "Why?"},
        "answer_question": {"question_id": str(values["question_id"]), "text": "So."},
        "open_section": {"binding": values["binding"]},
        "approve_together": {"bindings": {str(values["proposal_id"]): values["binding"]}},
        "retry_run": {},
        "start_run": {"agent": str(values["agent"])},
        "engage_kill_switch": {"scope": "agent", "target": str(values["agent"]), "reason": "R"},
        "release_kill_switch": {},
    }  # fmt: skip


def browser_of(user: User | None) -> Client:
    """A browser signed in as this person, whose session still names the workspace not to be seen."""
    client = Client()
    if user is not None:
        client.force_login(user)
        session = client.session
        session[CHOSEN] = str(Workspace.objects.get(slug="alpine").pk)
        session.save()
    return client


def ask_page(route: Route, user: User | None, values: dict[str, object]) -> Iterator[Any]:
    """Each way of asking for a page: (what was asked, the answer)."""
    address = route.fill(known_for(route, values))
    form = {name: str(value) for name, value in values.items()}
    form |= {"reason": "Because.", "happened": "yes"}
    form |= {"workspace": str(Workspace.objects.get(slug="alpine").pk)}
    client = browser_of(user)
    yield f"GET {address}", client.get(address)
    if not route.path.startswith("admin/"):
        yield f"GET {address} (htmx)", client.get(address, headers={"HX-Request": "true"})
    yield f"POST {address} {form}", client.post(address, form)


def ask_api(
    method: str, route: Route, operation: dict[str, Any], key: Caller, values: dict[str, object]
) -> tuple[str, HttpResponse]:
    """What was asked, and the answer. Raises `UnknownParameter`."""
    address, name = route.fill(known_for(route, values)), operation["operationId"]
    address = address.removeprefix("/")
    if method == "GET":
        query = {p["name"]: str(value_of(p["name"], route, values)) for p in ids_asked(operation)}
        return f"{address} {query}", key.get(address, **query)
    if name not in bodies(values):
        raise UnknownParameter(f"{method} {address}: teach the test a body of '{name}'")
    body = bodies(values)[name]
    return f"{method} {address} {body}", key.post(address, body)


def value_of(name: str, route: Route, values: dict[str, object]) -> object:
    """A known value. Raises `UnknownParameter`."""
    if name not in values:
        raise UnknownParameter(f"{route.path}: teach the test about '{name}'")
    return values[name]


def ids_asked(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The operation's query parameters that take an id."""
    return [
        parameter
        for parameter in operation["parameters"]
        if parameter["in"] == "query" and "uuid" in str(parameter["schema"])
    ]


@pytest.mark.django_db(transaction=True)
class TestPages:
    def test_strangers_see_nothing(
        self, cast: Cast, values: dict[str, object], secrets: Secrets, workspace: Workspace
    ) -> None:
        """An owner of another workspace, or nobody: no page tells of it, none changes it."""
        before = rows_of(workspace)
        wrong = [
            f"{who}: {problem}"
            for who in (cast.mallory, None)
            for route in PAGES
            for asked, answer in ask_page(route, who, values)
            for problem in judge(answer, asked, secrets, is_foreign=names_a_row(route))
        ]
        assert wrong == []
        assert rows_of(workspace) == before

    def test_members_see_it(self, cast: Cast, values: dict[str, object], secrets: Secrets) -> None:
        """The same addresses, asked by a member, lead to the rows: the test asks for the right."""
        pages = [r for r in PAGES if names_a_row(r) and not r.path.startswith("admin/")]
        assert pages
        for route in pages:
            answers = [answer for _, answer in ask_page(route, cast.olga, values)]
            told = [MARKER in a.content.decode() for a in answers if a.status_code == 200]
            assert any(told) or all(
                a.status_code in (204, 302, 403, 405, 409, 422) for a in answers
            ), route
            assert 404 not in [answer.status_code for answer in answers], route


class TestApi:
    def test_the_document_has_every_address(self) -> None:
        """No operation hides from the document, and so from this test."""
        served = {
            route.path.removeprefix(API)
            for route in walk(get_resolver().url_patterns)
            if route.path.startswith(API)
        }
        listed = {route.path.removeprefix("/") for _, route, _ in OPERATIONS}
        assert served - listed == NOT_OF_A_WORKSPACE

    @pytest.mark.parametrize("who", ["mallory", "nobody"])
    def test_strangers_see_nothing(
        self, who: str, elsewhere: Workspace, workspace: Workspace, cast: Cast, now: datetime,
        values: dict[str, object], secrets: Secrets,
    ) -> None:  # fmt: skip
        """Another workspace's key, or none: no operation tells of it, none changes it."""
        key = caller(elsewhere, cast.mallory, now=now) if who == "mallory" else Caller("")
        before = rows_of(workspace)
        wrong = []
        for method, route, operation in OPERATIONS:
            asked, answer = ask_api(method, route, operation, key, values)
            foreign = "<" in route.path or operation["operationId"] == "start_run"
            wrong += judge(answer, asked, secrets, is_foreign=foreign)
            if who == "nobody" and answer.status_code != 401:
                wrong.append(f"{asked}: {answer.status_code} without a key")
        assert wrong == []
        assert rows_of(workspace) == before

    def test_members_see_it(
        self, workspace: Workspace, cast: Cast, now: datetime, values: dict[str, object]
    ) -> None:
        """The same operations with a key of the workspace lead to the rows."""
        key = caller(workspace, cast.rita, now=now)
        for method, route, operation in OPERATIONS:
            asked, answer = ask_api(method, route, operation, key, values)
            assert answer.status_code not in (401, 404), asked
            if method == "GET" and "<" in route.path:
                assert MARKER in answer.content.decode(), asked


@pytest.mark.django_db(transaction=True)
class TestWebSockets:
    def test_strangers_hear_nothing(
        self, cast: Cast, values: dict[str, object], secrets: Secrets
    ) -> None:
        """Every socket: a member hears the workspace's events, others none of them."""
        for route in walk(websocket_urlpatterns):
            address = route.fill(values)
            assert MARKER in heard(address, cast.olga), address
            for stranger in (cast.mallory, None):
                text = heard(address, stranger)
                told = [s for s in secrets.words | secrets.ids if s in text and s not in address]
                assert told == [], (address, stranger)


def heard(address: str, user: User | None) -> str:
    """Everything a browser of this person gets to hear on a WebSocket."""
    client = browser_of(user)
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    headers = [(b"host", b"localhost"), (b"origin", b"http://localhost"),
               (b"cookie", cookies.encode())]  # fmt: skip
    return asyncio.run(listen(address, headers))


async def listen(address: str, headers: list[tuple[bytes, bytes]]) -> str:
    """What arrives until the socket closes or falls silent."""
    scope = {"type": "websocket", "path": address, "query_string": b"", "headers": headers,
             "subprotocols": []}  # fmt: skip
    socket = ApplicationCommunicator(application, scope)
    await socket.send_input({"type": "websocket.connect"})
    messages: list[str] = []
    try:
        while True:
            message = await socket.receive_output(timeout=SECONDS)
            if message["type"] == "websocket.close":
                break
            messages.append(str(message.get("text") or message.get("bytes")))
    except TimeoutError:
        pass
    await sync_to_async(connections.close_all)()
    return "\n".join(messages)


class TestControls:
    """The checks above fail where they should."""

    def test_a_leaking_page(
        self, cast: Cast, values: dict[str, object], secrets: Secrets, settings: Any
    ) -> None:
        """A view that forgets the workspace is found, whatever its status."""
        settings.ROOT_URLCONF = __name__
        found = {}
        for route in walk(urlpatterns):
            if "nobody_knows" not in route.parameters:
                found[route.path] = [
                    problem
                    for asked, answer in ask_page(route, cast.mallory, values)
                    for problem in judge(answer, asked, secrets, is_foreign=names_a_row(route))
                ]
        assert any(f"told {MARKER}" in problem for problem in found["leak/<uuid:proposal_id>/"])
        assert any(f"told {MARKER}" in problem for problem in found["hidden/<uuid:proposal_id>/"])
        assert any("200 instead of 404" in p for p in found["exists/<uuid:proposal_id>/"])

    def test_a_page_that_changes(
        self, cast: Cast, values: dict[str, object], workspace: Workspace, settings: Any
    ) -> None:
        """A write to a foreign row is found, even if the answer is 404."""
        settings.ROOT_URLCONF = __name__
        before = rows_of(workspace)
        route = next(r for r in walk(urlpatterns) if r.path.startswith("change/"))
        list(ask_page(route, cast.mallory, values))
        assert rows_of(workspace) != before

    def test_an_unknown_parameter(self, cast: Cast, values: dict[str, object]) -> None:
        """An address nobody knows how to ask for fails the test."""
        route = next(r for r in walk(urlpatterns) if "nobody_knows" in r.parameters)
        with pytest.raises(UnknownParameter, match="nobody_knows"):
            list(ask_page(route, cast.mallory, values))


def leak(request: HttpRequest, proposal_id: Any) -> HttpResponse:
    """Shows any workspace's proposal."""
    return HttpResponse(Proposal.objects.get(pk=proposal_id).title)


def hidden(request: HttpRequest, proposal_id: Any) -> HttpResponse:
    """Tells of it in the 404."""
    return HttpResponse(Proposal.objects.get(pk=proposal_id).title, status=404)


def exists(request: HttpRequest, proposal_id: Any) -> HttpResponse:
    """Tells only that it is there."""
    return HttpResponse("Yes.")


def change(request: HttpRequest, proposal_id: Any) -> HttpResponse:
    """Changes it."""
    Proposal.objects.filter(pk=proposal_id).update(title="Changed")
    return HttpResponse(status=404)


urlpatterns = [
    path("leak/<uuid:proposal_id>/", leak),
    path("hidden/<uuid:proposal_id>/", hidden),
    path("exists/<uuid:proposal_id>/", exists),
    path("change/<uuid:proposal_id>/", change),
    path("unknown/<slug:nobody_knows>/", exists),
]
