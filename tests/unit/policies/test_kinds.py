"""Parts of a rule that do not go together are refused, with the place."""

import pytest

from apps.policies import kinds
from apps.policies.expression import parse
from apps.policies.kinds import Mismatch
from apps.policies.samples import samples

LIMITS = {"most": 5, "currency": "EUR", "blocked": ["a@shop.example"]}


def check(when: str) -> None:
    """Check a rule about returns."""
    kinds.check(when, parse(when), kinds.words_of(next(samples("return_items")), LIMITS))


@pytest.mark.parametrize(
    "when",
    [
        "amount * 2 > 100",
        "amount > limits.most && currency == limits.currency",
        "agent in limits.blocked || agent == null",
        "params.items.all(i, i.quantity <= 2 && i.line_id != '')",
        "params.items.map(i, i.quantity * 2).exists(n, n == 8)",
        "params.items.filter(i, i.quantity > 1).size() > 2",
        "before.made_at != after.made_at && before.anything > 5",
        "(has_amount ? amount : 0) > 3",
        "timestamp('2026-01-01T00:00:00Z') + duration('1h') > timestamp(before.made_at)",
        "'EUR' in before.prices && before['x']['y'] == 3",
        "string(amount) + 'a' == 'b' && size('a') == 1",
        "'note' in params && params.note.contains('x')",
    ],
)
def test_what_goes_together_is_taken(when: str) -> None:
    """Whole numbers and others are both numbers; what a shop sends may be anything."""
    check(when)


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("change_percent > '5'", "In `change_percent > '5'` (characters 1 to 20)"),
        ("true && hour == '3'", "(characters 9 to 19): hour is a number and '3' is a text"),
        ("params.items.all(i, i.quantity > '3')", "(characters 21 to 36): i.quantity is a number"),
        ("params.items.map(i, i.quantity).exists(n, n == 'a')", "n is a number and 'a' is a text"),
        ("agent in limits.most", "limits.most is a number"),
        ("amount in limits.blocked", "they do not go together"),
        ("limits.currency < 3", "limits.currency is a text and 3 is a number"),
        ("has_amount > 1", "has_amount is true or false"),
        ("[1] < [2]", "do not go together"),
        ("amount && true", "amount is a number, not true or false"),
        ("(amount ? 1 : 2) > 1", "amount is a number, not true or false"),
        ("params.items['a'] == 1", "'a' is a text, not a number"),
        ("amount.matches('a')", "amount is a number, not a text"),
        ("agent.all(x, true)", "agent is a text, not a list or a record"),
        ("timestamp(true) == null", "true is true or false, not a text"),
        ("'a' - 'b' == 'c'", "do not go together"),
        ("params.items.all(i, i.quantity)", "i.quantity is a number, not true or false"),
        ("has_amount ? amount : 3", "It gives a number, not true or false"),
    ],
)
def test_what_does_not_is_refused(when: str, why: str) -> None:
    """Each with its place and its kinds."""
    with pytest.raises(Mismatch) as refused:
        check(when)
    assert why in str(refused.value)
