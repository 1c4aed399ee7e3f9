"""No token of a link reaches a log."""

import logging
from typing import Any

import pytest
from django.conf import settings

from aios.link_tokens import WithoutLinkTokens


def line(message: object, *args: object) -> str:
    """What is written of such a line."""
    record = logging.LogRecord("n", logging.WARNING, "p", 1, message, args, None)
    assert WithoutLinkTokens().filter(record)
    return record.getMessage()


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (("Conflict: %s", "/invitations/aB3-_x/"), "Conflict: /invitations/…/"),
        (("event='failed' request='POST /invitations/aB3-_x/' code=422",),
         "event='failed' request='POST /invitations/…/' code=422"),
        (("Not Found: %s", "/accounts/password/reset/key/1-abc-def/?next=/"),
         "Not Found: /accounts/password/reset/key/…/?next=/"),
        (("/invitations/a/ and /invitations/b",), "/invitations/…/ and /invitations/…"),
        (("100 %% of %s", "/history/"), "100 % of /history/"),
    ],
)  # fmt: skip
def test_tokens_are_left_out(said: tuple[Any, ...], written: str) -> None:
    """However the line is put together; the rest of it stays."""
    assert line(*said) == written


@pytest.mark.django_db
def test_every_line_of_the_console_goes_through_it(client, capsys) -> None:
    """Also those of refused requests, which Django and structlog write themselves."""
    [handler] = settings.LOGGING["root"]["handlers"]
    assert settings.LOGGING["handlers"][handler]["filters"] == ["link_tokens"]
    root = logging.getLogger()
    console = next(one for one in root.handlers
                   if any(isinstance(part, WithoutLinkTokens) for part in one.filters))  # fmt: skip
    lines: list[str] = []
    console.emit = lambda record: lines.append(console.format(record))  # type: ignore[method-assign]
    try:
        assert client.get("/invitations/open-sesame/").status_code == 404
    finally:
        del console.emit
    assert lines
    assert not any("sesame" in one for one in lines)
