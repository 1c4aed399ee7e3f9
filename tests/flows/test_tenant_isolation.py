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
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver

from aios.asgi import application
from apps.accounts.models import User, Workspace
from apps.api.main import api
from apps.console.access import CHOSEN
from apps.console.routing import websocket_urlpatterns
from tests.conftest import Cast
from tests.factories.keys import ROOT, Caller, caller
from tests.factories.proposals import price_change
from tests.flows import leaking
from tests.flows.foreign_rows import secrets, values
from tests.flows.tenancy import (
    MARKER,
    Route,
    Secrets,
    UnknownParameter,
    judge,
    rows_of,
    walk,
)

__all__ = ["secrets", "values"]  # fixtures

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
        "dry_run_proposal": draft,
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
        settings.ROOT_URLCONF = leaking.__name__
        found = {}
        for route in walk(leaking.urlpatterns):
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
        settings.ROOT_URLCONF = leaking.__name__
        before = rows_of(workspace)
        route = next(r for r in walk(leaking.urlpatterns) if r.path.startswith("change/"))
        list(ask_page(route, cast.mallory, values))
        assert rows_of(workspace) != before

    def test_an_unknown_parameter(self, cast: Cast, values: dict[str, object]) -> None:
        """An address nobody knows how to ask for fails the test."""
        route = next(r for r in walk(leaking.urlpatterns) if "nobody_knows" in r.parameters)
        with pytest.raises(UnknownParameter, match="nobody_knows"):
            list(ask_page(route, cast.mallory, values))
