"""Which facts a rule compares with which limits."""

from decimal import Decimal

import pytest

from apps.policies.comparisons import Comparison, comparisons


def one(fact: str, sign: str, limit: str, *, negative: bool = False) -> Comparison:
    return Comparison(fact=fact, sign=sign, limit=limit, negative=negative)


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("amount > limits.most", [one("amount", ">", "most")]),
        ("amount > limits['most']", [one("amount", ">", "most")]),
        ("limits.most >= amount", [one("amount", "<=", "most")]),
        ("change_percent < -limits.down", [one("change_percent", "<", "down", negative=True)]),
        ("-limits.down > change_percent", [one("change_percent", "<", "down", negative=True)]),
        ("!(amount <= limits.most)", [one("amount", ">", "most")]),
        ("!(has_amount && !(amount > limits.most))", [one("amount", ">", "most")]),
        ("has_amount && (amount > limits.a || amount < limits.b)",
         [one("amount", ">", "a"), one("amount", "<", "b")]),
        ("hour > 8 ? amount > limits.a : amount > limits.b",
         [one("amount", ">", "a"), one("amount", ">", "b")]),
        ("amount > limits.a // amount > limits.b", [one("amount", ">", "a")]),
    ],
)  # fmt: skip
def test_a_fact_beside_a_limit(when, found):
    """Whichever stands first, however deep, turned around where it is negated."""
    assert comparisons(when) == found


@pytest.mark.parametrize("when", [
    "", "(((", "true", "amount > 5", "amount == limits.most", "amount + 1 > limits.most",
    "amount > limits.most * 2", "before.amount > limits.most", "window('agent', '1d').count > limits.n",
    "action == 'amount > limits.most'", "links.exists(amount, amount > limits.most)",
    "limits.a < limits.b", "amount > total_amount",
])  # fmt: skip
def test_anything_else_is_none(when):
    """Not in a text, not of a macro's variable, not of what is reckoned."""
    assert comparisons(when) == []


@pytest.mark.parametrize(
    ("sign", "below", "same", "above"),
    [("<", True, False, False), ("<=", True, True, False),
     (">", False, False, True), (">=", False, True, True)],
)  # fmt: skip
def test_it_holds_as_its_sign_says(sign, below, same, above):
    """Beside the limit and at it."""
    bound = Decimal(5)
    held = [one("amount", sign, "most").holds(Decimal(fact), bound) for fact in (4, 5, 6)]
    assert held == [below, same, above]
