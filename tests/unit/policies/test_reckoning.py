"""One kind of number: a rule gives the same whether numbers are written whole or not."""

import itertools
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.policies.expression import parse
from apps.policies.reckoning import OWN_FUNCTIONS, beside_limits, doubled, plain

SEEN = {"a": 9, "b": 60.0, "z": 0, "xs": [1, 2, 3], "m": {"EUR": 2, "n": [{"q": 4}]}, "s": "EUR"}


def value(text: str, **seen: Any) -> object:
    """What an expression gives."""
    context = cel.Context(doubled(SEEN | seen), OWN_FUNCTIONS)
    return cel.compile(plain(parse(text), {})).execute(context)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b * 2 > 100", True),
        ("b * 2.0 > 100", True),
        ("a + 1 > 9", True),
        ("1 + a - 0.5 == 9.5", True),
        ("5 / 2", 2.5),
        ("a / 2", 4.5),
        ("b / a * a", 60.0),
        ("a % 4", 1.0),
        ("-a % 4", -1.0),
        ("7.5 % 2", 1.5),
        ("-b < -1 * 2", True),
        ("-(a + 1)", -10.0),
        ("a - -1", 10.0),
        ("a in [8, 9]", True),
        ("9.0 in [8, a]", True),
        ("(a > 1 ? 2 : 3.0) + 1", 3.0),
        ("size(xs) * 2", 6.0),
        ("xs.size() * 2.0", 6.0),
        ("xs[size(xs) - 1]", 3.0),
        ("xs[0] + xs[1]", 3.0),
        ("m[s] * 2", 4.0),
        ("m['EUR'] * 2", 4.0),
        ("m.n[0].q + 1", 5.0),
        ("{'x': 1}['x'] + 0.5", 1.5),
        ("int(2.7) + 1", 3.0),
        ("double('2') + 1", 3.0),
        ("string(a)", "9"),
        ("xs.map(x, x * 2)", [2.0, 4.0, 6.0]),
        ("xs.map(x, x > 1, x + 1)", [3.0, 4.0]),
        ("xs.filter(x, x % 2 == 1).size() == 2", True),
        ("xs.exists_one(x, x == 2)", True),
        ("xs.all(x, xs.exists(y, y >= x))", True),
        ("0x10 + 1u", 17.0),
        ("'5' + '5'", "55"),
        ("'a5' == \"a5\" && r'5' == '5'", True),
        ("timestamp('2026-11-21T10:00:00Z').getHours() + 1", 11.0),
    ],
)
def test_numbers_are_one_kind(text, expected):
    """In every sign, macro, index and call; texts keep their digits."""
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize("text", ["a / 0 > 1", "a / z > 1", "a % 0 > 1", "0 / 0 > 1"])
def test_nothing_is_divided_by_nothing(text):
    """Neither infinite nor no number: it fails, so the rule denies."""
    with pytest.raises(RuntimeError):
        value(text)


OPERANDS = st.sampled_from(["{0}", "{0}.0", "n", "m"])
SIGNS = st.sampled_from(["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!="])


@given(st.integers(1, 999), st.integers(1, 999), OPERANDS, OPERANDS, SIGNS)
def test_whole_and_other_numbers_give_the_same(one, other, left, right, sign):
    """However both are written, and wherever they come from."""
    text = f"{left.format(one)} {sign} {right.format(other)}"
    found = {
        value(text, n=kind(one), m=also(other))
        for kind, also in itertools.product((int, float), repeat=2)
    }
    assert len(found) == 1


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=9))
def test_what_is_seen_keeps_its_value(seen):
    """A number that is not exact as a double stays what it is; a truth is no number."""
    assert doubled(seen) == seen
    assert doubled(True) is True
    assert isinstance(doubled(2**53 + 1), int)
    assert value("n > 9007199254740993", n=2**53 + 3) is True


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("amount > limits.m", {"__amount"}),
        ("has_amount && total_amount > 5 && amount < 9", {"__amount", "__total_amount"}),
        ("currency == 'JPY' && amount > 80000", set()),
        ("(has_amount && currency in ['JPY']) && amount > 80000", set()),
        ("currency != 'JPY' && amount > limits.m", {"__amount"}),
        ("!(currency == 'JPY') && amount > limits.m", {"__amount"}),
        ("currency == 'JPY' || amount > limits.m", {"__amount"}),
        ("currency == 'JPY' && amount > 80000 || amount > limits.m", {"__amount"}),
        ("currency == 'JPY' ? amount > 80000 : false", set()),
        ("currency == 'JPY' ? true : amount > limits.m", {"__amount"}),
        ("double(params.amount) > limits.m", {"__params"}),
        ("before.items.exists(i, double(i.unit_price) > 5)", {"__before"}),
        ("params.quantity > 3 && before.title == 'a'", set()),
        ("limits.amount > 5", set()),
        ("change_percent > limits.m", set()),
    ],
)
def test_amounts_beside_limits_have_names_of_their_own(text, renamed):
    """Unless the rule says beside them which currency it speaks of."""
    node = parse(text)
    words = set(cel.compile(plain(node, beside_limits(node))).variables())
    assert {word for word in words if word.startswith("__")} == renamed
