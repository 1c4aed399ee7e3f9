"""JSON at the door."""

from typing import Any

import pytest
from django.test import RequestFactory

from apps.api.parsing import LARGEST, MAX_DEPTH, StrictParser
from apps.api.problems import Problem


def parse(content: str | bytes, content_type: str = "application/json") -> Any:
    """What the parser makes of a body."""
    request = RequestFactory().generic("POST", "/", content, content_type=content_type)
    return StrictParser().parse_body(request)


def nested(levels: int) -> str:
    """An object with so many levels of lists in it."""
    return '{"a": ' + "[" * levels + "]" * levels + "}"


@pytest.mark.parametrize(
    "content",
    ['{"a": "ü €\\ud83d\\ude00"}', f'{{"a": {LARGEST}}}', f'{{"a": -{LARGEST}}}',
     '{"a": 1e300}', '{"": null, "b": [true, false, {}]}', nested(MAX_DEPTH - 1)],
)  # fmt: skip
def test_what_can_be_stored_passes(content: str) -> None:
    """Ordinary JSON up to the bounds is read."""
    assert isinstance(parse(content), dict)


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ('{"a": {"b": ["x", "a\\u0000"]}}', "#/a/b/1"),
        ('{"a": {"x\\u0000": 1}}', "#/a"),
        (f'{{"a": {LARGEST + 1}}}', "#/a"),
        ('{"a": 1e999}', "#/a"),
        ('{"a/b~c": "\\u0000"}', "#/a~1b~0c"),
        ("[1]", "#"),
        ("3", "#"),
    ],
)
def test_what_cannot_is_pointed_at(content: str, pointer: str) -> None:
    """422 with a JSON pointer (RFC 6901) to the value."""
    with pytest.raises(Problem) as raised:
        parse(content)
    assert raised.value.status == 422
    assert raised.value.errors[0]["pointer"] == pointer


def test_too_deep() -> None:
    """One level more than allowed is 422; thousands are 400, and never a crash."""
    for levels, status in ((MAX_DEPTH + 1, 422), (100_000, 400)):
        with pytest.raises(Problem) as raised:
            parse(nested(levels))
        assert raised.value.status == status


@pytest.mark.parametrize(
    "content", [b"{", b"\xff", b'{"a": NaN}', b'{"a": "\\ud800"}', b'{"a": 1' + b"0" * 5000 + b"}"]
)
def test_what_is_not_json(content: bytes) -> None:
    """400."""
    with pytest.raises(Problem) as raised:
        parse(content)
    assert raised.value.status == 400


@pytest.mark.parametrize("content_type", ["text/json", "application/x-www-form-urlencoded", ""])
def test_what_does_not_say_it_is_json(content_type: str) -> None:
    """415."""
    with pytest.raises(Problem) as raised:
        parse("{}", content_type)
    assert raised.value.status == 415


def test_a_charset_may_be_said() -> None:
    """Parameters of the media type do not matter."""
    assert parse("{}", "application/json; charset=utf-8") == {}
