"""score = relevance x recency x trust."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.memory.ranking import Candidate, rank, recency, relevance, terms, trust

NOW = datetime(2026, 5, 4, tzinfo=UTC)
DAY = timedelta(days=1)


def candidate(key: str, *, kind: str = "fact", by: str = "user:1", age: int = 0) -> Candidate[str]:
    return Candidate(key=key, type=kind, by=by, created_at=NOW - age * DAY)


def order(candidates: list[Candidate[str]], lists: dict[str, list[str]]) -> list[str]:
    return [key for key, _ in rank(candidates, lists, now=NOW)]


def test_an_exact_subject_beats_meaning_and_meaning_beats_words() -> None:
    """All else equal."""
    found = [candidate("w"), candidate("m"), candidate("s")]
    lists = {"subject": ["s"], "meaning": ["m"], "words": ["w"]}
    assert order(found, lists) == ["s", "m", "w"]


def test_being_found_in_two_ways_beats_being_first_in_one() -> None:
    """Meaning and words together confirm each other."""
    lists = {"subject": [], "meaning": ["a", "b"], "words": ["b"]}
    assert order([candidate("a"), candidate("b")], lists) == ["b", "a"]


def test_a_persons_word_counts_more_than_an_agents() -> None:
    """So the correction of a reviewer outranks the note it corrects."""
    lists = {"subject": ["note", "correction"], "meaning": [], "words": []}
    found = [
        candidate("note", kind="episode", by="agent:1"),
        candidate("correction", kind="correction"),
    ]
    assert order(found, lists) == ["correction", "note"]
    assert trust(kind="correction", by="user:1") == 1.0


def test_old_knowledge_fades_to_half_and_not_below() -> None:
    """Half-lives differ by type; an unknown type and a future date do no harm."""
    assert recency(kind="fact", age=timedelta(0)) == 1.0
    assert recency(kind="episode", age=60 * DAY) == 0.75
    assert 0.5 <= recency(kind="episode", age=100_000 * DAY) < 0.51
    assert recency(kind="fact", age=-DAY) == 1.0
    assert recency(kind="else", age=DAY) < 1.0


def test_ties_go_to_the_newer_item() -> None:
    """When nothing else tells them apart."""
    found = [
        candidate("old", kind="episode", age=100_000),
        candidate("new", kind="episode", age=90_000),
    ]
    assert order(found, {"meaning": []}) == ["new", "old"]


def test_the_first_in_every_list_has_full_relevance() -> None:
    """The scale ends at 1."""
    assert relevance({"subject": 1, "meaning": 1, "words": 1}) == 1.0
    assert relevance({}) == 0.0


@given(
    st.permutations(list("abcdef")),
    st.permutations(list("abcdef")),
    st.lists(st.integers(0, 5_000), min_size=6, max_size=6),
)
def test_every_candidate_comes_back_once_with_a_score_between_0_and_1(
    meaning: list[str], words: list[str], ages: list[int]
) -> None:
    """And in falling order."""
    found = [candidate(key, age=age) for key, age in zip("abcdef", ages, strict=True)]
    ranked = rank(found, {"meaning": meaning, "words": words}, now=NOW)
    scores = [score for _, score in ranked]
    assert sorted(key for key, _ in ranked) == list("abcdef")
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_telling_words_are_long_or_hold_a_digit() -> None:
    """Order numbers and SKUs stay, empty words of three languages go."""
    assert terms("Bitte, my ORDER #1042 with SKU-7 wurde beschädigt; order!") == [
        "order",
        "1042",
        "beschädigt",
    ]
    assert terms("R2 d2") == ["r2", "d2"]
    assert len(terms(" ".join(f"word{n}" for n in range(99)))) == 24
