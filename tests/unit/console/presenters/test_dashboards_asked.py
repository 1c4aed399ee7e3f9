"""What an address asks for."""

from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.console.presenters.dashboards_asked import read_asked

TODAY = date(2026, 11, 21)
AGENT = "0198c0de-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("given", "first", "last"),
    [
        ({}, date(2026, 10, 23), TODAY),
        ({"days": "7"}, date(2026, 11, 15), TODAY),
        ({"days": "8"}, date(2026, 10, 23), TODAY),
        ({"from": "2026-01-01", "to": "2026-01-31"}, date(2026, 1, 1), date(2026, 1, 31)),
        ({"from": "2026-11-20", "to": "2027-01-01"}, date(2026, 11, 20), TODAY),
        ({"from": "2026-11-01"}, date(2026, 11, 1), TODAY),
    ],
)
def test_a_period_is_read(given, first, last):
    """The last days, or days of one's own up to today."""
    asked = read_asked(given, today=TODAY)
    assert (asked.period.first, asked.period.last, asked.problem) == (first, last, "")


@pytest.mark.parametrize(
    ("given", "said"),
    [({"from": "soon"}, "A date reads like"), ({"to": "2026-11-01"}, "A date reads like"),
     ({"from": "2026-11-20", "to": "2026-11-01"}, "comes after the last"),
     ({"from": "2027-01-01"}, "yet to come"), ({"from": "2000-01-01"}, "More than 366 days")],
)  # fmt: skip
def test_a_strange_period_is_told_of(given, said):
    """And something is shown all the same."""
    asked = read_asked(given, today=TODAY)
    assert said in asked.problem
    assert 0 < asked.period.days <= 366


def test_an_address_asks_for_the_same_again():
    """Whatever it was narrowed to; `none` is an agent's absence."""
    given = {"from": "2026-11-01", "to": "2026-11-07", "compare": "no", "agent": AGENT,
             "action": "set_price"}  # fmt: skip
    asked = read_asked(given, today=TODAY)
    again = parse_qs(urlsplit(asked.address("insights")).query)
    assert {name: values[0] for name, values in again.items()} == given
    assert read_asked({name: v[0] for name, v in again.items()}, today=TODAY) == asked
    assert read_asked({"agent": "none"}, today=TODAY).narrowed == {"agent": ""}
    assert asked.narrowed == {"agent": AGENT, "action": "set_price"}
