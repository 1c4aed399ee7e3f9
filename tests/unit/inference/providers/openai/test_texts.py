"""Characters that came by halves are whole again, and nothing comes out that cannot be kept."""

import pytest

from apps.inference.providers.openai.texts import Pieces, kept, whole, whole_json

BYTES = "Ü😀".encode().decode("ascii", "surrogateescape")


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["ok \ud83d", "\ude00"], "ok 😀"),
        (["ok \ud83d", "", "\ude00!"], "ok 😀!"),
        (["\ud83d\ude00"], "😀"),
        (["\ud83d"], "\ufffd"),
        (["\ud83d", "x"], "\ufffdx"),
        (["x", "\ude00"], "x\ufffd"),
        (list(BYTES), "Ü😀"),
        (["💩".encode("utf-16", "surrogatepass")[2:4].decode("utf-16", "surrogatepass"), "\udca9"],
         "💩"),
        (["\udcf0\udc9f", "x"], "\ufffd\ufffdx"),
        (["a\0", "b"], "ab"),
        (["plain"], "plain"),
    ],
)  # fmt: skip
def test_pieces_of_a_text_are_joined(pieces: list[str], expected: str) -> None:
    """Between pieces, too; what stays half is marked."""
    joiner = Pieces()
    found = "".join(joiner.take(piece) for piece in pieces) + joiner.rest()
    assert found == expected
    found.encode()


def test_nothing_is_held_back_but_halves() -> None:
    """Who listens hears at once."""
    joiner = Pieces()
    assert [joiner.take(one) for one in ("Grü", "ße \ud83d", "\ude00")] == ["Grü", "ße ", "😀"]


def test_json_text_keeps_a_half_as_an_escape() -> None:
    """Its reader then says what is wrong with it, to who wrote it."""
    assert whole_json('{"a": "\ud83d"}') == '{"a": "\\ud83d"}'


def test_all_texts_of_a_value_can_be_kept() -> None:
    """Names of members, too."""
    assert kept({"a\0": ["\ud83d", 1, None, {"b": "x"}]}) == {"a": ["\ufffd", 1, None, {"b": "x"}]}
    assert whole("a\ud83db") == "a\ufffdb"
    assert kept([float("nan"), float("inf"), 1.5]) == [None, None, 1.5]
