"""What one customer's case may know of others."""

from typing import Any

import pytest

from apps.agents.playbooks.base import Known
from apps.agents.playbooks.calibration import READ, read_by
from apps.agents.playbooks.redaction import correction, for_customer, redact
from apps.agents.playbooks.refund_desk.corrections import lesson_of
from tests.factories import agents as make

BOB = {"about": "customer:bob@example.com", "order": "1002", "message_id": "m9",
       "intent": "damaged", "skus": ["MUG"], "language": "en"}  # fmt: skip


def item(type_: str, subject: str, text: str, **data: Any) -> Known:
    """Something known."""
    return Known(item_id="i", type=type_, subject=subject, text=text, why="", at=make.NOW,
                 data=data)  # fmt: skip


def for_ann(*items: Known) -> list[Known]:
    """What a case of Ann's may know."""
    return for_customer(items, customer="ann@example.com", numbers=["1001"])


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Write to bob@example.com.", "[address]"),
        ("Write to böb@bücher.example!", "[address]"),
        ("as with order #1002 before", "[order]"),
        ("commande n° 1002", "[order]"),
        ("call +49 170 1234567 first", "[number]"),
        ("call (0170) 123 45 67 first", "[number]"),
        ("to DE89 3704 0044 0532 0130 00", "[account]"),
    ],
)
def test_what_names_a_person_is_hidden(text: str, hidden: str) -> None:
    """And the rest of the text stays."""
    shown = redact(text)
    assert hidden in shown
    for mark in ("bob@", "böb@", "1002", "1234567", "45 67", "0532"):
        assert mark not in shown
    assert shown.split()[0] == text.split(maxsplit=1)[0]


@pytest.mark.parametrize(
    "text", ["Photos first.", "10.00 → 5.00 EUR", "within 30 days", "MUG-BLUE-XL is fragile"]
)
def test_ordinary_words_and_amounts_stay(text: str) -> None:
    """Corrections stay of use."""
    assert redact(text) == text


def test_the_customers_own_knowledge_is_whole() -> None:
    """Also in another spelling of the address."""
    own = item("fact", "customer:ANN@example.com", "ann@example.com moved to #5")
    assert for_ann(own) == [own]


def test_another_customers_facts_are_left_out() -> None:
    """Similar or not."""
    assert for_ann(item("fact", "customer:bob@example.com", "lives in Bonn")) == []
    assert for_ann(item("fact", "bob@example.com", "lives in Bonn")) == []
    assert for_ann(item("fact", "order:1002", "was late")) == []


@pytest.mark.parametrize("subject", ["customer:bob@example.com", "intent:damaged", ""])
def test_an_episode_of_another_customer_tells_only_its_kind_and_end(subject: str) -> None:
    """Neither title nor case nor subject nor data name them."""
    told = item("episode", subject, "Proposed: Refund 20 EUR: order #1002 of bob@example.com.",
                case=BOB, state="done")  # fmt: skip
    [known] = for_ann(told)
    assert known.text == "A similar case of another customer (damaged). Outcome: done."
    assert known.item_id == "i"
    for mark in ("bob", "1002", "m9"):
        assert mark not in known.model_dump_json()


def test_an_episode_that_tells_no_kind_is_left_out() -> None:
    """Its words alone cannot be trusted to name nobody."""
    assert for_ann(item("episode", "customer:bob@example.com", "Bob again")) == []


def test_general_knowledge_names_nobody_but_the_customer() -> None:
    """The own number stays, another's goes."""
    [known] = for_ann(item("fact", "sku:MUG", "Broke in #1002 and #1001, says bob@example.com"))
    assert known.text == "Broke in [order] and #1001, says [address]"


def test_a_correction_keeps_what_it_teaches() -> None:
    """Amounts, the kind of case and the reason; not the words to the other customer."""
    edits = [{"field": "amount", "before": "20", "after": "10"},
             {"field": "body", "before": "Dear Bob", "after": "Dear Robert"}]  # fmt: skip
    made = correction(make.correction(verdict="approve", reason="half for bob@example.com",
                                      edited=edits, case=BOB))  # fmt: skip
    assert made.data["edited"] == edits[:1]
    assert made.data["case"] == {"intent": "damaged", "language": "en", "skus": ["MUG"]}
    assert "amount: 20 → 10; other words" in made.text
    assert "Reason: half for [address]" in made.text
    assert "Bob" not in made.model_dump_json()


def test_a_correction_keeps_who_had_read_the_case() -> None:
    """Else what only a model misread would teach the rules."""
    read = read_by("model", name="gpt", rules="question", model="damaged")
    made = correction(make.correction(case={**BOB, READ: read}))
    assert made.data["case"][READ] == read
    assert lesson_of([made], intent="damaged", skus=[]) is None
