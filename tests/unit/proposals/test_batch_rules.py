"""What may be approved together, and what stands out."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from apps.policies.exchange import Rate
from apps.proposals.batch_rules import MOST, Item, key_of, objections, outliers, sample
from apps.proposals.reading import batch_rows
from tests.factories.rates import keep_in_force


def item(number: int, **over: Any) -> Item:
    """One of many alike: a price of about 20, down by about 3 %."""
    given: dict[str, Any] = {
        "id": UUID(int=number),
        "title": f"Price {number}",
        "actions": frozenset({"set_price"}),
        "rules": frozenset({"ask"}),
        "risk": "low",
        "reviewers": 1,
        "amount": Decimal(19) + Decimal(number % 5) / 2,
        "currency": "EUR",
        "change_percent": -3.0 + number % 3 / 10,
        "confidence": 0.9,
        "fields": frozenset({"amount", "variant_id"}),
        "size": 40 + number % 4,
        **over,
    }
    return Item(**given)


ALIKE = [item(number) for number in range(20)]


def test_what_is_alike_has_no_outlier() -> None:
    """Small differences are none."""
    assert outliers(ALIKE) == {}
    assert objections(ALIKE, ALIKE) == {}


@pytest.mark.parametrize(
    ("odd", "word"),
    [
        ({"amount": Decimal(90)}, "amount is 90.00"),
        ({"amount": Decimal("0.01")}, "amount is 0.01"),
        ({"change_percent": -40.0}, "changes by -40.0 %"),
        ({"change_percent": 3.0}, "changes by +3.0 %"),
        ({"confidence": 0.6}, "confidence is 60%"),
        ({"fields": frozenset({"amount", "variant_id", "status"})}, "sets status"),
        ({"fields": frozenset({"variant_id"})}, "does not set amount"),
        ({"size": 900}, "writes 900 characters"),
        ({"doubts": ("a question about it is open",)}, "a question"),
    ],
)
def test_an_odd_one_is_left_out_with_its_reason(odd: dict[str, Any], word: str) -> None:
    """By amount, change, length, fields, confidence, or because a person should see it."""
    decoy = item(99, **odd)
    found = outliers([*ALIKE, decoy])
    assert set(found) == {decoy.id}
    assert word in " ".join(found[decoy.id])


def test_a_few_odd_ones_do_not_hide_each_other() -> None:
    """The median does not follow them, as a mean would."""
    decoys = [item(90 + n, amount=Decimal(500 + n)) for n in range(6)]
    assert set(outliers([*ALIKE, *decoys])) == {one.id for one in decoys}


def test_among_very_few_nothing_stands_out() -> None:
    """Three are no crowd; a doubt about one still counts."""
    few = [item(1), item(2), item(3, amount=Decimal(90))]
    assert outliers(few) == {}
    assert set(outliers([item(1), item(2, doubts=("came back",))])) == {UUID(int=2)}


def test_a_decoy_is_found_among_those_not_chosen() -> None:
    """Choosing only odd ones does not make them usual."""
    decoys = [item(90 + n, amount=Decimal(150)) for n in range(3)]
    found = objections(decoys, [*ALIKE, *decoys])
    assert set(found) == {one.id for one in decoys}


@pytest.mark.parametrize(
    ("chosen", "where", "word"),
    [
        ([item(1), item(2, risk="high")], UUID(int=2), "only low risk"),
        ([item(1), item(2, risk="medium")], UUID(int=2), "only low risk"),
        ([item(1), item(2, reviewers=2)], UUID(int=2), "2 people"),
        ([item(1, actions=frozenset({"a", "b"}))], UUID(int=1), "different changes"),
        ([item(1), item(2, actions=frozenset({"set_stock"}))], None, "differ in action"),
        ([item(1), item(2, rules=frozenset({"other"}))], None, "differ in action"),
        ([item(1), item(2, currency="CHF")], None, "currency"),
        ([item(n) for n in range(MOST + 1)], None, f"at most {MOST}"),
        ([item(n, amount=Decimal(400)) for n in range(3)], None, "at most 1000.00 EUR"),
        ([], None, "nothing"),
    ],
)
def test_what_does_not_go_together(chosen: list[Item], where: UUID | None, word: str) -> None:
    """Each limit has its words, and its place."""
    found = objections(chosen, chosen)
    assert word in " ".join(found[where])


def test_the_key_is_action_rule_and_currency() -> None:
    """What differs in none of them may go together."""
    assert key_of(item(1)) == key_of(item(2, amount=Decimal(5)))
    assert key_of(item(1)) != key_of(item(1, rules=frozenset({"other"})))


@pytest.mark.parametrize(("chosen", "drawn"), [(1, 1), (2, 2), (5, 2), (20, 2), (21, 3), (50, 5)])
def test_how_many_are_drawn_to_be_opened(chosen: int, drawn: int) -> None:
    """A tenth, at least two, and never more than there are."""
    found = sample({UUID(int=n): f"{n:064}" for n in range(chosen)}, person=UUID(int=1))
    assert len(set(found)) == len(found) == drawn


def test_the_lot_is_the_same_each_time_and_another_for_another() -> None:
    """Leaving out what was not drawn draws no others; a person cannot choose what they open."""
    bindings = {UUID(int=n): f"{n:064}" for n in range(20)}
    drawn = sample(bindings, person=UUID(int=1))
    fewer = {pk: bindings[pk] for pk in [*drawn, *list(bindings)[:5]]}
    assert sample(dict(reversed(fewer.items())), person=UUID(int=1)) == drawn
    others = {tuple(sample(bindings, person=UUID(int=n))) for n in range(1, 30)}
    assert len(others) > 10
    changed = {**bindings, drawn[0]: "f" * 64, drawn[1]: "e" * 64}
    assert sample(changed, person=UUID(int=1)) != drawn


def test_the_ceiling_is_in_the_currency_of_the_items() -> None:
    """1,000 euros are no 1,000 yen; without a rate nothing goes together."""
    yen = [item(n, amount=Decimal(40_000 + n), currency="JPY") for n in range(3)]
    assert objections(yen, yen, ceiling=Decimal(160_000)) == {}
    [reason] = objections(yen, yen, ceiling=Decimal(100_000))[None]
    assert reason == "together they are about 120003 JPY; at most 100000 JPY is possible"
    [reason] = objections(yen, yen, ceiling=None)[None]
    assert reason == "no fresh exchange rate says how much is possible in JPY"
    free = [item(n, amount=None, currency="") for n in range(3)]
    assert objections(free, free, ceiling=None) == {}


def test_amounts_are_told_in_the_digits_of_their_currency() -> None:
    """An odd one in yen, beside a computed middle."""
    yen = [item(n, amount=Decimal(1000 + n), currency="JPY") for n in range(20)]
    decoy = item(99, amount=Decimal("9000.0000"), currency="JPY")
    assert outliers([*yen, decoy])[decoy.id] == [
        "its amount is 9000 JPY, the others are around 1010 JPY"
    ]


@pytest.mark.django_db
def test_the_ceiling_is_converted_by_the_rates_of_the_workspace(workspace, now) -> None:
    """1,000 EUR in yen; None where the workspace keeps no rate."""
    yen = [item(n, amount=Decimal(40_000), currency="JPY") for n in range(3)]
    assert batch_rows.ceiling_for(ALIKE, workspace.pk, now=now) == 1000
    assert batch_rows.ceiling_for(yen, workspace.pk, now=now) is None
    rate = Rate(base="EUR", quote="JPY", rate=Decimal("162.5"), as_of=now.date(), source="test")
    keep_in_force(workspace=workspace, rates=[rate], by="t", now=now)
    assert batch_rows.ceiling_for(yen, workspace.pk, now=now) == 162_500
