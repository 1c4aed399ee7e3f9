"""Figures on a page are written for who reads it."""

from decimal import Decimal

import pytest
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from apps.accounts import operations as accounts
from apps.accounts.models import User
from apps.console.reader import amount, locale_of, number, percent, writing_for
from tests.factories.proposals import propose

requests = RequestFactory()


@pytest.mark.parametrize(
    ("asked", "chosen", "locale"),
    [
        ("", "", "en"),
        ("de-AT,de;q=0.9,en;q=0.5", "", "de-AT"),
        ("de-LI,en;q=0.5", "", "de"),
        ("fr;q=0.2, sv;q=0.9", "", "sv"),
        ("tlh, x-klingon;q=0.9", "", "en"),
        ("*", "", "en"),
        ("\u0000;;;q=é", "", "en"),
        ("de", "ja", "ja"),
    ],
)
def test_who_reads_has_chosen_or_their_browser_asks(asked: str, chosen: str, locale: str):
    """Only for what we know; anything else is English."""
    request = requests.get("/", headers={"Accept-Language": asked})
    assert locale_of(User(locale=chosen), request) == locale


def test_figures_are_written_in_the_locale_for_as_long_as_it_lasts():
    """Nothing of it is left for the next reader."""
    with writing_for("de"):
        assert amount(Decimal("1500.0000"), "EUR") == "1.500,00\u00a0€"
        assert number(1234.5, 1) == "1.234,5"
        assert percent(Decimal("-5.25"), signed=True) == "−5,3\u00a0%"
        with pytest.raises(RuntimeError), writing_for("ja"):
            raise RuntimeError
        assert number(1000) == "1.000"
    assert amount(Decimal("1500.0000"), "EUR") == "€1,500.00"
    assert number(7, signed=True) == "+7"


@pytest.mark.django_db
def test_a_page_has_the_amounts_of_its_reader(browse, world, workspace):
    """A German browser, a Japanese choice; the words stay English."""
    proposal = propose(workspace, "50", now=timezone.now())
    page = reverse("console:proposal", args=[proposal.pk])
    client = browse(world.rita)
    german = client.get(page, headers={"Accept-Language": "de-DE,de"}).content.decode()
    assert "50,00\u00a0€" in german
    assert "Approve" in german
    assert 'value="50.00"' in german  # what is typed is prefilled plainly
    accounts.set_appearance(user=world.rita, theme="auto", contrast="auto", locale="ja")
    chosen = client.get(page, headers={"Accept-Language": "de-DE,de"}).content.decode()
    assert "€50.00" in chosen
    assert "Accept-Language" in client.get(page)["Vary"]


@pytest.mark.django_db
def test_the_locale_is_chosen_among_the_preferences(browse, token, world):
    """Each with an example; one nobody knows is refused, and leaving it out changes nothing."""
    client = browse(world.rita)
    page = reverse("console:appearance")
    assert "Deutsch (Schweiz): CHF" not in client.get(page).content.decode()
    assert "Deutsch: 1.234.567,50\u00a0€" in client.get(page).content.decode()
    sent = {"csrfmiddlewaretoken": token(client), "theme": "auto", "contrast": "auto"}
    assert client.post(page, {**sent, "locale": "de"}).status_code == 302
    world.rita.refresh_from_db()
    assert world.rita.locale == "de"
    assert client.post(page, {**sent, "locale": "tlh"}).status_code == 422
    assert client.post(page, sent).status_code == 302
    world.rita.refresh_from_db()
    assert world.rita.locale == "de"
