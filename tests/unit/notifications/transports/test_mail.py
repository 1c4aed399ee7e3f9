"""Mail over a real server: what it says, and what each refusal means."""

from datetime import UTC, datetime

import pytest

from apps.gateway.errors import Refused, Unreachable
from apps.notifications.messages import SHOWN, Item
from apps.notifications.transports import mail
from apps.notifications.transports.base import Message

AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
EVIL = 'Refund\r\nBcc: all@example.com <b>now</b> "x" & <script>alert(1)</script>'


def message(count: int = 1, title: str = "Refund 5.00 EUR") -> Message:
    items = tuple(
        Item(kind="waiting", title=title, url=f"https://aios.example/proposals/{n}/",
             happened_at=AT)
        for n in range(count)
    )  # fmt: skip
    return Message(id="notice_1", items=items, place="Alpine", address="rita@example.com",
                   recipient="Rita", preferences_url="https://aios.example/preferences")  # fmt: skip


def test_untrusted_words_stay_words(mailbox):
    """No header, no markup, no recipient is made of a title."""
    mail.send(message(title=EVIL), AT)
    [told] = mailbox.mails
    assert told["To"] == "rita@example.com"
    assert told["Bcc"] is None
    page = told.get_body(("html",)).get_content()
    assert "<script" not in page
    assert "<b>now" not in page
    assert "&lt;b&gt;now&lt;/b&gt;" in page
    text = told.get_body(("plain",)).get_content()
    assert "Refund Bcc: all@example.com <b>now</b>" in text


def test_a_long_list_is_cut_and_counted(mailbox):
    """So many, and how many more."""
    mail.send(message(SHOWN + 5), AT)
    text = mailbox.mails[0].get_body(("plain",)).get_content()
    assert text.count("https://aios.example/proposals/") == SHOWN
    assert "And 5 more." in text


def test_id_and_date_are_given(mailbox):
    """So that a mail which comes twice can be known as one."""
    mail.send(message(), AT)
    mail.send(message(), AT)
    assert [told["Message-ID"] for told in mailbox.mails] == ["<notice_1@localhost>"] * 2
    assert mailbox.mails[0]["Date"].datetime == AT


@pytest.mark.parametrize(("answer", "error"), [
    ("550 5.1.1 No such mailbox", Refused), ("451 4.3.0 Later", Unreachable),
    ("452 4.2.2 Full", Unreachable), ("421 4.4.5 Bye", Unreachable),
])  # fmt: skip
def test_a_refusal_is_for_now_or_for_good(mailbox, answer, error):
    """As its number says."""
    mailbox.refusal = answer
    with pytest.raises(error) as caught:
        mail.send(message(), AT)
    assert isinstance(caught.value, Refused) == (error is Refused)
    assert answer[:3] in str(caught.value)


def test_nobody_there(settings):
    """Try again."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(Unreachable):
        mail.send(message(), AT)
