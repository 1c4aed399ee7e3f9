"""The rates a workspace keeps and what it converts with them."""

from datetime import date, timedelta
from decimal import ROUND_UP, Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.audit.models import Event, Payload
from apps.money.currency import UnknownCurrency
from apps.policies import currencies, operations, publishing, queries
from apps.policies.currencies import LoosensLimits
from apps.policies.exchange import InvalidRate, Rate
from apps.policies.models import CurrencySetting, ExchangeRate
from tests.conftest import LIMITS, RULES
from tests.factories.rates import keep_in_force

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)


def rate(value: str, base: str = "EUR", quote: str = "JPY", as_of: date = DAY) -> Rate:
    return Rate(base=base, quote=quote, rate=Decimal(value), as_of=as_of, source="ECB")


def keep(workspace, now, *rates: Rate):
    return keep_in_force(workspace=workspace, rates=rates, by="user:olga", now=now)


def told(kind: str) -> list[dict]:
    """What events of a kind say, in their order."""
    ids = Event.objects.filter(kind=kind).order_by("id").values_list("pk", flat=True)
    return [Payload.objects.get(event_id=pk).fields for pk in ids]


def convert(workspace, now, amount="15", currency="EUR", to="JPY", **how):
    return queries.convert(workspace_id=workspace.pk, amount=Decimal(amount), currency=currency,
                           to=to, now=now, **how)  # fmt: skip


def test_rates_are_kept_with_an_event_each(workspace, now):
    """Who added it, of which day and from where; the same once more is no news."""
    for expected in (2, 0):
        changed = keep(workspace, now, rate("178.5"), rate("0.3561", quote="KWD"))
        assert len(changed) == expected
    assert told("rate.kept")[0] == {"base": "EUR", "quote": "JPY", "rate": "178.5",
                                    "as_of": "2026-11-20", "source": "ECB"}  # fmt: skip
    assert len(told("rate.kept")) == 2
    row = ExchangeRate.objects.get(quote="JPY")
    assert (row.added_by, row.added_at) == ("user:olga", now)


def test_a_newer_rate_takes_the_place_of_the_older(workspace, now):
    """An older one does not, and the same day's is corrected; a pair is kept one way round."""
    keep(workspace, now, rate("178.5"))
    assert keep(workspace, now, rate("170", as_of=DAY - timedelta(days=1))) == []
    assert keep(workspace, now, rate("179"))
    assert ExchangeRate.objects.get().rate == 179
    keep(workspace, now, rate("0.0055", base="JPY", quote="EUR", as_of=DAY + timedelta(days=1)))
    assert [(r.base, r.quote) for r in ExchangeRate.objects.all()] == [("JPY", "EUR")]


def test_an_older_rate_changes_nothing_whichever_way_round_it_is_written(workspace, now):
    """Neither beside the one that is kept, nor further down in the same sheet."""
    earlier = DAY - timedelta(days=1)
    assert len(keep(workspace, now, rate("178.5"), rate("170", as_of=earlier))) == 1
    assert keep(workspace, now, rate("0.0058", base="JPY", quote="EUR", as_of=earlier)) == []
    row = ExchangeRate.objects.get()
    assert (row.base, row.rate, row.as_of) == ("EUR", Decimal("178.5"), DAY)


def test_a_sheet_is_kept_whole_or_not_at_all(workspace, now):
    """One wrong rate in it, and nothing of it is kept."""
    with pytest.raises(InvalidRate):
        keep(workspace, now, rate("178.5"), rate("-1", quote="KWD"))
    with pytest.raises(UnknownCurrency):
        keep(workspace, now, rate("178.5"), rate("1", quote="KWDD"))
    assert not ExchangeRate.objects.exists()
    assert told("rate.kept") == []


def test_a_rate_that_jumps_is_kept_once_the_other_is_removed(workspace, now):
    """Both is told."""
    keep(workspace, now, rate("178.5"))
    with pytest.raises(InvalidRate, match="remove the other one first"):
        keep(workspace, now, rate("0.0056", as_of=DAY + timedelta(days=1)))
    currencies.remove_rate(rate=ExchangeRate.objects.get(), by="user:olga", now=now)
    assert told("rate.removed")[0]["rate"] == "178.5"
    keep(workspace, now, rate("0.0056", as_of=DAY + timedelta(days=1)))


