"""What exactly an approval names."""

from uuid import UUID

import pytest

from apps.proposals.changes import binding, diff

GIVEN = {
    "change_id": UUID(int=1),
    "revision": 1,
    "action": "set_price",
    "params": {"amount": "10.00"},
    "before": {"prices": {"EUR": "9.00"}},
    "basis": "policy",
}


@pytest.mark.parametrize(
    "other",
    [
        {"params": {"amount": "10.01"}},
        {"before": {"prices": {"EUR": "9.01"}}},
        {"basis": "next policy"},
        {"revision": 2},
        {"action": "set_stock"},
        {"change_id": UUID(int=2)},
    ],
)
def test_any_difference_changes_the_binding(other):
    """A cent, the policy, or the shop's record: each makes another binding."""
    assert binding(**GIVEN) == binding(**GIVEN)
    assert binding(**GIVEN | other) != binding(**GIVEN)


def test_diff_names_leaves_that_differ():
    """Nested fields are named by their path; what is gone has no value after."""
    found = diff({"a": 1, "p": {"EUR": "1", "USD": "2"}}, {"p": {"EUR": "3", "USD": "2"}})
    assert [(d.path, d.before, d.after) for d in found] == [("p.EUR", "1", "3"), ("a", 1, None)]
