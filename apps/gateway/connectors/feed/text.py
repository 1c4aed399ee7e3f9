"""A download as text: decoded piece by piece, never more of it in memory than one row needs."""

import codecs
import re
from collections.abc import Iterable, Iterator

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
BLANK = " \t\r\n\ufeff"


class NotRows(Exception):
    """The feed as a whole cannot be read; the text says why and where."""


class Broken:
    """A row that is not even well-formed: its text, and why."""

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        self.reason = reason


class Text:
    """The text of a download. `buffer` from `place` on is what has been read and not used."""

    def __init__(self, chunks: Iterable[bytes], content_type: str = "") -> None:
        self._chunks = iter(chunks)
        first = next(self._chunks, b"")
        while len(first) < 4 and (more := next(self._chunks, None)) is not None:
            first += more
        self._decoder = decoder(first, content_type)
        self.buffer = self._decode(first)
        self.place = 0
        self.ended = False

    def more(self, least: int = 1) -> bool:
        """Read on, at least so many characters if there are any; False at the end."""
        pieces = [self.buffer[self.place :]]
        wanted = len(pieces[0]) + least
        length = len(pieces[0])
        while length < wanted and not self.ended:
            chunk = next(self._chunks, None)
            piece = self._decode(chunk or b"", final=chunk is None)
            self.ended = chunk is None
            pieces.append(piece)
            length += len(piece)
        grew = length > len(pieces[0])
        self.buffer, self.place = "".join(pieces), 0
        return grew

    def _decode(self, piece: bytes, *, final: bool = False) -> str:
        """The text of a piece. Raises `NotRows`: `utf-16` without a BOM is none."""
        try:
            return self._decoder.decode(piece, final)
        except UnicodeError as error:
            raise NotRows(f"it is not in the character set it names: {error}") from error

    def skip_blank(self) -> str:
        """The next sign that is not blank, which is not used up; empty at the end."""
        while True:
            buffer, place = self.buffer, self.place
            while place < len(buffer) and buffer[place] in BLANK:
                place += 1
            self.place = place
            if place < len(buffer):
                return buffer[place]
            if not self.more():
                return ""

    def ahead(self, most: int) -> str:
        """What comes next, which is not used up."""
        return self.buffer[self.place : self.place + most]

    def line_ahead(self) -> str:
        """The line that comes next, which is not used up."""
        while True:
            end = self.buffer.find("\n", self.place)
            if end >= 0:
                return self.buffer[self.place : end]
            if not self.more(max(len(self.buffer) - self.place, 1)):
                return self.buffer[self.place :]

    def has_another_line(self) -> bool:
        """Whether anything comes after the line that comes next; nothing is used up."""
        length = len(self.line_ahead())
        while not self.buffer[self.place + length :].strip():
            if not self.more():
                return False
        return True

    def lines(self) -> Iterator[str]:
        """What is left, line by line, each with the sign at its end; the last may have none."""
        while True:
            end = self.buffer.find("\n", self.place)
            if end >= 0:
                line = self.buffer[self.place : end + 1]
                self.place = end + 1
                yield line
            elif not self.more(max(len(self.buffer) - self.place, 1)):
                break
        if rest := self.buffer[self.place :]:
            self.place = len(self.buffer)
            yield rest


def decoder(first: bytes, content_type: str) -> codecs.IncrementalDecoder:
    """For the encoding the download begins with or its content type names, else UTF-8.

    What is no letter in it becomes U+FFFD: it must not hide the rows around it.
    """
    named = CHARSET.search(content_type)
    encoding = next((name for bom, name in BOMS if first.startswith(bom)), named and named[1])
    try:
        found = codecs.lookup(encoding or "utf-8")
    except LookupError:
        raise NotRows(f"Nobody knows the character set '{encoding}'.") from None
    if not getattr(found, "_is_text_encoding", True):
        raise NotRows(f"'{encoding}' is no character set.")
    return codecs.getincrementaldecoder(found.name)(errors="replace")
