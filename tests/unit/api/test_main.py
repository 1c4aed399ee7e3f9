"""Manners of every address: problems, methods, headers, the document."""

import logging
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from apps.api.main import api
from apps.api.routes import proposals as routes
from apps.proposals import queries
from tests.factories.keys import Caller
from tests.unit.api.calls import problem


@pytest.mark.parametrize("path", ["/", "/nothing", "/proposals/", "/proposals/x/y/z", "/\0"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_there(otto: Caller, method: str, path: str) -> None:
    """Any other address is a 404 problem, whatever the method."""
    problem(otto.send(method, path), 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "HEAD"])
def test_methods_that_are_not_there(otto: Caller, method: str) -> None:
    """405 with the methods there are."""
    response = otto.send(method, "/proposals")
    assert response.status_code == 405
    assert set(response["Allow"].split(", ")) == {"GET", "POST"}
    assert response["Content-Type"] == "application/problem+json"


def test_our_own_trouble_tells_nothing(
    otto: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """500 says where to look in the log, which has the exception; the answer has nothing of it."""

    def broken(*_: Any) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(queries, "of_workspace", broken)
    with caplog.at_level(logging.ERROR, logger="apps.api.problems"):
        found = problem(otto.get("/proposals"), 500)
    assert "hunter2" not in str(found)
    [record] = [r for r in caplog.records if r.name == "apps.api.problems"]
    assert found["instance"] in record.getMessage()
    assert "hunter2" in str(record.exc_info)


def test_a_database_that_is_away(otto: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with Retry-After."""

    def away(*_: Any) -> None:
        raise OperationalError("connection to 10.0.0.1 refused")

    monkeypatch.setattr(routes, "cut", away)
    response = otto.get("/proposals")
    assert "10.0.0.1" not in str(problem(response, 503))
    assert response["Retry-After"] == "5"


def test_too_many_parameters(otto: Caller) -> None:
    """A query that Django refuses to read is 400."""
    problem(otto.get("/proposals", **{f"p{n}": n for n in range(1100)}), 400)


def test_nothing_is_cached(otto: Caller) -> None:
    """Answers belong to one key: no cache may keep them."""
    assert otto.get("/proposals")["Cache-Control"] == "no-store"


def test_the_page_is_served_from_here(client: Client) -> None:
    """The OpenAPI page loads everything from this host."""
    page = client.get("/api/v1/docs").content.decode()
    assert "swagger-ui-bundle.js" in page
    assert "//cdn" not in page
    assert client.get("/api/v1/openapi.json").json()["info"]["title"] == "AIOS"


def test_the_document(client: Client) -> None:
    """Every operation tells its problems; nothing is called twice; all need a key."""
    document = client.get("/api/v1/openapi.json").json()
    operations = [op for path in document["paths"].values() for op in path.values()]
    names = [op["operationId"] for op in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["security"] == [{"Key": []}]
        for status in ("400", "401", "403", "422", "429", "500"):
            assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
    assert api.get_openapi_schema(path_prefix="/api/v1/")["openapi"].startswith("3.1")
