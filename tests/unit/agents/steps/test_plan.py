"""What planning adds to plans."""

from dataclasses import replace

from apps.agents.models import Step
from apps.agents.playbooks.base import Planned
from apps.agents.steps.plan import Plan, uses_memory, with_caveats
from apps.proposals.evidence import rests_on_stale
from apps.proposals.operations import Draft

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


def test_a_warning_put_first_leaves_each_paragraph_its_sources() -> None:
    """They are named by their place, and every place is one further for each warning."""
    evidence = [{"kind": "message", "title": "Kaputt"}, {"kind": "text", "title": "Our own text"}]
    message = {"body": "Hello,\n\nwe are sorry.\n\nBye"}
    draft = Draft(title="t", rationale="r", changes=[("send_message", message)],
                  evidence=evidence, sources={0: [[1], [0, 1], []]})  # fmt: skip
    marked = with_caveats(Planned(key="k", draft=draft), ["As of 08:00.", "As of 07:00."]).draft
    assert marked is not None
    cited = [[marked.evidence[place]["kind"] for place in places] for places in marked.sources[0]]
    assert cited == [["text"], ["message", "text"], []]


def test_a_plan_from_fresh_answers_is_left_as_it_is() -> None:
    """And so is a case without a proposal."""
    assert with_caveats(PLANNED, []) is PLANNED
    nothing = Planned(key="k", draft=None, why="fine")
    assert with_caveats(nothing, ["old"]) is nothing
    assert PLANNED.draft is not None
    assert not rests_on_stale(PLANNED.draft.evidence)


def test_who_planned_fits_into_its_column() -> None:
    """However many models answered, and whatever they call themselves."""
    made = Plan()
    for number in range(5):
        made.add(f"model {number}{'m' * 99}", [])
    most = Step._meta.get_field("planner").max_length
    assert most is not None
    assert len(made.planner) <= most
    assert made.planner.startswith("model 0mmm")


def test_memory_is_used_where_a_plan_rests_on_it() -> None:
    """What was only found and listed beside the rest is not counted."""
    fact = {"kind": "memory", "title": "Known", "item_id": "i"}
    evidence = [{"kind": "message", "title": "Kaputt"}, fact]
    beside = Draft(title="t", rationale="r", changes=[], evidence=evidence, sources={0: [[0]]})
    cited = replace(beside, sources={0: [[], [0, 1]]})
    heeded = replace(beside, evidence=[*evidence[:1], fact | {"kind": "correction"}])
    assert [uses_memory(one) for one in (beside, cited, heeded)] == [False, True, True]
    assert not uses_memory(replace(beside, evidence=evidence[:1], sources={0: [[0]]}))
