"""Whatever a mailbox sends: what somebody wrote is never lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.gateway.message_rows import LONGEST_ID, distinct, message_of
from apps.gateway.records import Message
from tests.factories.outside import message_row

NOW = datetime(2026, 11, 30, 13, tzinfo=UTC)


def read(row: Any) -> tuple[Message, list[str]]:
    notes: list[str] = []
    return message_of(row, notes.append, now=NOW), notes


def test_a_plain_message_has_nothing_odd() -> None:
    """Every field as it came."""
    message, notes = read(message_row("m1", order_number="1001"))
    assert not notes
    assert (message.message_id, message.sender, message.subject, message.body) == (
        "m1", "ann@x.example", "Hello", "Where?",
    )  # fmt: skip
    assert message.received_at == datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert message.order_number == "1001"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"subject": None}, {"subject": ""}),
        ({"body": None}, {"body": ""}),
        ({"order_number": 1001}, {"order_number": "1001"}),
        ({"order_number": ""}, {"order_number": None}),
        ({"message_id": 7}, {"message_id": "7"}),
        ({"subject": "a\r\nBcc: eve@y.example"}, {"subject": "a Bcc: eve@y.example"}),
        ({"sender": "Ann Lee <annlee@x.example>"}, {"sender": "annlee@x.example"}),
        ({"sender": "ann@bücher.example"}, {"sender": "ann@xn--bcher-kva.example"}),
        ({"received_at": "2026-11-30T12:00:00"}, {"received_at": NOW - timedelta(hours=1)}),
        ({"in_reply_to": "<m0@x.example>"}, {"in_reply_to": ("<m0@x.example>",)}),
        ({"references": "<a@x> <b@x>"}, {"references": ("<a@x>", "<b@x>")}),
        ({"references": 7}, {"references": ()}),
    ],
)  # fmt: skip
def test_what_has_one_reading_is_read(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    """Without a word."""
    message, notes = read(message_row("m1", **fields))
    assert not notes
    assert {name: getattr(message, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sender": "a@x.example, b@y.example"}, {"sender": "", "body": "Where?"}),
        ({"sender": None}, {"sender": "", "written_by": ""}),
        ({"sender": ["a@x.example"]}, {"sender": "", "written_by": ""}),
        ({"sender": "unknown"}, {"sender": "", "written_by": "unknown"}),
        ({"sender": "müller@x.example"}, {"sender": "", "written_by": "müller@x.example"}),
        ({"subject": ["x"]}, {"subject": "", "body": "Where?"}),
        ({"order_number": True}, {"order_number": None}),
        ({"order_number": 10.5}, {"order_number": None}),
        ({"received_at": None}, {"received_at": NOW}),
        ({"received_at": "soon"}, {"received_at": NOW}),
        ({"received_at": "0001-01-01T00:00:00Z"}, {"received_at": NOW}),
    ],
)  # fmt: skip
def test_what_has_none_is_left_out_and_told(
    fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    """The rest of the message stays."""
    message, notes = read(message_row("m1", **fields))
    assert notes
    assert next(iter(fields)) in notes[0]
    assert {name: getattr(message, name) for name in expected} == expected


@pytest.mark.parametrize("row", [None, [], "text", 7, {}, {"message_id": None, "body": " "},
                                 {"received_at": "2026-11-30T12:00:00Z"}])  # fmt: skip
def test_only_what_says_nothing_is_no_message(row: Any) -> None:
    """Somebody who wrote only a subject wrote."""
    with pytest.raises(ValueError):
        read(row)
    assert read({"subject": "Help"})[0].subject == "Help"


def test_without_an_identifier_it_gets_one() -> None:
    """The same for the same message, another for another."""
    row = message_row(None)
    (one, _), (again, _), (other, _) = read(row), read(dict(row)), read({**row, "body": "And?"})
    assert one.message_id == again.message_id
    assert one.message_id != other.message_id


def test_an_endless_identifier_fits_a_header() -> None:
    """And is still that of this message alone."""
    ends = {read(message_row("x" * 200 + end))[0].message_id for end in "ab"}
    assert len(ends) == 2
    assert all(len(one) <= LONGEST_ID for one in ends)


def test_a_message_survives_a_checkpoint() -> None:
    """What was read once is read the same again."""
    for row in (message_row("1", sender="Ann <ann@bücher.example>"), message_row(2, sender="x")):
        message, _ = read(row)
        assert Message.model_validate(message.model_dump(mode="json")) == message


def test_two_that_share_an_identifier_are_both_kept() -> None:
    """The first keeps it; the same message twice is one."""
    first, _ = read(message_row("m", body="First", received_at="2026-11-30T10:00:00Z"))
    second, _ = read(message_row("m", body="Second"))
    found = distinct([second, first, second])
    assert [one.body for one in found] == ["Second", "First"]
    assert found[1].message_id == "m"
    assert found[0].message_id.startswith("m-")
    assert distinct([first, second]) == [found[1], found[0]]


def test_messages_of_several_mailboxes_have_names_of_their_own() -> None:
    """Those of the first keep theirs."""
    message, _ = read(message_row(7))
    assert message.key == "7"
    assert message.model_copy(update={"mailbox": "Support"}).key == "Support:7"
