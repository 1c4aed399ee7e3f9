"""Labelled examples are read from a file; what it cannot mean is refused in words."""

from pathlib import Path

import pytest

from apps.agents.playbooks.refund_desk.examples import FILE, UnreadableExamples, read, shipped
from apps.agents.playbooks.refund_desk.intents import Intent


def file_of(folder: Path, content: str) -> Path:
    """A file with this content."""
    path = folder / "mine.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_file_is_read_in_its_order(tmp_path: Path) -> None:
    """By intent, by language, and text by text as it is written."""
    content = """
        [late]
        fr = ["Toujours rien ☹", "C'est « long »"]
        en = ["Still nothing"]
        [thanks]
        de = ["Danke"]
    """
    found = [(one.intent, one.language, one.text) for one in read(file_of(tmp_path, content))]
    assert found == [
        (Intent.LATE, "fr", "Toujours rien ☹"),
        (Intent.LATE, "fr", "C'est « long »"),
        (Intent.LATE, "en", "Still nothing"),
        (Intent.THANKS, "de", "Danke"),
    ]


@pytest.mark.parametrize("content", ["", "[late]", "[late]\nen = []", "# nothing yet"])
def test_a_file_without_examples_has_none(tmp_path: Path, content: str) -> None:
    """It is no fault."""
    assert read(file_of(tmp_path, content)) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[lost]\nen = ["Gone"]', r"mine\.toml: \[lost\] is none of suspicious, .*, other\."),
        ('[Late]\nen = ["Gone"]', r"\[Late\] is none of"),
        ('[late]\npt = ["Atrasado"]', r"\[late\] pt is none of en, de, fr, es, it, nl\."),
        ('[late]\nEN = ["Gone"]', r"\[late\] EN is none of"),
    ],
)
def test_what_there_is_none_of_is_refused(tmp_path: Path, content: str, told: str) -> None:
    """The text says where, and what there is."""
    with pytest.raises(UnreadableExamples, match=told):
        read(file_of(tmp_path, content))


def test_what_ships_is_read_once_and_is_nobodys_own() -> None:
    """Every process shares it."""
    assert shipped() is shipped()
    assert list(shipped()) == read(FILE)
    assert not any(one.own for one in shipped())
    assert not [one.text for one in shipped() if one.text != one.text.strip() or "\n" in one.text]
