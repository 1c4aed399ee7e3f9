"""Order numbers in a text: what is said to be one, and nothing that only looks like it."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.playbooks.refund_desk.numbers import doubtful, order_numbers

NUMBERS = st.integers(100, 10**12 - 1).map(str)
# What stands before a number without doubt; the six languages
SAID = st.sampled_from(
    ["order ", "#", "Bestellung Nr. ", "commande n° ", "pedido nº ", "ordine n. ", "bestelling "]
)


@pytest.mark.parametrize(
    "text",
    [
        "My order #1042 arrived broken.",
        "(order 1042)",
        "Order ID: 1042!",
        "my order number is: 1042.",
        "RE: [Order #1042] has shipped",
        "the order “1042”, please",
        "order [1042]",
        "ORDER 1042",
        "order\xa01042",
        "#1042🙂",
        "order no 1042\x00",
        "Bestellung mit der Nummer 1042",
        "Bestell-Nr.: 1042",
        "Bestellnr. 1042",
        "Auftragsnr. 1042",
        "Bestellung „1042“ fehlt",
        "ma commande n°1042",
        "mon numéro de commande est le 1042",
        "el número de mi pedido es 1042",
        "pedido n.º 1042",
        "pedido núm. 1042",
        "numero d'ordine 1042",
        "il mio ordine n. 1042",
        "mijn bestelling 1042",
        "bestelnr. 1042",
        "ordernummer: 1042",
        "Nr. 1042",
    ],
)
def test_a_number_said_to_be_an_orders(text: str) -> None:
    """In six languages, with whatever stands between the word and the number."""
    assert order_numbers(text) == ["1042"]


@pytest.mark.parametrize(
    "text",
    [
        "Order 1042\nThe mug is broken",  # subject and body
        "Order 1042\nPieces are missing",
        "Bestellung 1042 Tasse kaputt",
        "#1042 Danke für die schnelle Hilfe",
        "Bestellung Nr. 1042\nDie Tasse ist kaputt",
        "My order 1042 to 10115 Berlin",
        "Order 1042, 10 days late",
        "Order 1042, 3 pieces broken",
        "Order 1042, 100% broken",
        "#1042 pieces are missing",
        "ma commande 1042 l'assiette est cassée",
        "I keep telling you: order 1042 is late",
        "I keep telling you order 1042 is late",
        "Der Teller Bestellung 1042 ist kaputt",
        "My phone case order 1042 is scratched",
    ],
)
def test_what_stands_beside_it_takes_nothing_away(text: str) -> None:
    """A capital is no town, a quantity behind it is its own, a plate is no telephone."""
    assert order_numbers(text) == ["1042"]


@pytest.mark.parametrize(
    "text",
    [
        "I paid 1042 EUR for order 7",
        "the order cost €1042",
        "la commande de 1042 euros",
        "order of 100 pieces",
        "order over 1,042 dollars",
        "order 1042.50 was charged",  # an amount without its currency
        "Bestellung 1299,00",
        "Order of 20.11.2026",
        "my order 2026-11-20",
        "my order from 20 November 2026",
        "la commande de 2024",
        "order 0171 2345678",
        "order 612 345 678",
        "phone number 5550199",
        "Telefonnummer 5550199",
        "Call me on +49 171 2345678",
        "invoice 1042",
        "Rechnung Nr. 1042",
        "Kundennummer 1042",
        "customer no. 1042",
        "tracking number 1042556677",
        "no. 12345 Main Street",
        "10115 Berlin",
        "1042 AB Amsterdam",
        "page/#1042",
        "&#1042;",
        "order AB1042",
        "order 12",
        "order 1234567890123",
        "1042",
        "washed for 1000 hours",
        "",
        "\x00",
        "🙂",
    ],
)
def test_what_only_looks_like_one(text: str) -> None:
    """Amounts, dates, telephones, invoices, places; and a bare number is said to be nothing."""
    assert order_numbers(text) == []


@pytest.mark.parametrize("text", ["order 1,042", "order no. 1.042", "commande 1 042"])
def test_a_number_in_groups_is_asked_for(text: str) -> None:
    """Half of it would be another order."""
    assert order_numbers(text) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("orders 1042 and 1043", ["1042", "1043"]),
        ("Bestellungen #1042, #1043 und #1044", ["1042", "1043", "1044"]),
        ("les commandes 1042 et 1043", ["1042", "1043"]),
        ("pedidos 1042 o 1043", ["1042", "1043"]),
        ("gli ordini: ordine 1042, ordine 1043", ["1042", "1043"]),
        ("bestelling 1042 en 1043", ["1042", "1043"]),
        ("order: #1042 / #1043", ["1042", "1043"]),
        ("Order 1043, I mean order 1042, not order 1043", ["1043", "1042"]),
        ("not order 1042 but order 1043", ["1042", "1043"]),  # whose it is, the shop knows
        ("order 1042, 2 mugs and 100 nails", ["1042"]),
        ("I paid EUR 1,042 for order #1043", ["1043"]),
        ("Meine Bestellung 1042, you know, commande 1043", ["1042", "1043"]),
    ],
)
def test_several_stand_in_the_order_they_are_named(text: str, numbers: list[str]) -> None:
    """Each once."""
    assert order_numbers(text) == numbers


def test_digits_of_another_script_are_the_same_number() -> None:
    """The shop knows the number in ASCII only."""
    assert order_numbers("order １０４２") == order_numbers("order ١٠٤٢") == ["1042"]


@given(before=SAID, number=NUMBERS)
def test_any_number_is_found_behind_the_word(before: str, number: str) -> None:
    """Whole, whatever its digits are."""
    assert order_numbers(f"Hello, {before}{number} is broken.") == [number]


@given(text=st.text(st.sampled_from("order #nr.°,-/€ 0129AaäTag\n'١"), max_size=60) | st.text())
def test_whatever_is_found_could_be_an_order_number(text: str) -> None:
    """Three to twelve ASCII digits that stand in the text together, each once."""
    found = order_numbers(text)
    digits = "".join(str(int(letter)) if letter.isdecimal() else letter for letter in text)
    assert len(found) == len(set(found))
    for number in found:
        assert number.isascii()
        assert number.isdigit()
        assert 3 <= len(number) <= 12
        assert number in digits


@pytest.mark.parametrize(
    "piece",
    ["1 ", "1,", "123 ", "0 ", "01 ", "+1 ", "#1 ", "tel a. ", "item 1 -", "1042 B", "order "],
)
def test_a_long_mail_full_of_digits_is_read_at_once(piece: str) -> None:
    """A pasted table must not hold up all other mail: a few milliseconds, which were 25 seconds."""
    began = process_time()
    order_numbers((piece * 10_000)[:10_000] + "x")
    assert process_time() - began < 3


@pytest.mark.parametrize(
    ("number", "is_doubtful"),
    [
        ("2026", True),
        ("1999", True),
        ("20261120", True),
        ("20261320", False),  # no month
        ("01042", True),
        ("123456789", True),
        ("12345678", False),
        ("1042", False),
        ("2126", False),
    ],
)
def test_a_number_that_could_be_something_else(number: str, is_doubtful: bool) -> None:
    """A year, a day, a telephone number or a postcode."""
    assert doubtful(number) == is_doubtful
