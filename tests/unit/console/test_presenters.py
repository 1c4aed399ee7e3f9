"""Values, differences and evidence in words."""

import pytest
from pydantic import ValidationError

from apps.console.presenters.differences import Piece, compare
from apps.console.presenters.evidence import exhibits
from apps.console.presenters.problems import advise, in_plain_words
from apps.console.presenters.proposals import currency_of, difference, facts, name_target, notes
from apps.console.presenters.values import label, money, movement, rows, show
from apps.console.reader import writing_for
from apps.gateway import catalogue
from apps.proposals.changes import FieldDiff
from apps.proposals.operations.misfits import misfits


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("prices.EUR", "1234.5", "€1,234.50"),
        ("refunded", "0.00", "$0.00"),
        ("payment_status", "partially_refunded", "partially refunded"),
        ("quantity", 7, "7"),
        ("cost", None, "—"),
        ("published", True, "yes"),
        ("tags", ["a", "b"], "a, b"),
        ("title", "NaN", "NaN"),
        ("language", "nl", "Dutch"),
    ],
)
def test_values_are_shown_as_what_they_are(path, value, words):
    """Money with its currency, statuses as words, nothing as a dash."""
    assert show(path, value, "USD") == words


PRICE = {"product_id": "p", "variant_id": "v", "currency": "EUR", "amount": "1"}
LETTER = {"to": "a@b.example", "subject": "Hi", "body": "x"}
RETURN = {"order_id": "o", "items": [{"line_id": "l", "quantity": 1}]}
STOCK = {"inventory_item_id": "i", "location_id": "l", "quantity": 1}


@pytest.mark.parametrize(
    ("action", "params", "field", "advice"),
    [
        ("set_price", PRICE | {"amount": "0"}, "amount", "Write more than 0"),
        ("set_stock", STOCK | {"quantity": "x"}, "quantity", "Write a whole number, e.g. 3"),
        ("set_stock", STOCK | {"quantity": 1.5}, "quantity", "Write a whole number, e.g. 3"),
        ("set_stock", STOCK | {"quantity": -1}, "quantity", "Write 0 or more"),
        ("set_stock", STOCK | {"quantity": 2_000_000}, "quantity", "Write 1000000 or less"),
        ("send_message", LETTER | {"subject": ""}, "subject", "This is needed"),
        ("send_message", LETTER | {"subject": "x" * 201}, "subject",
         "Write at most 200 characters"),
        ("return_items", RETURN | {"items": []}, "items", "Keep at least one"),
        ("return_items", RETURN | {"items": RETURN["items"] * 2}, "items",
         "name each line of the order once"),
        ("cancel_order", {}, "order_id", "This is needed"),
        ("set_price", PRICE | {"currency": "ZZZ"}, "currency",
         "“ZZZ” is no currency code of ISO 4217, such as EUR."),
    ],
)  # fmt: skip
def test_problems_are_advice(action, params, field, advice):
    """A validator's words become what to type."""
    with pytest.raises(ValidationError) as caught:
        catalogue.normalise(action, params)
    [told] = in_plain_words(misfits(caught.value, change="c-1"))
    assert told == {"change": "c-1", "field": field, "label": label(field), "problem": advice}


@pytest.mark.parametrize("odd", [
    {"code": "of_tomorrow"}, {"code": "greater_than"}, {"code": "greater_than", "bounds": {"x": 1}},
    {"code": ""}, {},
])  # fmt: skip
def test_a_problem_without_known_advice_is_told_as_it_is(odd):
    """Also where a bound is missing."""
    assert advise({"problem": "differs from the proposed one", **odd}) == (
        "differs from the proposed one"
    )


def test_labels_are_words():
    """Paths become labels, the currency of a price included."""
    assert label("prices.EUR") == "Price (EUR)"
    assert label("returned.SKU-1.M") == "Returned (SKU-1.M)"
    assert label("payment_status") == "Payment"
    assert label("some_new.field") == "Some new · field"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("20", "25", "+25.0\u00a0%"),
        ("20", "19", "−5.0\u00a0%"),
        ("0", "5", ""),
        ("a", "b", ""),
        ("5", "5", ""),
    ],
)
def test_movement_is_told_where_it_means_something(before, after, words):
    """Percent with its sign; nothing from zero or for texts."""
    assert movement(before, after) == words


def test_texts_are_compared_word_by_word():
    """What stayed is not marked, what came and went is."""
    assert compare("a warm red hat", "a warm blue hat") == [
        Piece("same", "a warm "), Piece("del", "red"), Piece("ins", "blue"), Piece("same", " hat"),
    ]  # fmt: skip
    assert "".join(p.text for p in compare("x y", "x  z") if p.kind != "del") == "x  z"


def test_endless_texts_are_shown_whole():
    """A comparison never takes longer than a glance."""
    pieces = compare("a " * 5_000, "b " * 5_000)
    assert [piece.kind for piece in pieces] == ["del", "ins"]


