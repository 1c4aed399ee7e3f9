"""Exchange rates in the admin: typed one by one or as a sheet, with their age, and with events."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Workspace
from apps.audit.models import Event
from apps.policies.currency_admin import aged
from apps.policies.models import CurrencySetting, ExchangeRate
from tests.conftest import Cast

ADD = "admin:policies_exchangerate_add"
LIST = "admin:policies_exchangerate_changelist"


@pytest.fixture
def olgas(cast: Cast, client: Client) -> Client:
    """Olga, who owns the workspace."""
    client.force_login(cast.olga)
    return client


def today(days: int = 0) -> date:
    """So many days ago, by the clock the admin has."""
    return datetime.now(UTC).date() - timedelta(days=days)


def form(workspace: Workspace, **changes: Any) -> dict[str, Any]:
    """What the page sends."""
    values = {"workspace": workspace.pk, "base": "EUR", "quote": "JPY", "rate": "178.5",
              "as_of": today().isoformat(), "source": "ECB", "sheet": ""}  # fmt: skip
    return values | changes


def post(client: Client, values: dict[str, Any], path: str = "") -> str:
    """The page after saving."""
    return client.post(path or reverse(ADD), values, follow=True).content.decode()


def test_a_rate_is_typed_and_seen_with_its_age(olgas: Client, workspace: Workspace) -> None:
    """In the list, with where it is from; and in the audit log."""
    assert olgas.get(reverse(ADD)).status_code == 200
    page = post(olgas, form(workspace, quote="jpy"))
    assert "Kept: 1 EUR in JPY." in page
    assert ">1 EUR in JPY</a>” was added" in page
    post(olgas, form(workspace, quote="KWD", rate="0.3561", as_of=today(30).isoformat()))
    page = olgas.get(reverse(LIST)).content.decode()
    assert "178.5" in page
    assert "30 days, too old: a person decides" in page
    assert Event.objects.filter(kind="rate.kept").count() == 2


def test_a_new_rate_waits_for_another_person(
    olgas: Client, cast: Cast, workspace: Workspace
) -> None:
    """Whoever typed it is told so, on saving and on trying to confirm it; another one confirms."""
    assert "Not in force yet: 1 EUR in JPY." in post(olgas, form(workspace))
    rate = ExchangeRate.objects.get()
    ticked = {"action": "confirm", "_selected_action": [rate.pk]}
    assert "It is your own change" in post(olgas, ticked, reverse(LIST))
    assert "waits for a second person" in olgas.get(reverse(LIST)).content.decode()
    ottos = Client()
    ottos.force_login(cast.otto)
    post(olgas, form(workspace, rate="178.6"))
    assert "has changed since you looked" in post(ottos, ticked, reverse(LIST))
    ticked["_selected_action"] = [ExchangeRate.objects.get().pk]
    page = post(ottos, ticked, reverse(LIST))
    assert "In force: 1 EUR in JPY, 178.6." in page
    assert "waits for a second person" not in page


def test_a_sheet_is_pasted(olgas: Client, workspace: Workspace) -> None:
    """As the European Central Bank publishes it."""
    sheet = f"Date, USD, JPY, \n{today():%d %B %Y}, 1.0521, 178.50, \n"
    empty = {"base": "", "quote": "", "rate": "", "as_of": "", "source": ""}
    assert "Kept: " in post(olgas, form(workspace, sheet=sheet, **empty))
    assert set(ExchangeRate.objects.values_list("base", "quote", "source")) == {
        ("EUR", "USD", "ECB"),
        ("EUR", "JPY", "ECB"),
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rate": "-1"}, "A rate is a number above 0"),
        ({"rate": "0"}, "Give the rate too"),
        ({"quote": "YEN"}, "is no currency code"),
        ({"quote": "EUR"}, "to itself"),
        ({"as_of": "2999-01-01"}, "is in the future"),
        ({"rate": ""}, "Give the rate too, or a whole sheet."),
        ({"sheet": "nonsense"}, "The first line has to be"),
    ],
)
def test_what_is_no_rate_is_refused_on_the_page(
    olgas: Client, workspace: Workspace, changes: dict[str, str], why: str
) -> None:
    """With the reason, and nothing is kept or told."""
    assert why in post(olgas, form(workspace, **changes))
    assert not ExchangeRate.objects.exists()
    assert not Event.objects.filter(kind="rate.kept").exists()


def test_a_kept_rate_is_renewed_and_removed(olgas: Client, workspace: Workspace) -> None:
    """Its currencies stay; an older rate is refused; each is told. A page left open is too late."""

    def page_of(rate: ExchangeRate) -> str:
        return reverse("admin:policies_exchangerate_change", args=[rate.pk])

    post(olgas, form(workspace))
    [rate] = ExchangeRate.objects.all()
    page = page_of(rate)
    assert olgas.get(page).status_code == 200
    post(olgas, form(workspace, rate="180", quote="KWD"), page)
    [renewed] = ExchangeRate.objects.all()
    assert (renewed.quote, renewed.rate) == ("JPY", 180)
    assert "doesn’t exist" in post(olgas, form(workspace, rate="182"), page)
    older = form(workspace, rate="181", as_of=today(2).isoformat())
    assert "are kept already" in post(olgas, older, page_of(renewed))
    post(olgas, {"post": "yes"}, reverse("admin:policies_exchangerate_delete", args=[renewed.pk]))
    assert not ExchangeRate.objects.exists()
    assert Event.objects.filter(kind="rate.removed").count() == 1


def test_several_are_removed_with_an_event_each(olgas: Client, workspace: Workspace) -> None:
    """From the list."""
    for quote, rate in (("JPY", "178"), ("KWD", "0.35")):
        post(olgas, form(workspace, quote=quote, rate=rate))
    chosen = [str(pk) for pk in ExchangeRate.objects.values_list("pk", flat=True)]
    post(olgas, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"},
         reverse(LIST))  # fmt: skip
    assert not ExchangeRate.objects.exists()
    assert Event.objects.filter(kind="rate.removed").count() == 2


def test_rates_of_others_are_neither_seen_nor_made(
    cast: Cast, client: Client, workspace: Workspace, now: datetime
) -> None:
    """Mallory's pages know nothing of the workspace."""
    rate = ExchangeRate.objects.create(workspace=workspace, base="EUR", quote="JPY", rate=178,
                                       told=178, as_of=today(), source="our own bank", added_by="u",
                                       added_at=now)  # fmt: skip
    client.force_login(cast.mallory)
    assert "our own bank" not in client.get(reverse(LIST)).content.decode()
    client.post(reverse(ADD), form(workspace, quote="KWD", rate="0.35"))
    client.post(reverse("admin:policies_exchangerate_delete", args=[rate.pk]), {"post": "yes"})
    assert list(ExchangeRate.objects.all()) == [rate]


