"""What planning adds to plans."""

from apps.agents.playbooks.base import Planned
from apps.agents.steps.plan import with_caveats
from apps.proposals.operations import Draft
from apps.proposals.stale import rests_on_stale

PLANNED = Planned(
    key="k",
    draft=Draft(
        title="t", rationale="r", changes=[], evidence=[{"kind": "shop", "title": "Stock"}]
    ),
)


def test_a_plan_from_an_older_answer_says_so_first() -> None:
    """The reviewer sees from when it is before anything else."""
    marked = with_caveats(PLANNED, ["As of 08:00 UTC: 'feeds' does not answer now."]).draft
    assert marked is not None
    assert [one["kind"] for one in marked.evidence] == ["stale", "shop"]
    assert marked.evidence[0]["detail"] == "As of 08:00 UTC: 'feeds' does not answer now."
    assert rests_on_stale(marked.evidence)


def test_a_plan_from_fresh_answers_is_left_as_it_is() -> None:
    """And so is a case without a proposal."""
    assert with_caveats(PLANNED, []) is PLANNED
    nothing = Planned(key="k", draft=None, why="fine")
    assert with_caveats(nothing, ["old"]) is nothing
    assert PLANNED.draft is not None
    assert not rests_on_stale(PLANNED.draft.evidence)
