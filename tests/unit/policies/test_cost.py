"""What a rule takes at most is known before it runs, and never less than it does take."""

import contextlib
import time

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.policies.cost import BUDGET, Meter, TooCostly, flat_steps
from apps.policies.expression import parse
from apps.policies.reckoning import OWN_FUNCTIONS, doubled, plain

SLOWEST_STEP = 2e-6  # seconds, on a machine that is busy with other things as well
ITEMS = [{"id": "a" * 10, "quantity": 3} for _ in range(40)]
SEEN = {"params": {"items": ITEMS, "note": "x" * 5_000}, "before": {"l": list(range(60))},
        "amount": 5.0}  # fmt: skip


def steps(when: str) -> int:
    """What a rule is counted with."""
    meter = Meter(SEEN)
    meter.charge(parse(when))
    return BUDGET - meter.left


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("amount > 5", "amount > 5 && amount > 6"),
        ("params.items.all(i, true)", "params.items.all(i, true) && true"),
        ("[1].all(i, true)", "[1, 2].all(i, true)"),
        ("before.l.all(i, true)", "before.l.map(i, i) == []"),
        ("params.items.all(i, i.quantity > 1)", "params.items.all(i, i == i)"),
        ("size(params.items) > 1", "size([params.items]) > 1"),
        ("amount == 5.0", "params == params"),
        ("params.note == ''", "params.note.matches('a')"),
        ("params.note.matches('a')", "params.note.matches('\\\\w')"),
        ("params.note.matches('a{2}')", "params.note.matches('a{20}')"),
    ],
)
def test_more_work_is_more_steps(less: str, more: str) -> None:
    """Longer lists, larger copies, heavier patterns."""
    assert steps(less) < steps(more)


def test_a_loop_in_a_loop_multiplies() -> None:
    """Each list counts as often as the one around it is long."""
    once, twice = steps("before.l.all(a, true)"), steps("before.l.all(a, before.l.all(b, true))")
    assert twice > 55 * once
    with pytest.raises(TooCostly, match="fewer lists inside each other"):
        steps("before.l.all(a, before.l.all(b, before.l.all(c, true)))")


@pytest.mark.parametrize(
    ("when", "is_flat"),
    [
        ("amount > 5 || amount in [1, 2]", True),
        ("has(params.note) && before.x == 'a'", True),
        ("params.items.all(i, true)", False),
        ("params == before", False),
        ("amount in limits.list", False),
        ("params.note + 'a' == 'b'", False),
        ("size(params.note) > 3", False),
    ],
)
def test_most_rules_take_the_same_whatever_they_see(when: str, is_flat: bool) -> None:
    """They are not looked through again at each change."""
    assert (flat_steps(parse(when)) is not None) == is_flat


def test_rules_share_one_budget() -> None:
    """The hundredth may be the one too many."""
    meter, node = Meter(SEEN), parse("before.l.all(a, before.l.exists(b, a == b))")
    meter.charge(node)
    meter.charge(parse("before.l.all(a, before.l.exists(b, a == b))"), steps=meter.left)
    with pytest.raises(TooCostly):
        meter.charge(node)


inside = st.recursive(
    st.sampled_from(["amount", "before.l", "params.items", "params.note", "x", "[1, 2]", "'a'"]),
    lambda part: st.one_of(
        st.tuples(part, part).map(lambda two: f"({two[0]} + {two[1]})"),
        st.tuples(part, part).map(lambda two: f"({two[0]} == {two[1]})"),
        st.tuples(part, part).map(lambda two: f"[{two[0]}, {two[1]}]"),
        st.tuples(st.sampled_from(["map", "filter", "all"]), part, part).map(
            lambda three: f"{three[1]}.{three[0]}(x, {three[2]})"
        ),
        part.map(lambda one: f"size({one})"),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(inside)
def test_no_expression_takes_longer_than_it_was_counted(when: str) -> None:
    """Whatever is put together of loops, sums, lists and comparisons."""
    try:
        counted = steps(when)
    except TooCostly:
        return
    node = parse(when)
    context = cel.Context({name: doubled(one) for name, one in SEEN.items()}, OWN_FUNCTIONS)
    program = cel.compile(plain(node, {}))
    begun = time.thread_time()
    with contextlib.suppress(Exception):  # what fails has taken its time all the same
        program.execute(context)
    assert time.thread_time() - begun < 0.002 + counted * SLOWEST_STEP
