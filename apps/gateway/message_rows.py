"""A customer's message out of whatever a mailbox or feed sends: what somebody wrote is never lost.

A field that cannot be read is read as empty and noted, so that a person still gets the rest. Pure.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from apps.gateway import email_address, record_fields
from apps.gateway.records import Message
from apps.gateway.rows import Note, Reader, dump

SAID = ("message_id", "sender", "subject", "body")
LONGEST_ID = 180  # characters: it goes into headers, and into the name of a case
MOST_WRITTEN = 500  # characters of a sender that are kept


def reader(*, now: datetime) -> Reader:
    """Reads rows that arrive now."""
    return lambda row, note: message_of(row, note, now=now)


def message_of(row: Any, note: Note, *, now: datetime) -> Message:
    """The message. Raises `ValueError` only for a row that says nothing at all.

    Without a readable time it was received `now`, without an identifier it gets one made from what
    it says.
    """
    if not isinstance(row, dict):
        raise ValueError(f"a message was expected, not {record_fields.kind_of(row)}")

    def field(name: str, read: Callable[[Any], Any], otherwise: Any) -> Any:
        try:
            return read(row.get(name))
        except ValueError as error:
            note(f"{name}: {error}")
            return otherwise

    subject = field("subject", record_fields.one_line, "")
    body = field("body", record_fields.words, "")
    written_by = field("sender", record_fields.one_line, "")[:MOST_WRITTEN]
    given = field("message_id", record_fields.name, "")
    if not any((subject, body.strip(), written_by, given)):
        raise ValueError("nothing is written in it")
    return Message(
        message_id=short(given) if given else made_of(row),
        sender=field("sender", lambda value: reachable(value, note), ""),
        written_by=written_by,
        subject=subject,
        body=body,
        order_number=field("order_number", record_fields.optional_name, None),
        received_at=field("received_at", record_fields.moment, now),
        in_reply_to=record_fields.message_ids(row.get("in_reply_to")),
        references=record_fields.message_ids(row.get("references")),
    )


def reachable(value: Any, note: Note) -> str:
    """The address to answer at; empty, and noted, where nobody can tell it."""
    try:
        return email_address.bare(record_fields.one_line(value))
    except (email_address.NoAddress, email_address.SeveralAddresses) as error:
        note(f"sender: {error} A person has to answer it.")
        return ""


def short(identifier: str) -> str:
    """The identifier, or one of its beginning and its hash where it is too long for a header."""
    if len(identifier) <= LONGEST_ID:
        return identifier
    return f"{identifier[:100]}-{digest(identifier)}"


def made_of(row: dict[str, Any]) -> str:
    """The identifier of a message that has none: the same for the same message."""
    return f"unnamed-{digest({name: row.get(name) for name in (*SAID, 'received_at')})}"


def distinct(messages: Sequence[Message]) -> list[Message]:
    """The messages, each once: two that say different things under one identifier are both kept.

    The one that was received first keeps the identifier.
    """
    seen: dict[str, set[str]] = {}
    renamed: dict[int, Message] = {}
    dropped: set[int] = set()
    by_age = sorted(range(len(messages)), key=lambda i: (messages[i].received_at, i))
    for place in by_age:
        message = messages[place]
        said = digest([message.sender, message.subject, message.body])
        earlier = seen.setdefault(message.message_id, set())
        if said in earlier:
            dropped.add(place)
        elif earlier:
            renamed[place] = message.model_copy(
                update={"message_id": f"{message.message_id}-{said[:12]}"}
            )
        earlier.add(said)
    kept = (renamed.get(i, row) for i, row in enumerate(messages) if i not in dropped)
    return list(kept)


def digest(value: Any) -> str:
    """A hash of what was read, 24 characters."""
    return hashlib.sha256(dump(value).encode()).hexdigest()[:24]
