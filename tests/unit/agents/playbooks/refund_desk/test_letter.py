"""What a customer wrote themselves."""

import pytest

from apps.agents.playbooks.refund_desk.letter import masked, own_words
from apps.agents.playbooks.refund_desk.replies import message
from tests.factories import agents as make


@pytest.mark.parametrize(
    ("line", "old"),
    [
        ("On Mon, 2 Nov 2026 at 10:00, Shop <shop@demo.example> wrote:", "it is broken"),
        ("Am 02.11.2026 um 10:00 schrieb Shop:", "es ist kaputt"),
        ("Le 2 nov. 2026 à 10:00, Shop a écrit :", "cassé"),
        ("El 2 nov 2026 a las 10:00, Shop escribió:", "roto"),
        ("Il giorno 2 nov 2026, Shop ha scritto:", "rotto"),
        ("Op 2 nov. 2026 om 10:00 schreef Shop:", "kapot"),
        ("-----Original Message-----", "broken"),
        ("Von: Shop\nGesendet: Montag", "kaputt"),
    ],
)
def test_an_earlier_mail_is_not_read(line: str, old: str) -> None:
    """However the mail program marks it."""
    text = own_words("Re: yours", f"All is well now.\n\n{line}\n{old}\n> {old}")
    assert text == "Re: yours\nAll is well now."


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "nl"])
def test_our_own_sentences_are_not_the_customers(language: str) -> None:
    """Even where nothing marks the quote."""
    ours = message("goodwill", language=language, to="a@b.example", message_id="m", number="1042")
    kept = own_words("", f"OK!\n{ours['body']}")
    assert "1042" not in kept
    assert kept.startswith("OK!")


def test_a_signature_is_left_out_and_a_postscript_kept() -> None:
    """The firm is called Broken Arrow; the postscript is the customer's."""
    text = own_words("", "Where is it?\n\nKind regards,\nAnn\nBroken Arrow Ltd\n\nPS: it is red")
    assert "Broken" not in text
    assert "PS: it is red" in text


def test_nothing_of_their_own_leaves_the_whole() -> None:
    """A mail that only quotes is still read."""
    assert "broken" in own_words("", "> it is broken")


def test_names_of_articles_are_no_signs() -> None:
    """Whole names only."""
    line = make.order().lines[0].model_copy(update={"title": "Latex / Blue"})
    order = make.order(lines=[line])
    assert masked("My latex gloves, not Latexo", order) == "My … gloves, not Latexo"
