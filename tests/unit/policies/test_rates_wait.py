"""A rate that is new, or has moved far, is in force once a second person has confirmed it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import Membership
from apps.audit.models import Event, Payload
from apps.policies import currencies, queries
from apps.policies.exchange import Rate
from apps.policies.models import ExchangeRate
from apps.policies.second_person import ALONE, NotYours
from tests.factories.rates import keep_in_force

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)


def rate(value: str, base: str = "EUR", quote: str = "JPY") -> Rate:
    return Rate(base=base, quote=quote, rate=Decimal(value), as_of=DAY, source="ECB")


def keep(workspace, now, by, *rates: Rate):
    return currencies.keep_rates(workspace=workspace, rates=rates, by=by.actor, now=now)


def in_yen(workspace, now):
    """What 1,000 EUR are in yen; None where nobody can tell."""
    return queries.convert(
        workspace_id=workspace.pk, amount=Decimal(1000), currency="EUR", to="JPY", now=now
    ).amount


def confirm(user, now):
    currencies.confirm_rate(rate=ExchangeRate.objects.get(quote="JPY"), user=user, now=now)


def test_a_new_rate_is_in_force_once_another_has_confirmed_it(workspace, cast, now):
    """With an event that says who asked and who agreed."""
    keep(workspace, now, cast.otto, rate("178.5"))
    assert in_yen(workspace, now) is None
    confirm(cast.olga, now)
    assert in_yen(workspace, now) == 178500
    event = Event.objects.get(kind="rate.confirmed")
    fields = Payload.objects.get(event_id=event.pk).fields
    assert (event.actor, fields["asked_by"]) == (cast.olga.actor, cast.otto.actor)
    assert (fields["rate"], fields["exception"]) == ("178.5", "")


def test_small_moves_are_in_force_at_once(workspace, cast, now):
    """By one person, up to 5 % from what a second person has agreed to, in whatever steps."""
    keep_in_force(workspace=workspace, rates=[rate("100")], by="user:olga", now=now)
    for value in ("102", "104", "105"):
        keep(workspace, now, cast.otto, rate(value))
        assert in_yen(workspace, now) == Decimal(value) * 1000
    keep(workspace, now, cast.otto, rate("105.1"))
    assert in_yen(workspace, now) is None


def test_moving_it_back_does_not_put_it_in_force(workspace, cast, now):
    """Nor does removing it and keeping it anew, nor turning it round."""
    keep_in_force(workspace=workspace, rates=[rate("100")], by="user:olga", now=now)
    keep(workspace, now, cast.otto, rate("110"))
    keep(workspace, now, cast.otto, rate("109"))
    assert in_yen(workspace, now) is None
    keep(workspace, now, cast.otto, rate("0.01", base="JPY", quote="EUR"))
    assert in_yen(workspace, now) is None
    currencies.remove_rate(rate=ExchangeRate.objects.get(), by=cast.otto.actor, now=now)
    keep(workspace, now, cast.otto, rate("100"))
    assert in_yen(workspace, now) is None


def test_what_is_confirmed_is_what_was_looked_at(workspace, cast, now):
    """However little it was changed meanwhile, what was seen is there no more."""
    for later in ("340", "178.6"):
        keep(workspace, now, cast.otto, rate("178.5"))
        seen = ExchangeRate.objects.get()
        keep(workspace, now, cast.otto, rate(later))
        with pytest.raises(ExchangeRate.DoesNotExist):
            currencies.confirm_rate(rate=seen, user=cast.olga, now=now)
        assert in_yen(workspace, now) is None
        currencies.remove_rate(rate=ExchangeRate.objects.get(), by=cast.otto.actor, now=now)


def test_five_percent_are_from_what_was_confirmed(workspace, cast, now):
    """Not from what was asked for first."""
    keep(workspace, now, cast.otto, rate("100"))
    keep(workspace, now, cast.otto, rate("104.9"))
    confirm(cast.olga, now)
    keep(workspace, now, cast.otto, rate("99"))
    assert in_yen(workspace, now) is None


def test_two_rates_that_have_moved_together_wait(workspace, cast, now):
    """Neither by 5 %, what is reckoned over both by more."""
    pair = [rate("1", quote="USD"), rate("100", base="USD")]
    keep_in_force(workspace=workspace, rates=pair, by="user:olga", now=now)
    keep(workspace, now, cast.otto, rate("1.04", quote="USD"), rate("104", base="USD"))
    assert in_yen(workspace, now) is None
    assert ExchangeRate.objects.exclude(waits_since=None).count() == 2


@pytest.mark.parametrize("who", ["otto", "rita", "mallory"])
def test_who_may_not_confirm(workspace, cast, now, who):
    """Who asked for it, who configures nothing, who is elsewhere."""
    keep(workspace, now, cast.otto, rate("178.5"))
    with pytest.raises(NotYours):
        confirm(getattr(cast, who), now)
    assert in_yen(workspace, now) is None


def test_who_corrected_it_last_is_no_second_person_either(workspace, cast, now):
    """What was confirmed must be what somebody else has written."""
    keep(workspace, now, cast.otto, rate("100"))
    keep(workspace, now, cast.olga, rate("101"))
    for user in (cast.otto, cast.olga):
        with pytest.raises(NotYours):
            confirm(user, now)


def test_a_sole_owner_confirms_after_the_delay(workspace, cast, now):
    """From when it was asked for, whatever small corrections come after it; told as an exception."""
    Membership.objects.filter(user=cast.otto).delete()
    keep(workspace, now, cast.olga, rate("100"))
    with pytest.raises(NotYours, match="not before"):
        confirm(cast.olga, now)
    later = now + timedelta(days=8)
    keep(workspace, later - timedelta(minutes=1), cast.olga, rate("101"))
    confirm(cast.olga, later)
    assert in_yen(workspace, now) == 101000
    confirmed = Event.objects.get(kind="rate.confirmed")
    assert Payload.objects.get(event_id=confirmed.pk).fields["exception"] == ALONE


def test_confirming_twice_changes_nothing(workspace, cast, now):
    """One event."""
    keep(workspace, now, cast.otto, rate("178.5"))
    confirm(cast.olga, now)
    confirm(cast.olga, now)
    assert Event.objects.filter(kind="rate.confirmed").count() == 1
