"""Notices in words: a subject, lines with a link each, and the same for chats and programs. Pure.

What comes from outside (titles, errors) is untrusted: it is cut, kept on one line, and escaped
for where it goes. Nothing here says more than what a proposal is about.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from apps.money.currency import written
from apps.money.display import DEFAULT
from apps.money.display import amount as display

BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
TITLE = 120  # characters of a title; of a detail twice as many
SHOWN = 20  # items of one message that are told each
CHAT_SHOWN = 10

HEADLINES = {
    "waiting": "Waits for you",
    "returned": "Came back to you",
    "answered": "Your question was answered",
    "due": "Due soon",
    "overdue": "Nobody has decided in time",
    "claimed": "You still hold this",
    "needs_person": "A person has to look",
    "failed": "Not carried out",
    "stopped": "Kill switch engaged",
    "away": "A back end does not answer",
    "budget": "A budget is used up",
    "run_failed": "A run has failed",
    "policy": "A policy change waits",
    "rates": "Exchange rates have moved",
    "test": "This is a test",
}
FOR_ALL = {"waiting": "Waits for a reviewer", "returned": "Came back to the reviewers"}


@dataclass(frozen=True, kw_only=True)
class Item:
    """What one notice tells: `risk` is high, medium, low or empty; `url` opens the page."""

    kind: str
    title: str
    url: str
    happened_at: datetime
    subject: str = ""
    risk: str = ""
    amount: Decimal | None = None
    currency: str = ""
    due_at: datetime | None = None
    detail: str = ""
    for_all: bool = False
    locale: str = DEFAULT  # in which the recipient reads amounts

    @property
    def headline(self) -> str:
        """What is up, in a few words."""
        return headline_of(self.kind, for_all=self.for_all)

    @property
    def name(self) -> str:
        """The title on one line, cut."""
        return one_line(self.title, TITLE)

    @property
    def facts(self) -> list[str]:
        """Risk, amount, due time and detail, as far as there are any."""
        money = display(self.amount, self.currency, self.locale) if self.amount is not None else ""
        due = f"due {moment(self.due_at)}" if self.due_at else ""
        risk = f"{self.risk} risk" if self.risk else ""
        return [fact for fact in (risk, money, due, one_line(self.detail, 2 * TITLE)) if fact]


def headline_of(kind: str, *, for_all: bool) -> str:
    """A kind in a few words, for the person it is about or for all."""
    return (FOR_ALL if for_all else {}).get(kind) or HEADLINES[kind]


def one_line(text: str, longest: int) -> str:
    """Untrusted text on one line without control characters, cut with an ellipsis."""
    plain = BLANK.sub(" ", text).strip()
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def moment(at: datetime) -> str:
    """A time as mails say it, in UTC."""
    return f"{at.astimezone(UTC):%d %b, %H:%M} UTC"


def subject(items: Sequence[Item], place: str) -> str:
    """The subject line: what one is about, or how many there are."""
    if len(items) == 1:
        first = items[0]
        urgent = "High risk: " if first.risk == "high" else ""
        return f"{urgent}{first.headline}: {first.name}"
    high = sum(item.risk == "high" for item in items)
    tail = f", {high} of high risk" if high else ""
    return f"{len(items)} notices from {one_line(place, TITLE)}{tail}"


def ordered(items: Sequence[Item]) -> list[Item]:
    """High risk first, then what is due first."""
    rank = {"high": 0, "medium": 1, "low": 2}
    far = datetime.max.replace(tzinfo=UTC)
    return sorted(items, key=lambda item: (rank.get(item.risk, 1), item.due_at or far))


def escape_chat(text: str) -> str:
    """Text as a chat shows it literally: the three characters that begin Slack's markup, those
    that make it bold or code, the link of those who read Markdown, and mentions.

    The invisible space stands behind the `@`: before it, `@all` would still be a word of its own.
    """
    for raw, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(raw, safe)
    text = re.sub(r"([*_~`]|(?<=\])\()", "\u200b\\1", text)
    return text.replace("@", "@\u200b")


def chat(items: Sequence[Item], place: str, recipient: str) -> dict[str, Any]:
    """A message for a Slack-compatible incoming webhook: `text` and `blocks`."""
    shown = ordered(items)[:CHAT_SHOWN]
    to = f"For {escape_chat(one_line(recipient, TITLE))}: " if recipient else ""
    blocks = [section(f"{to}*{escape_chat(one_line(place, TITLE))}*")]
    for item in shown:
        facts = " · ".join(escape_chat(fact) for fact in item.facts)
        line = f"*{escape_chat(item.headline)}*: <{item.url}|{link_text(item.name)}>"
        blocks.append(section(f"{line}\n{facts}" if facts else line))
    if left := len(items) - len(shown):
        blocks.append(section(f"And {left} more."))
    return {"text": escape_chat(subject(items, place)), "blocks": blocks}


def link_text(text: str) -> str:
    """The words of a link: a bar would end its address."""
    return escape_chat(text.replace("|", "¦")) or "Open"


def section(text: str) -> dict[str, Any]:
    """A block of mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def envelope(item: Item, workspace: str) -> dict[str, Any]:
    """The body of a webhook: `type`, `timestamp` and `data`, as Standard Webhooks recommends."""
    return {
        "type": f"notice.{item.kind}",
        "timestamp": item.happened_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {
            "workspace": workspace,
            "subject": item.subject,
            "headline": item.headline,
            "title": item.name,
            "risk": item.risk or None,
            "amount": None if item.amount is None else written(item.amount, item.currency),
            "currency": item.currency or None,
            "due_at": item.due_at.astimezone(UTC).isoformat() if item.due_at else None,
            "detail": one_line(item.detail, 2 * TITLE) or None,
            "url": item.url,
        },
    }
