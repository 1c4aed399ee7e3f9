"""Documents come out of any frame, however the network cuts it."""

import json
from typing import Any

import pytest

from apps.inference.providers.base import Malformed, TooLong
from apps.inference.providers.openai import limits
from apps.inference.providers.openai.framing import documents

A, B = {"a": 1}, {"b": "x\u2028y"}
TEXT_A, TEXT_B = json.dumps(A).encode(), json.dumps(B, ensure_ascii=False).encode()
PRETTY = json.dumps(A, indent=1).encode()

FRAMES = {
    "events": (b"data: %s\n\ndata: %s\n\ndata: [DONE]\n\n" % (TEXT_A, TEXT_B), [A, B]),
    "without a space": (b"data:%s\n\ndata:%s\n\ndata:[DONE]\n\n" % (TEXT_A, TEXT_B), [A, B]),
    "carriage returns": (b"data: %s\r\n\r\ndata: %s\r\n\r\n" % (TEXT_A, TEXT_B), [A, B]),
    "returns alone": (b"data: %s\r\rdata: %s\r\r" % (TEXT_A, TEXT_B), [A, B]),
    "one line feed between": (b"data: %s\ndata: %s\n" % (TEXT_A, TEXT_B), [A, B]),
    "no line feed at the end": (b"data: %s\n\ndata: %s" % (TEXT_A, TEXT_B), [A, B]),
    "comments": (b": ping\n\ndata: %s\n\n:\n\ndata: %s\n\n" % (TEXT_A, TEXT_B), [A, B]),
    "named": (b"event: x\nid: 1\nretry: 5\ndata: %s\n\n" % TEXT_A, [A]),
    "in several lines": (b'data: {\ndata: "a":\ndata: 1}\n\ndata: %s\n\n' % TEXT_B, [A, B]),
    "empty data": (b"data:\n\ndata: \n\ndata: %s\n\n" % TEXT_A, [A]),
    "a mark of byte order": (b"\xef\xbb\xbfdata: %s\n\n" % TEXT_A, [A]),
    "a whole answer": (TEXT_A, [A]),
    "with space around": (b"\n\n  %s\n\n" % TEXT_A, [A]),
    "written to be read": (PRETTY, [A]),
    "to be read, with returns": (PRETTY.replace(b"\n", b"\r\n"), [A]),
    "with a mark": (b"\xef\xbb\xbf" + TEXT_A, [A]),
    "lines": (b"%s\n%s\n" % (TEXT_A, TEXT_B), [A, B]),
    "an unknown field": (b"data: %s\n\nfoo: bar\n\ndata: %s\n\n" % (TEXT_A, TEXT_B), [A, B]),
    "a list": (b"[1]", [[1]]),
    "nothing": (b"", []),
    "nothing after the end": (b"data: %s\n\ndata: [DONE]\n\ndata: {no" % TEXT_A, [A]),
    "control characters": (b'{"a": "x\ty"}', [{"a": "x\ty"}]),
}


@pytest.mark.parametrize(("content", "expected"), FRAMES.values(), ids=FRAMES.keys())
@pytest.mark.parametrize("size", [1, 2, 5, 10_000])
def test_the_documents_of_any_frame(content: bytes, expected: list[Any], size: int) -> None:
    """In their order, whatever the pieces."""
    pieces = [content[place : place + size] for place in range(0, len(content), size)]
    assert [one.value for one in documents(pieces) if not one.end] == expected


def test_a_document_is_there_as_soon_as_it_came() -> None:
    """The next piece is not waited for."""
    read: list[int] = []

    def pieces() -> Any:
        for number in range(3):
            read.append(number)
            yield b'data: {"n": %d}\n\n' % number

    found = documents(pieces())
    assert (next(found).value, read) == ({"n": 0}, [0])


@pytest.mark.parametrize(
    ("content", "event"),
    [(b'event: error\ndata: {"a": 1}\n\n', "error"), (b'error: {"a": 1}\n\n', "error"),
     (b'data: {"a": 1}\n\n', "")],
)  # fmt: skip
def test_an_event_keeps_its_name(content: bytes, event: str) -> None:
    """llama.cpp named its errors by a field of its own."""
    assert [one.event for one in documents([content])] == [event]


def test_the_end_is_told() -> None:
    """A stream that just stops was cut."""
    assert [one.end for one in documents([b"data: {}\n\ndata: [DONE]\n\n"])] == [False, True]


@pytest.mark.parametrize(
    "content",
    [b"hello", b"{", b"<html>", b"data: {no\n\n", b"data: no\n\n", b"[" * 100_000, b"{}{}",
     b'{"a":' * 100_000, b"\x00\x01", b"data: " + b"1" * 5_000 + b"\n\n"],
)  # fmt: skip
def test_what_is_no_json_is_malformed(content: bytes) -> None:
    """With nothing of it in the text."""
    with pytest.raises(Malformed, match="the answer does not fit"):
        list(documents([content]))


@pytest.mark.parametrize("line", [b"x" * 1000, b"data: x" + b"y" * 1000, b"{\n", b"data: {\n"])
def test_what_does_not_end_is_left(monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    """A line, or lines that never make a document."""
    monkeypatch.setattr(limits, "MOST_BYTES", 100_000)

    def pieces() -> Any:
        for _ in range(200_000):
            yield line
        pytest.fail("all of it was read")

    with pytest.raises(TooLong, match="no end"):
        list(documents(pieces()))
