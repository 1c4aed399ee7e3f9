"""One table of what a refusal means, for pages and the API."""

import pytest

from apps.api.problems import problem_of
from apps.console.views.outcome import REFUSED
from apps.gateway.errors import BadAnswer, Refused, Unreachable
from apps.proposals import operations
from apps.proposals.refusals import REFUSALS, refusal_of


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda one: one.__name__)
def test_a_class_stands_before_those_it_is_one_of(kind):
    """Or it would be told as something else."""
    assert next(one for one in REFUSALS if issubclass(kind, one)) is kind


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (operations.AlreadyDecided("x"), 409), (operations.DeniedByPolicy("x"), 409),
        (operations.NotLooked("x"), 409), (operations.InvalidDraft("x"), 422),
        (operations.NotAuthorised("x"), 403), (Unreachable("x"), 503), (BadAnswer("x"), 502),
        (Refused("x", code="400"), 422),
    ],
)  # fmt: skip
def test_pages_and_programs_are_answered_alike(error, status):
    """With one status."""
    refusal = refusal_of(error)
    assert refusal is not None
    assert refusal.status == problem_of(error).status == status
    assert isinstance(error, REFUSED)


def test_what_refuses_nothing_means_nothing():
    """An error of ours is no refusal."""
    assert refusal_of(KeyError("x")) is None
    assert problem_of(KeyError("x")).status == 500