def test_the_database_keeps_no_impossible_rate(workspace, now):
    """Neither zero nor of a currency to itself, however it is written."""
    for base, value in (("EUR", 0), ("JPY", 1)):
        with pytest.raises(IntegrityError), transaction.atomic():
            ExchangeRate.objects.create(workspace=workspace, base=base, quote="JPY", rate=value,
                                        told=1, as_of=DAY, source="x", added_by="t", added_at=now)  # fmt: skip


def test_people_are_told_of_rates_that_are_new_or_have_moved(workspace, now):
    """Of a pair once; then of more than 5 % in all, in however small steps and either way round."""
    keep(workspace, now, rate("100"), rate("0.3561", quote="KWD"))
    for value in ("102", "104", "104.9"):
        keep(workspace, now, rate(value))
    assert [one["count"] for one in told("rates.moved")] == [2]
    upside_down = rate("0.0094", base="JPY", quote="EUR")  # 106.4
    keep(workspace, now, upside_down)
    assert told("rates.moved")[1:] == [{"count": 1, "rates": [str(upside_down)]}]
    keep(workspace, now, rate("105.3"))  # near what was told
    assert len(told("rates.moved")) == 2


def factor(workspace) -> float:
    """What one euro is worth in yen by what is kept, over the dollar where there is no other."""
    return float(next(queries.rates(workspace.pk).ways("EUR", "JPY")).factor)


@pytest.mark.parametrize("upside_down", [False, True])
def test_two_rates_move_no_further_unseen_together_than_one(workspace, now, upside_down):
    """Neither moves by 5 % in a hundred small steps, but what is reckoned over both by 9.6 %."""
    keep(workspace, now, rate("1", quote="USD"), rate("100", base="USD"))
    known, unseen = factor(workspace), []
    for step in range(1, 101):
        grown = Decimal(1) + Decimal("0.00047") * step
        other = 100 * grown
        second = rate(str(other), base="USD")
        if upside_down:
            second = rate(str(round(1 / other, 12)), base="JPY", quote="USD")
        before = len(told("rates.moved"))
        keep(workspace, now, rate(str(grown), quote="USD"), second)
        if len(told("rates.moved")) > before:
            known = factor(workspace)
        unseen.append(abs(factor(workspace) / known - 1))
    assert max(unseen) <= 0.0500001
    assert len(told("rates.moved")) == 2
    assert told("rates.moved")[1]["count"] == 2


def test_rates_that_move_alike_move_nothing_between_them(workspace, now):
    """The yen is worth as many dollars as before; the euro has moved by less than 5 %."""
    keep(workspace, now, rate("1", quote="USD"), rate("100"))
    keep(workspace, now, rate("1.04", quote="USD"), rate("104"))
    assert len(told("rates.moved")) == 1


def test_what_is_reckoned_instead_of_a_removed_rate_is_seen(workspace, now):
    """Two rates over a currency in between, where they are far from what people know."""
    keep(workspace, now, rate("1", quote="USD"), rate("104", base="USD"), rate("100"))
    currencies.remove_rate(rate=ExchangeRate.objects.get(base="EUR", quote="JPY"), by="user:olga",
                           now=now)  # fmt: skip
    assert len(told("rates.moved")) == 1
    keep(workspace, now, rate("100"), rate("110", base="USD"))
    seen = len(told("rates.moved"))
    currencies.remove_rate(rate=ExchangeRate.objects.get(base="EUR", quote="JPY"), by="user:olga",
                           now=now)  # fmt: skip
    assert len(told("rates.moved")) == seen + 1
    assert "1 USD = 110 JPY" in told("rates.moved")[-1]["rates"][0]


def test_a_rate_that_was_removed_is_new_again(workspace, now):
    """Else a rate would move as far as anybody likes unseen."""
    keep(workspace, now, rate("100"))
    currencies.remove_rate(rate=ExchangeRate.objects.get(), by="user:olga", now=now)
    keep(workspace, now, rate("900"))
    assert len(told("rates.moved")) == 2


