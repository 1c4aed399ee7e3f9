"""From bytes to JSON documents, whatever the frame: a JSON text, JSON lines, server-sent events.

The content type is not believed: servers send events as `text/plain`, whole answers to who asked
for a stream, and streams to who did not. Pure.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from apps.inference.providers.base import Malformed, TooLong
from apps.inference.providers.openai import limits

_EMPTY = re.compile(rb"[\r\n]{4,}")  # many empty lines say no more than one
_END = re.compile(rb"\r\n|\n|\r")  # never U+2028, which may stand inside of JSON
# `error:` is no field of the standard; llama.cpp wrote its errors so
_FIELD = re.compile(rb"(data|event|id|retry|error)(?::|$) ?")
_DONE = re.compile(rb'"?\[done\]"?', re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A JSON value with the name of its event. `framed` is whether more may follow; `end` is the
    mark of a stream's end, without a value."""

    value: Any = None
    event: str = ""
    framed: bool = False
    end: bool = False


class _Reader:
    """Takes line by line; knows what has not made a document yet."""

    def __init__(self) -> None:
        self.event = ""
        self.data: list[bytes] = []
        self.loose: list[bytes] = []  # lines outside of any event
        self.framed = False
        self.size = 0  # of what is not handed on yet

    def line(self, line: bytes) -> Iterator[Document]:
        """The documents this line completes."""
        self.size += len(line)
        _check(self.size)
        if not line.strip():
            yield from self.dispatch()
            self.event = ""
        elif found := _FIELD.match(line):
            self.framed = True
            yield from self.field(found.group(1), line[found.end() :])
        elif not line.startswith(b":"):
            yield from self.bare(line)

    def field(self, name: bytes, value: bytes) -> Iterator[Document]:
        """A line of an event."""
        if name == b"event":
            self.event = value.decode("utf-8", "replace").strip()[:100]
        elif name in (b"data", b"error"):
            self.event = "error" if name == b"error" else self.event
            yield from self.piece(value)

    def piece(self, value: bytes) -> Iterator[Document]:
        """Data: usually a whole document in one line, also where no empty line follows."""
        text = value.strip()
        if _DONE.fullmatch(text):
            yield from self.dispatch()
            yield Document(end=True)
        elif not self.data and text[:1] == b"{" and text[-1:] == b"}":
            try:
                found = parse(text)
            except Malformed:
                self.data.append(value)
            else:
                self.size = 0
                yield Document(value=found, event=self.event, framed=True)
        elif text:
            self.data.append(value)

    def dispatch(self) -> Iterator[Document]:
        """The event whose data came in several lines."""
        if self.data:
            value = parse(b"\n".join(self.data))
            self.data, self.size = [], 0
            yield Document(value=value, event=self.event, framed=True)

    def bare(self, line: bytes) -> Iterator[Document]:
        """A line of JSON, or a piece of a JSON text."""
        text = line.strip()
        if not self.loose and text[:1] == b"{" and text[-1:] == b"}":
            try:
                value = parse(text)
            except Malformed:
                pass
            else:
                self.size = 0
                yield Document(value=value, framed=self.framed)
                return
        self.loose.append(line)

    def close(self) -> Iterator[Document]:
        """What is left at the end."""
        yield from self.dispatch()
        if self.loose and not self.framed:  # between events, what is no event is ignored
            yield Document(value=parse(b"\n".join(self.loose)))


def documents(pieces: Iterable[bytes]) -> Iterator[Document]:
    """The documents in the order they come, each as soon as it is there. Raises `Malformed`."""
    reader, first = _Reader(), True
    for line in lines(pieces):
        content = line.removeprefix(b"\xef\xbb\xbf") if first else line
        first = False
        for document in reader.line(content):
            yield document
            if document.end:
                return
    yield from reader.close()


def lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, without their ends; one that is too long raises `Malformed`."""
    held, after_return = bytearray(), False
    for piece in pieces:
        content = piece[1:] if after_return and piece.startswith(b"\n") else piece
        after_return = piece.endswith(b"\r")
        *done, rest = _END.split(_EMPTY.sub(b"\n\n", content))
        for line in done:
            yield bytes(held) + line
            held.clear()
        held += rest
        _check(len(held))
    if held:
        yield bytes(held)


def _check(size: int) -> None:
    """Raise `TooLong` for what is no answer any more."""
    if size > limits.MOST_BYTES:
        raise TooLong(f"the answer has no end: more than {limits.MOST_BYTES} bytes")


def parse(text: bytes) -> Any:
    """The JSON value; half characters and control characters in strings are let in here.

    Raises `Malformed` with nothing of the text in it.
    """
    try:
        return json.loads(text.decode("utf-8", "surrogateescape"), strict=False)
    except RecursionError:
        raise Malformed("the answer does not fit: nested too deeply") from None
    except ValueError:
        raise Malformed("the answer does not fit: it is not JSON") from None