def test_short_values_are_not_taken_apart():
    """Prices and statuses are shown before and after, long texts word by word."""
    price = difference(FieldDiff(path="prices.EUR", before="20", after="25"), "EUR")
    assert (price.before, price.after, price.moved, price.pieces) == (
        "€20.00", "€25.00", "+25.0\u00a0%", [],
    )  # fmt: skip
    text = FieldDiff(path="body", before="word " * 20, after="word " * 19 + "end")
    assert difference(text, "").pieces


def test_corrections_come_first():
    """What a reviewer taught is seen before what the agent read."""
    shown = exhibits([{"kind": "order", "title": "Order 1"}, {"kind": "correction", "title": "No"}])
    assert [one.is_correction for one in shown] == [True, False]


@pytest.mark.parametrize("odd", [None, "text", [1, "x", None], [{}], [{"detail": [1, {"a": 2}]}]])
def test_odd_evidence_breaks_nothing(odd):
    """Evidence comes from agents and integrators: any JSON is survived."""
    assert isinstance(exhibits(odd), list)


def test_structured_details_become_rows():
    """A mapping is shown as labelled values."""
    [one] = exhibits([{"kind": "stock", "detail": {"quantity": 3, "price": "2"}}])
    assert [(row.label, row.value) for row in one.facts] == [("Stock", "3"), ("Price", "2")]


def test_targets_have_names():
    """A person reads the order or the article, not an id."""
    assert name_target({"number": "1042"}, "payment:pay_1") == "Order 1042"
    assert name_target({"title": "Hat", "sku": "H1"}, "variant:v") == "Hat · H1"
    assert name_target({}, "variant:v_1") == "v_1"


def test_parameters_nothing_else_shows_are_noted():
    """The note of a refund is shown, its identifiers are not."""
    params = {"order_id": "o", "note": "late", "amount": "5", "currency": "EUR", "empty": ""}
    assert [(row.label, row.value) for row in notes(params, {"amount": 1})] == [("Note", "late")]
    assert currency_of({}, {"currency": "USD"}) == "USD"


def test_unknown_numbers_are_no_facts():
    """A percentage nobody could compute is not shown as zero."""
    seen = {"amount": 0.0, "has_amount": False, "change_percent": -5.0, "has_change": True,
            "margin_percent": 0.0, "has_margin": False, "action": "set_price", "agent": "",
            "before": {"a": 1}}  # fmt: skip
    rows = {row.label: row.value for row in facts(seen)}
    assert rows == {"Change": "−5.0\u00a0%", "Action": "Set price"}


def test_money_survives_what_is_no_number():
    """Garbage is shown as it is."""
    assert money("many", "EUR") == "many"


def test_a_return_is_shown_by_article():
    """Pieces and prices carry the article's name; identifiers of lines are not for reading."""
    state = {"currency": "EUR", "unit_price": {"SKU-1": "20.00"}, "returned": {"SKU-1": 1},
             "returned_total": "20.00", "line_ids": {"SKU-1": "ordli_1"}}  # fmt: skip
    assert [(row.label, row.value) for row in rows(state)] == [
        ("Each (SKU-1)", "€20.00"),
        ("Returned (SKU-1)", "1"),
        ("Returned total", "€20.00"),
    ]


def test_a_text_written_anew_is_shown_whole():
    """One old word after another between new ones is no text anybody could read."""
    before = "For four people and three days. The kit comes with a two-year warranty."
    after = "Light and plain, repaired by us free of charge and sent back within a week."
    assert compare(before, after) == [Piece("del", before), Piece("ins", after)]


@pytest.mark.parametrize("value", ["1e9999999", "-1E+9999999", "1e-9999999", "NaN", "Infinity"])
def test_a_number_no_business_has_is_shown_as_it_was_written(value):
    """Not written out, which would be megabytes of digits in a page."""
    assert money(value, "EUR") == value
    assert show("amount", value, "EUR") == value
    assert movement("10", value) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0", "€0.00"),
        ("-1234.5", "-€1,234.50"),
        ("999999999999.99", "€999,999,999,999.99"),
        ("0.005", "€0.005"),
        ("1500.0000", "€1,500.00"),
    ],
)
def test_small_negative_and_huge_money(value, words):
    """With thousands, the currency's digits, and none of what there is cut off."""
    assert money(value, "EUR") == words


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en", "¥1,000"), ("de", "1.000\u00a0¥"), ("fr", "1\u202f000\u00a0JPY"), ("ja", "￥1,000")],
)
def test_money_is_written_as_its_reader_writes_it(locale, words):
    """Digits of the currency, signs and groups of the locale; English again afterwards."""
    with writing_for(locale):
        assert money("1000.0000", "JPY") == words
    assert money("1.2550", "KWD") == "KWD\u00a01.255"