@pytest.mark.parametrize(
    ("amount", "to", "expected"),
    [("15", "JPY", "2677"), ("15", "KWD", "5.341"), ("15", "EUR", "15.00"), ("0", "JPY", "0")],
)
def test_a_cap_converted_never_grows(workspace, now, amount, to, expected):
    """Whole minor units of the other currency, rounded down, with the rate that was used."""
    keep(workspace, now, rate("178.5"), rate("0.3561", quote="KWD"))
    found = convert(workspace, now, amount, to=to)
    assert str(found.amount) == expected
    assert ("ECB, 2026-11-20" in found.reason) == (to != "EUR")


def test_a_floor_is_rounded_up_where_that_is_asked(workspace, now):
    """The direction is the caller's, and said."""
    keep(workspace, now, rate("178.5"))
    assert convert(workspace, now, rounding=ROUND_UP).amount == 2678


def test_without_a_rate_nothing_comes_out(workspace, elsewhere, now):
    """No rate, one of another workspace, a stale one, a code that is none, no amount at all."""
    keep(elsewhere, now, rate("178.5"))
    assert convert(workspace, now).amount is None
    assert convert(workspace, now).reason == "There is no rate from EUR to JPY."
    keep(workspace, now, rate("178.5"))
    late = convert(workspace, now + timedelta(days=8))
    assert late.amount is None
    assert "younger than 7 days: 1 EUR = 178.5 JPY (ECB, 2026-11-20)" in late.reason
    for currency, to in (("EUR", "YEN"), ("", "JPY"), ("EURO", "EURO")):
        assert convert(workspace, now, currency=currency, to=to).amount is None
    assert convert(workspace, now, "99999999999.00").amount is None  # in yen no amount any more


def test_the_workspace_says_how_old_a_rate_may_be(workspace, now, django_assert_max_num_queries):
    """From then on; it is told once, and an impossible age is refused."""
    keep(workspace, now, rate("178.5", as_of=DAY - timedelta(days=20)))
    assert convert(workspace, now).amount is None
    for _ in range(2):
        currencies.set_currency(workspace=workspace, currency="CHF", rates_max_age_days=30,
                                by="user:olga", now=now)  # fmt: skip
    with django_assert_max_num_queries(2):
        assert convert(workspace, now).amount == 2677
    assert told("currency.changed") == [{
        "before": {"currency": "EUR", "rates_max_age_days": 7},
        "after": {"currency": "CHF", "rates_max_age_days": 30},
    }]  # fmt: skip
    for currency, days in (("CHF", 0), ("CHF", 367)):
        with pytest.raises(InvalidRate):
            currencies.set_currency(workspace=workspace, currency=currency,
                                    rates_max_age_days=days, by="u", now=now)  # fmt: skip
    with pytest.raises(UnknownCurrency):
        currencies.set_currency(workspace=workspace, currency="FRANC", rates_max_age_days=7,
                                by="u", now=now)  # fmt: skip
    assert CurrencySetting.objects.get().currency == "CHF"


@pytest.mark.parametrize(("currency", "days"), [("JPY", 7), ("EUR", 30), ("EUR", 1)])
def test_the_currency_does_not_loosen_limits(workspace, policy, now, currency, days):
    """Limits that name none would let more through; once they name theirs it does not touch them.

    A rate that is too old asks for a person also where a limit would have denied.
    """
    wanted = {"currency": currency, "rates_max_age_days": days}
    with pytest.raises(LoosensLimits, match="limits of Guardrails what holds now: currency EUR"):
        currencies.set_currency(workspace=workspace, by="user:olga", now=now, **wanted)
    assert not CurrencySetting.objects.exists()
    named = operations.draft(workspace=workspace, name="Guardrails", rules=RULES, by="user:olga",
                             limits=LIMITS | {"currency": "EUR", "rates_max_age_days": 7},
                             now=now)  # fmt: skip
    assert publishing.submit(version=named, by="user:olga", now=now) is None
    currencies.set_currency(workspace=workspace, by="user:olga", now=now, **wanted)
    assert CurrencySetting.objects.get().currency == currency
