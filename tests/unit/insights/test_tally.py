"""Tallies add up and survive being packed."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from apps.insights.figures import figures
from apps.insights.tally import Cell, Key, Tally, merge, pack, unpack

names = st.sampled_from(["", "a", "ö|b"])
keys = st.builds(Key, st.sampled_from(["decided", "call"]), st.sampled_from(["auto", "ok", ""]),
                 names, names, names, names, st.integers(-1, 300))  # fmt: skip
cells = st.builds(Cell, st.integers(1, 10**6), st.integers(0, 10**15))
tallies = st.dictionaries(keys, cells, max_size=12).map(Tally)


@given(tallies)
def test_what_is_packed_is_unpacked(tally):
    """Nothing is lost or changed."""
    assert unpack(pack(tally)) == tally


@given(st.lists(tallies, max_size=5))
def test_merging_adds_and_changes_nothing_it_is_given(parts):
    """In any order."""
    before = [Tally(part) for part in parts]
    expected = Counter()
    for part in parts:
        expected.update({key: cell.n for key, cell in part.items()})
    assert {key: cell.n for key, cell in merge(parts).items()} == dict(expected)
    assert merge(reversed(parts)) == merge(parts)
    assert parts == before


def test_figures_of_nothing():
    """An empty workspace has figures too."""
    none = figures(Tally())
    assert (none.decided, none.cost_each, none.undone_per_hundred) == (0, None, None)
    assert none.waited.half.ms is None


def test_what_models_cost_is_shared_by_what_was_done():
    """Three dollars for two done proposals; an undo of an older one is no share of them."""
    tally = Tally({
        Key("call", "ok", "", "", "", "small|m", 10): Cell(5, 300_000_000),
        Key("settled", "done", "", "", "", "", -1): Cell(2, 0),
        Key("settled", "undone", "", "", "", "", -1): Cell(3, 0),
    })  # fmt: skip
    found = figures(tally)
    assert (found.cost, found.cost_each) == (3.0, 1.5)
    assert found.undone_per_hundred == 150
