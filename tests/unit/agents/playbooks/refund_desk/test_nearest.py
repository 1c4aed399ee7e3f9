"""Which intent a vector is nearest to, among vectors of labelled examples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.playbooks.refund_desk.examples import Example
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.nearest import Fitted, Matrix, fit, unit

EAST, NORTH, WEST = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0)
PLACES = st.tuples(*[st.floats(-10, 10, width=32)] * 3)


def example(intent: Intent, text: str = "") -> Example:
    """An English example."""
    return Example(intent=intent, language="en", text=text or intent.value)


def matrix(*rows: tuple[float, ...]) -> Matrix:
    """Vectors as the model gives them."""
    return np.array(rows, dtype=np.float32)


def fitted(*placed: tuple[Intent, tuple[float, ...]]) -> Fitted:
    """Fitted to examples at these places, called `0`, `1` …"""
    examples = [example(intent, str(number)) for number, (intent, _) in enumerate(placed)]
    return fit(examples, matrix(*(place for _, place in placed)))


def best(scores: dict[str, float]) -> str:
    """The intent with the highest score."""
    return max(scores, key=lambda name: scores[name])


THREE = fitted((Intent.LATE, EAST), (Intent.DAMAGED, NORTH), (Intent.THANKS, WEST))


@pytest.mark.parametrize(
    ("vector", "intent"),
    [
        (EAST, "late"),
        (NORTH, "damaged"),
        (WEST, "thanks"),
        ((0.9, 0.2, 0.1), "late"),
        ((0.1, 0.8, -0.3), "damaged"),
    ],
)
def test_the_intent_of_what_is_near_scores_highest(vector: tuple[float, ...], intent: str) -> None:
    """Each intent has a score."""
    [scores] = THREE.score(matrix(vector))
    assert best(scores) == intent
    assert set(scores) == {"late", "damaged", "thanks"}


def test_the_nearest_come_best_first_with_their_likeness() -> None:
    """An example is like itself; not more of them than are asked for, or than there are."""
    [near] = THREE.nearest(matrix(EAST), 2)
    assert [one.text for one, _ in near] == ["0", "1"]
    assert near[0][1] == pytest.approx(1.0)
    assert near[0][1] > near[1][1]
    [everything] = THREE.nearest(matrix(EAST), 99)
    assert len(everything) == 3


def test_what_is_equally_near_keeps_its_order() -> None:
    """The same message gives the same evidence each time."""
    twice = fitted((Intent.LATE, EAST), (Intent.DAMAGED, EAST), (Intent.THANKS, WEST))
    [near] = twice.nearest(matrix(EAST), 2)
    assert [one.text for one, _ in near] == ["0", "1"]


def test_a_crowded_intent_pulls_no_more_than_a_sparse_one() -> None:
    """Ten examples on one side, one on the other: what lies between belongs to neither."""
    model = fitted(*[(Intent.LATE, EAST)] * 10, (Intent.DAMAGED, WEST))
    between, [there] = model.mean + matrix(NORTH), model.score(matrix(WEST))
    [scores] = model.score(between)
    assert scores["late"] == pytest.approx(scores["damaged"], abs=0.002)
    assert best(there) == "damaged"


def test_what_all_have_in_common_is_left_out() -> None:
    """The model's cosines are high for any two texts; far from nothing, the same differences."""
    far = 50.0
    moved = fitted(
        (Intent.LATE, (1.0, 0.0, far)),
        (Intent.DAMAGED, (0.0, 1.0, far)),
        (Intent.THANKS, (-1.0, 0.0, far)),
    )
    [here], [there] = THREE.score(matrix(EAST)), moved.score(matrix((1.0, 0.0, far)))
    assert here == pytest.approx(there, abs=0.01)


def test_many_at_once_are_scored_as_one_by_one() -> None:
    """Row by row; none of none."""
    asked = matrix(EAST, NORTH, WEST)
    assert THREE.score(asked) == [THREE.score(row[None])[0] for row in asked]
    assert THREE.nearest(asked, 1) == [THREE.nearest(row[None], 1)[0] for row in asked]
    assert THREE.score(asked[:0]) == []


@given(st.lists(PLACES, min_size=1, max_size=5))
def test_units_have_length_one_or_none(rows: list[tuple[float, ...]]) -> None:
    """Directions stay; what has no length divides nothing."""
    vectors = matrix(*rows)
    lengths = np.linalg.norm(unit(vectors), axis=1)
    for before, after in zip(np.linalg.norm(vectors, axis=1), lengths, strict=True):
        assert after == pytest.approx(1.0 if before else 0.0, abs=1e-3)


@given(PLACES)
def test_likeness_and_scores_are_numbers_for_any_vector(vector: tuple[float, ...]) -> None:
    """A cosine is -1..1, and scores of all intents cancel out."""
    likeness = THREE.likeness(matrix(vector))
    assert np.all(np.abs(likeness) <= 1.0001)
    [scores] = THREE.score(matrix(vector))
    assert sum(scores.values()) == pytest.approx(0, abs=1e-3)
