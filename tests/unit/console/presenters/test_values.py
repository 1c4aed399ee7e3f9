"""Values and evidence in words: units where they belong, nothing raw."""

from apps.console.presenters.evidence import exhibits
from apps.console.presenters.proposals import facts
from apps.console.presenters.values import label, show
from apps.console.templatetags.console import breakable


def test_percents_carry_their_unit():
    """The label does not say the unit, the value does."""
    assert (label("margin_percent_now"), show("margin_percent_now", "60.9")) == (
        "Margin now", "60.9\u00a0%",
    )  # fmt: skip


def test_a_move_has_a_sign_and_a_margin_has_none():
    """+3.3 % is a move; 62.2 % is a margin."""
    seen = {"has_margin": True, "margin_percent": 62.2, "has_change": True, "change_percent": 3.3}
    shown = {row.label: row.value.replace("\u00a0", " ") for row in facts(seen)}
    assert shown == {"Margin": "62.2 %", "Change": "+3.3 %"}


def test_languages_are_named():
    """Those agents write; another one by its code."""
    assert [show("language", code) for code in ("de", "pt")] == ["German", "pt"]


def test_the_days_of_sales_take_one_row():
    """However many there are; none without any."""
    sold = {"kind": "sales", "detail": {"pieces": 3, "by_day": {"2026-11-01": 2, "2026-11-02": 1}}}
    none = {"kind": "sales", "detail": {"pieces": 0, "by_day": {}}}
    rows = [[(row.label, row.value) for row in one.facts] for one in exhibits([sold, none])]
    assert rows == [
        [("Pieces", "3"), ("By day", "2026-11-01: 2, 2026-11-02: 1")],
        [("Pieces", "0")],
    ]


def test_an_address_breaks_behind_its_sign():
    """And what is in it stays text."""
    assert breakable("<b>@shop.example") == "&lt;b&gt;@<wbr>shop.example"
