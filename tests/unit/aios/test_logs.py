"""A line of the log is for eyes or for machines, and no token of a link reaches it."""

import json
import logging
import sys
from typing import Any

import pytest
import structlog
from django.conf import settings

from aios.logs import Json, Plain, configuration


def record(message: object, *args: object, error: Any = None) -> logging.LogRecord:
    """What `logging` hands to a formatter."""
    return logging.LogRecord("apps.gateway", logging.WARNING, "p", 1, message, args, error)


@pytest.mark.parametrize("form", [Plain, Json])
@pytest.mark.parametrize(
    ("said", "written"),
    [
        (("Conflict: %s", "/invitations/aB3-_x/"), "Conflict: /invitations/…/"),
        (("event='failed' request='POST /invitations/aB3-_x/' code=422",),
         "event='failed' request='POST /invitations/…/' code=422"),
        (("Not Found: %s", "/accounts/password/reset/key/1-abc-def/?next=/"),
         "Not Found: /accounts/password/reset/key/…/?next=/"),
        (("Not Found: %s", "/invitations/aB3-_x/WyJh.x-_y/"), "Not Found: /invitations/…/"),
        (("/invitations/a/ and /invitations/b",), "/invitations/…/ and /invitations/…"),
        (("100 %% of %s", "/history/"), "100 % of /history/"),
    ],
)  # fmt: skip
def test_tokens_are_left_out(form: Any, said: tuple[Any, ...], written: str) -> None:
    """However the line is put together; the rest of it stays."""
    assert written in form().format(record(*said))


@pytest.mark.parametrize("form", [Plain, Json])
def test_tokens_are_left_out_of_tracebacks(form: Any) -> None:
    """An error may name the address it came from."""
    try:
        raise ValueError("GET /invitations/open-sesame/ went wrong")
    except ValueError:
        line = form().format(record("It failed", error=sys.exc_info()))
    assert "GET /invitations/…/ went wrong" in line
    assert "Traceback" in line


def test_a_line_of_json_says_who_when_and_for_which_request() -> None:
    """One object a line, whichever library wrote it."""
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        line = Json().format(record("Sent %s", {"a": 1}))
    assert "\n" not in line
    said = json.loads(line)
    assert said.pop("at").endswith("Z")
    assert said == {"event": "Sent {'a': 1}", "level": "warning", "logger": "apps.gateway",
                    "request_id": "r1"}  # fmt: skip


def test_lines_of_structlog_keep_their_fields_in_json() -> None:
    """And are no text within a text."""
    lines: list[str] = []
    before = structlog.get_config()
    try:
        configuration("json", "INFO")
        logger = logging.getLogger("tests.logs")
        handler = logging.Handler()
        handler.setFormatter(Json())
        handler.emit = lambda one: lines.append(handler.format(one))  # type: ignore[method-assign]
        logger.addHandler(handler)
        structlog.get_logger("tests.logs").warning("request_failed", code=422)
    finally:
        logger.removeHandler(handler)
        structlog.configure(**before)
    [line] = lines
    said = json.loads(line)
    assert (said["event"], said["code"], said["level"]) == ("request_failed", 422, "warning")


@pytest.mark.django_db
def test_every_line_of_the_console_is_formatted_so(client) -> None:
    """Also those of refused requests, which Django and structlog write themselves."""
    assert settings.LOGGING["root"]["handlers"] == ["console"]
    root = logging.getLogger()
    console = next(one for one in root.handlers if isinstance(one.formatter, Plain))
    lines: list[str] = []
    console.emit = lambda record: lines.append(console.format(record))  # type: ignore[method-assign]
    try:
        assert client.get("/invitations/open-sesame/").status_code == 404
    finally:
        del console.emit
    assert lines
    assert not any("sesame" in one for one in lines)