def test_a_reviewer_has_nothing_to_do_there(cast: Cast, client: Client) -> None:
    """Only who configures the workspace."""
    client.force_login(cast.rita)
    assert client.get(reverse(LIST)).status_code in (302, 403)


def test_the_currency_of_the_workspace_is_set(olgas: Client, workspace: Workspace) -> None:
    """Told in the audit log; a code that is none is refused."""
    add = reverse("admin:policies_currencysetting_add")
    assert olgas.get(add).status_code == 200
    values = {"workspace": workspace.pk, "currency": "jpy", "rates_max_age_days": "3"}
    assert olgas.post(add, values).status_code == 302
    setting = CurrencySetting.objects.get()
    assert (setting.currency, setting.rates_max_age_days) == ("JPY", 3)
    page = reverse("admin:policies_currencysetting_change", args=[setting.pk])
    assert "is no currency code" in post(olgas, values | {"currency": "YEN"}, page)
    post(olgas, values | {"rates_max_age_days": "9"}, page)
    assert CurrencySetting.objects.get().rates_max_age_days == 9
    post(olgas, values | {"rates_max_age_days": "900"}, page)
    assert CurrencySetting.objects.get().rates_max_age_days == 9
    assert Event.objects.filter(kind="currency.changed").count() == 2


@pytest.mark.parametrize(("days", "words"), [(0, "today"), (1, "1 day"), (7, "7 days"),
                                            (8, "8 days, too old: a person decides")])  # fmt: skip
def test_an_age_in_words(days: int, words: str) -> None:
    """Too old is said."""
    day = date(2026, 11, 21)
    assert aged(day - timedelta(days=days), day, 7) == words
