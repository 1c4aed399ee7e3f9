"""Whether a message states what a word in it says, or denies, imagines or asks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.playbooks.refund_desk.statements import (
    NEGATIONS,
    asked,
    denied,
    imagined,
    sentence_at,
    stated,
    words,
)


def says(text: str, sign: str, *, may_be_asked: bool = False) -> bool:
    """Whether the text states its first piece that reads like the sign."""
    folded = text.casefold().replace("’", "'")
    start = folded.index(sign)
    return stated(folded, start, start + len(sign), may_be_asked=may_be_asked)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("It is broken.", "broken"),
        ("No, it is broken!", "broken"),
        ("No. It is broken.", "broken"),
        ("Not only broken, but also dirty", "broken"),
        ("I am not happy because it arrived broken", "broken"),
        ("The box was not dented, but the mug is broken", "broken"),
        ("The mug is broken, the box is not", "broken"),
        ("If possible, send another one, it is broken", "broken"),
        ("If you need a photo: it is broken", "broken"),
        ("Is it possible to get a refund? The mug is broken.", "broken"),
        ("Why is it broken?", "broken"),
        ("The mug is broken, can you send a new one?", "broken"),
        ("😡😡😡 broken 😡", "broken"),
        ("\x00broken", "broken"),
        ("Nein, die Tasse ist kaputt", "kaputt"),
        ("Die Tasse ist kaputt, nicht der Teller", "kaputt"),
        ("Sie ist nicht nur kaputt, sondern auch schmutzig", "kaputt"),
        ("Wenn möglich Ersatz, die Tasse ist kaputt", "kaputt"),
        ("The handle falls off, it is broken", "broken"),
        ("La tasse est cassée, pas l'assiette", "cassée"),
        ("La tasse n'est pas seulement cassée", "cassée"),
        ("S'il vous plaît, la tasse est cassée", "cassée"),
        ("Pourquoi la tasse est-elle cassée ?", "cassée"),
        ("No, la taza está rota", "rota"),
        ("La taza no solo está rota", "rota"),
        ("Se lo devuelvo porque la taza está rota", "rota"),
        ("La tazza è rotta, non il piatto", "rotta"),
        ("La tazza non solo è rotta", "rotta"),
        ("Anche se la scatola è intatta, la tazza è rotta", "rotta"),
        ("De mok is kapot, niet het bord", "kapot"),
        ("De mok is niet alleen kapot", "kapot"),
        ("Zowel de mok als de lamp is kapot", "kapot"),
    ],
)
def test_what_a_message_states(text: str, sign: str) -> None:
    """What is denied, imagined or asked beside it, is not it."""
    assert says(text, sign)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("It is not broken at all", "broken"),
        ("It isn’t broken", "broken"),
        ("Nothing is broken", "broken"),
        ("The mug did not arrive broken", "broken"),
        ("Die Tasse ist nicht kaputt", "kaputt"),
        ("Keine der Tassen ist kaputt", "kaputt"),
        ("Kaputt ist sie nicht", "kaputt"),
        ("La tasse n’est pas cassée", "cassée"),
        ("Elle est arrivée sans être cassée", "cassée"),
        ("La taza no está rota", "rota"),
        ("Ninguna taza está rota", "rota"),
        ("La tazza non è rotta", "rotta"),
        ("Nessuna tazza è rotta", "rotta"),
        ("De mok is niet kapot", "kapot"),
        ("Kapot is hij niet", "kapot"),
    ],
)
def test_what_it_denies(text: str, sign: str) -> None:
    """Before the word, or behind it where a language puts it there."""
    assert not says(text, sign)
    assert not says(text, sign, may_be_asked=True)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("If it were broken, would I get a refund?", "broken"),
        ("What happens if it arrives broken?", "broken"),
        ("Should it be broken, I send it back", "broken"),
        ("Falls die Tasse kaputt ankommt, schicke ich sie zurück", "kaputt"),
        ("Wenn die Tasse kaputt ankommt, was dann?", "kaputt"),
        ("Si la tasse est cassée, que faire ?", "cassée"),
        ("Que se passe-t-il au cas où elle serait cassée", "cassée"),
        ("Si la taza está rota, ¿qué hago?", "rota"),
        ("Se la tazza fosse rotta, la rimando", "rotta"),
        ("Se la tazza arriva rotta, la rimando", "rotta"),
        ("Stel dat de mok kapot is", "kapot"),
        ("Als de mok kapot is, krijg ik dan een nieuwe?", "kapot"),
    ],
)
def test_what_it_imagines(text: str, sign: str) -> None:
    """It has not happened."""
    assert not says(text, sign)
    assert not says(text, sign, may_be_asked=True)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Does it get scratched?", "scratched"),
        ("Hello! Is it normal that it is broken?", "broken"),
        ("Ist die Tasse kaputt?", "kaputt"),
        ("Est-ce que la tasse est cassée ?", "cassée"),
        ("La tasse est-elle cassée ?", "cassée"),
        ("Les verres sont-ils rayés ?", "rayés"),
        ("¿Está rota la taza?", "rota"),
        ("È rotta la tazza?", "rotta"),
        ("Is de mok kapot?", "kapot"),
    ],
)
def test_what_it_asks(text: str, sign: str) -> None:
    """A question states nothing, and asks for what can be asked for: “can I get a refund?”"""
    assert not says(text, sign)
    assert says(text, sign, may_be_asked=True)


@pytest.mark.parametrize("end", [".", "!", "?", ";", "\n"])
def test_a_negation_bears_on_its_own_sentence(end: str) -> None:
    """The next one begins anew."""
    assert says(f"I do not mind{end} It is broken", "broken")
    assert not says("I do not mind it broken", "broken")


def test_a_negation_bears_on_what_is_near() -> None:
    """Four words before, three behind, in the same clause."""
    assert denied("not one two three ", "")
    assert not denied("not one two three four ", "")
    assert not denied("not, ", "")
    assert denied("", " one two nicht")
    assert not denied("", " one two three nicht")
    assert not denied("", " not")  # English denies before
    assert not denied("", ", nicht")


def test_a_sentence_and_where_it_begins() -> None:
    """Its end belongs to it."""
    text = "One. Two? Three"
    assert sentence_at(text, 0) == (0, "One.")
    assert sentence_at(text, text.index("Two")) == (4, " Two?")
    assert sentence_at(text, len(text) - 1) == (9, " Three")


def test_what_is_asked_needs_its_mark() -> None:
    """And to begin like a question about a thing; white space behind it is nothing."""
    assert asked("is it broken? \n")
    assert not asked("is it broken")
    assert not asked("what is broken?")
    assert not asked("")
    assert not imagined("")


@given(st.text(min_size=1), st.data())
def test_any_place_of_any_text_is_in_one_sentence(text: str, data: st.DataObject) -> None:
    """Sentences lie end to end, and each place can be judged."""
    place = data.draw(st.integers(0, len(text) - 1))
    start, sentence = sentence_at(text, place)
    assert start <= place < start + len(sentence)
    assert text[start:].startswith(sentence)
    assert isinstance(stated(text, place, place + 1), bool)


@given(st.sampled_from(sorted(NEGATIONS)), st.lists(st.sampled_from(["very", "ganz"]), max_size=3))
def test_every_negation_denies_what_follows(negation: str, between: list[str]) -> None:
    """In each language alike."""
    assert denied(f"{' '.join([negation, *between])} ", "")


@given(st.text())
def test_words_hold_letters_only(text: str) -> None:
    """Neither numerals nor underscores, and none is empty."""
    assert all(
        word and not any(one.isdecimal() or one == "_" for one in word) for word in words(text)
    )
