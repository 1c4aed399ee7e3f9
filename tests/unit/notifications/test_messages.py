"""Notices in words: short, on one line, and harmless wherever they go."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from apps.notifications.messages import (
    CHAT_SHOWN,
    Item,
    chat,
    envelope,
    escape_chat,
    one_line,
    ordered,
    subject,
)

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)


def item(title: str = "Refund order 1017", **changes) -> Item:
    given = {"kind": "waiting", "url": "https://aios.example/proposals/1/", "happened_at": AT,
             "risk": "medium", "amount": Decimal("1250.5"), "currency": "EUR",
             "due_at": AT + timedelta(hours=5)}  # fmt: skip
    return Item(title=title, **(given | changes))


def test_one_is_told_by_what_it_is_about():
    """Kind and title; risk, amount and due time as facts."""
    assert subject([item()], "Alpine") == "Waits for you: Refund order 1017"
    assert item().facts == ["medium risk", "€1,250.50", "due 21 Nov, 14:00 UTC"]
    assert subject([item(risk="high")], "Alpine").startswith("High risk: ")


def test_many_are_counted():
    """With how many of them are of high risk; those come first, then what is due first."""
    later = item("later", due_at=AT + timedelta(hours=9))
    items = [later, item("sooner"), item("high", risk="high")]
    assert subject(items, "Alpine") == "3 notices from Alpine, 1 of high risk"
    assert [one.title for one in ordered(items)] == ["high", "sooner", "later"]


def test_a_title_stays_on_one_line():
    """No header can be made of it, no direction turned around, no wall of text."""
    evil = "Refund\r\nBcc: all@example.com\u2028\u202egnp.exe\x00" + "x" * 500
    told = one_line(evil, 120)
    assert len(told) <= 120
    assert not set(told) & set("\r\n\u2028\u202e\x00")
    assert "\n" not in subject([item(evil)], "Al\npine")
    assert "\n" not in subject([item(), item()], "Al\npine")


def test_a_chat_shows_untrusted_text_literally():
    """No mention of everybody, no link, no bold, no end of the link around it."""
    evil = "<!channel> <https://evil.example|click> *bold* `code` @here & a|b>"
    escaped = escape_chat(evil)
    assert "<" not in escaped
    assert ">" not in escaped
    assert "&lt;!channel&gt;" in escaped
    told = chat([item(evil)], "<!here>", "<@U123>")
    text = " ".join(block["text"]["text"] for block in told["blocks"]) + told["text"]
    links = [part.partition(">")[0] for part in text.split("<")[1:]]
    assert len(links) == 1  # our own
    assert links[0].startswith("https://aios.example/proposals/1/|")
    assert links[0].count("|") == 1


def test_a_chat_calls_nobody():
    """No `@all` however a chat finds mentions: as a word (Mattermost) or anywhere (Discord)."""
    for name in ("everyone", "here", "channel", "all"):
        told = json.dumps(
            chat([item(f"Refund (@{name})", detail=f"@{name}")], f"@{name}", f"@{name}"),
            ensure_ascii=False,
        )
        assert not re.search(rf"@{name}", told)
        assert name in told


def test_a_chat_that_reads_markdown_shows_no_link_but_ours():
    """What leads elsewhere is not dressed as a word of ours."""
    told = chat([item("[Approve](https://evil.example)")], "Alpine", "")
    assert "](" not in json.dumps(told)


def test_a_chat_gets_no_wall():
    """A few, and how many more there are."""
    told = chat([item() for _ in range(CHAT_SHOWN + 7)], "Alpine", "")
    assert told["blocks"][-1]["text"]["text"] == "And 7 more."
    assert len(told["blocks"]) == CHAT_SHOWN + 2


def test_a_program_gets_type_time_and_data():
    """As the specification recommends; money as text, times in UTC."""
    told = envelope(item(subject="p-1"), "Alpine")
    assert told["type"] == "notice.waiting"
    assert told["timestamp"] == "2026-11-21T09:00:00Z"
    assert told["data"]["amount"] == "1250.50"
    assert told["data"]["subject"] == "p-1"
