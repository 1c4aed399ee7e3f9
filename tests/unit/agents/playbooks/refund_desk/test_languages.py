"""Which of the six languages a message is in, and when that is in doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.playbooks.refund_desk.languages import (
    LANGUAGES,
    NAMES,
    TELLING,
    detect,
    telling,
    told_by_words,
)

MESSAGES = [
    ("Good morning, where is my order? I have been waiting for two weeks.", "en"),
    ("Where is my order?", "en"),
    ("Thanks", "en"),
    ("order 1042", "en"),
    ("Sehr geehrte Damen und Herren, die Tasse ist leider zerbrochen.", "de"),
    ("Wo ist meine Bestellung?", "de"),
    ("Danke", "de"),
    ("die tasse ist kaputt!!!!", "de"),
    ("Bonjour, la tasse est arrivée cassée.", "fr"),
    ("Où est ma commande ?", "fr"),
    ("Merci", "fr"),
    ("Buenos días, la taza llegó rota.", "es"),
    ("¿Dónde está mi pedido?", "es"),
    ("Gracias", "es"),
    ("Buongiorno, la tazza è arrivata rotta.", "it"),
    ("Dov'è il mio ordine?", "it"),
    ("Grazie 🙂", "it"),
    ("Goedendag, de mok is gebroken aangekomen.", "nl"),
    ("Waar is mijn bestelling?", "nl"),
    ("Bedankt", "nl"),
]


@pytest.mark.parametrize(("text", "language"), MESSAGES)
def test_the_language_of_a_message(text: str, language: str) -> None:
    """A sentence or a single word."""
    assert detect(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("PLEASE CANCEL MY ORDER AND SEND THE MONEY BACK", "en"),
        ("DIE TASSE IST KAPUTT ANGEKOMMEN", "de"),
        ("LA TASSE EST ARRIVÉE CASSÉE", "fr"),
        ("LA TAZA ESTÁ ROTA", "es"),
        ("LA TAZZA È ARRIVATA ROTTA", "it"),
        ("WAAR IS MIJN BESTELLING", "nl"),
    ],
)
def test_who_shouts_is_understood(text: str, language: str) -> None:
    """Capitals are no other language."""
    assert detect(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "Onde está a minha encomenda?",
        "Hvor er min ordre?",
        "Var är min beställning?",
        "Gdzie jest moje zamówienie?",
        "Где мой заказ?",
        "我的订单在哪里？",
        "",
        "   ",
        "42",
        "🙂🙂🙂",
        "\x00",
        "Hallo",  # German or Dutch
    ],
)
def test_another_language_or_none_is_told_apart(text: str) -> None:
    """No answer is written in a language that is only the likeliest of six."""
    assert detect(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The mug is broken and I would like my money back. Grüße", "en"),
        ("Hi, die Tasse ist leider kaputt und ich möchte mein Geld zurück.", "de"),
        ("Bonjour, my order is broken, please refund it to my card, thanks.", "en"),
    ],
)
def test_a_word_of_another_language_changes_nothing(text: str, language: str) -> None:
    """A greeting is borrowed easily."""
    assert detect(text) == language


def test_two_languages_in_balance_are_told_by_none() -> None:
    """As many telling words of one as of the other."""
    assert telling("hello hola")["en"] == telling("hello hola")["es"] == 1
    assert told_by_words("hello hola") is None
    assert told_by_words("hello hola gracias") == "es"


@pytest.mark.parametrize("text", ["", "xyzzy", "\x00", "1042", "🙂"])
def test_without_a_telling_word(text: str) -> None:
    """Nothing is told."""
    assert set(telling(text).values()) == {0}
    assert told_by_words(text) is None


def test_words_are_whole_and_their_case_is_nothing() -> None:
    """`there` holds no `the`."""
    assert telling("THE The the")["en"] == 3
    assert telling("there")["en"] == 0


def test_every_language_has_a_name_and_telling_words() -> None:
    """Each word stands once in its list."""
    assert set(TELLING) == set(NAMES) == set(LANGUAGES)
    for words in TELLING.values():
        assert len(words.split()) == len(set(words.split()))


def test_a_long_letter() -> None:
    """In as many words as you like."""
    assert detect("Die Tasse ist leider kaputt angekommen. " * 2_000) == "de"


@given(st.text(max_size=200))
def test_any_text_has_one_of_ours_or_none(text: str) -> None:
    """And what the words tell has more of them than any other."""
    assert detect(text) in {*LANGUAGES, None}
    counts, told = telling(text), told_by_words(text)
    assert told is None or all(counts[told] > counts[one] for one in LANGUAGES if one != told)


@given(st.permutations(["die", "Tasse", "ist", "leider", "kaputt", "und", "ich", "bin", "traurig"]))
def test_the_order_of_words_tells_nothing(words: list[str]) -> None:
    """They are counted."""
    assert told_by_words(" ".join(words)) == "de"
