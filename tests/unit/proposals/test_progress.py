"""Changes are carried out in order, each after the one before is proven."""

import pytest

from apps.proposals.progress import End, Next, proceed


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["done"], Next(end=End.DONE)),
        (["done", None], Next(position=1)),
        (["done", "done"], Next(end=End.DONE)),
        (["calling", None], Next()),
        (["unknown"], Next()),
        (["stale", None], Next()),
        (["refused", None], Next(end=End.FAILED)),
        (["done", "refused"], Next(end=End.NEEDS_PERSON)),
        (["needs_person", None], Next(end=End.NEEDS_PERSON)),
    ],
)
def test_proceed(states, expected):
    """The next step of a change set."""
    assert proceed(states) == expected
