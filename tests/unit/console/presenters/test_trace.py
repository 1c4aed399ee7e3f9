"""Where events stand in a trace: stage, group, error, figures; and what a filter takes."""

import pytest

from apps.audit.kinds import Kind
from apps.console.presenters.events import in_words
from apps.console.presenters.trace import (
    Filter,
    Group,
    Row,
    dollars,
    duration,
    filter_of,
    group_of,
    row_of,
    stage_of,
)


@pytest.fixture
def row(happened):
    """An event as a row of the trace."""

    def make(kind: Kind, *, proposals=None, **about) -> Row:
        return row_of(
            in_words(happened(kind, **about), {"agent:1": "Refund desk"}), proposals or {}
        )

    return make


@pytest.mark.parametrize(
    ("kind", "fields", "stage"),
    [
        (Kind.RUN_STARTED, {}, "sense"),
        (Kind.RUN_STEPPED, {"stage": "learn"}, "learn"),
        (Kind.RUN_FAILED, {"stage": "plan"}, "plan"),
        (Kind.RUN_WAITING, {}, "act"),
        (Kind.RUN_FINISHED, {}, "learn"),
        (Kind.MODEL_CALLED, {}, "plan"),
        (Kind.PROPOSAL_SUBMITTED, {}, "act"),
        (Kind.EXECUTION_FINISHED, {}, "act"),
        (Kind.ITEM_REMEMBERED, {}, "learn"),
    ],
)
def test_each_event_belongs_to_a_stage(kind, fields, stage):
    """From the event alone, so that live ones are sorted like stored ones."""
    assert stage_of(kind, fields) == stage


@pytest.mark.parametrize(
    ("kind", "actor", "group"),
    [
        (Kind.RUN_STEPPED, "agent:1", Group.AGENT),
        (Kind.MODEL_CALLED, "inference", Group.MODEL),
        (Kind.DECISION_RECORDED, "policy", Group.POLICY),
        (Kind.PROPOSAL_APPROVED, "policy", Group.POLICY),
        (Kind.PROPOSAL_APPROVED, "user:1", Group.PEOPLE),
        (Kind.REVIEW_RECORDED, "key:1", Group.PEOPLE),
        (Kind.PROPOSAL_SUBMITTED, "agent:1", Group.AGENT),
        (Kind.PROPOSAL_SETTLED, "gateway", Group.EFFECTS),
        (Kind.EXECUTION_DUE, "user:1", Group.EFFECTS),
    ],
)
def test_each_event_is_somebodys_doing(kind, actor, group):
    """By its kind, else by who acted."""
    assert group_of(kind, actor) == group


def test_every_kind_has_its_place():
    """Whatever kinds come to be."""
    for kind in Kind:
        assert stage_of(kind, {}) in ("sense", "plan", "act", "learn")
        assert group_of(kind, "user:1") in set(Group) - {Group.ERRORS}


@pytest.mark.parametrize(
    ("kind", "fields", "error"),
    [
        (Kind.RUN_FAILED, {}, True),
        (Kind.MODEL_CALLED, {"outcome": "timeout"}, True),
        (Kind.MODEL_CALLED, {"outcome": "ok"}, False),
        (Kind.EXECUTION_FINISHED, {"outcome": "refused"}, True),
        (Kind.PROPOSAL_SETTLED, {"state": "needs_person"}, True),
        (Kind.PROPOSAL_REJECTED, {}, False),
        (Kind.PROPOSAL_DENIED, {}, False),
    ],
)
def test_errors_are_what_went_wrong(row, kind, fields, error):
    """A rejection or a denial is a decision, not an error."""
    assert row(kind, **fields).error is error


def test_a_call_has_its_figures(row):
    """Time, money and tokens; none once the content was erased, none for other kinds."""
    made = row(Kind.MODEL_CALLED, latency_ms=1530, cost="0.00123", input_tokens=800,
               output_tokens=90, purpose="plan x")  # fmt: skip
    assert (made.figures.time, made.figures.money) == ("1.5 s", "$0.0012")
    assert made.figures.as_json()["tokens_in"] == 800
    assert row(Kind.MODEL_CALLED).figures is None
    assert row(Kind.RUN_STEPPED, latency_ms=3).figures is None


def test_an_event_leads_to_its_proposal(row):
    """Its own, or that of the change it is about."""
    made = {"c-1": "p-1"}
    assert row(Kind.PROPOSAL_SUBMITTED, subject="p-2", proposals=made).proposal == "p-2"
    assert (
        row(Kind.EXECUTION_STARTED, subject="e-1", change="c-1", proposals=made).proposal == "p-1"
    )
    assert row(Kind.EXECUTION_STARTED, subject="e-1", change="c-9", proposals=made).proposal == ""
    assert row(Kind.RUN_STARTED, subject="r-1", proposals=made).proposal == ""


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (Filter(), True),
        (Filter(stage="plan"), True),
        (Filter(stage="act"), False),
        (Filter(kind="model"), True),
        (Filter(kind="people"), False),
        (Filter(kind="errors"), True),
        (Filter(text="SMALL-model"), True),
        (Filter(text="large"), False),
        (Filter(stage="plan", kind="errors", text="agent"), True),
    ],
)
def test_a_filter_takes_what_fits_all_of_its_parts(row, wanted, taken):
    """Errors are of any group; text is looked for in who and what, whatever the case."""
    assert wanted.takes(row(Kind.MODEL_CALLED, actor="inference", model="small-model",
                            outcome="timeout")) is taken  # fmt: skip


def test_a_filter_in_an_address_that_makes_no_sense_wants_everything():
    """Nothing fails, and the address it makes is one it reads again."""
    assert not filter_of({"stage": "x", "kind": "'--", "q": "  "}).active
    wanted = filter_of({"stage": "plan", "kind": "errors", "q": "a & b"})
    assert wanted.query == "stage=plan&kind=errors&q=a+%26+b"
    assert len(filter_of({"q": "x" * 500}).text) == 100


@pytest.mark.parametrize(
    ("ms", "words"),
    [(0.2, "under 1 ms"), (12, "12 ms"), (1_530, "1.5 s"), (61_000, "1 min 1 s"),
     (3_720_000, "1 h 2 min"), (180_000_000, "2 d 2 h")],
)  # fmt: skip
def test_times_are_read_at_a_glance(ms, words):
    """With units."""
    assert duration(ms) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [("0", "$0.00"), ("0.00000042", "under $0.0001"), ("0.00123", "$0.0012"), ("1234.5", "$1,234.50"),
     ("what", "?")],
)  # fmt: skip
def test_money_has_as_many_digits_as_it_needs(amount, words):
    """Models cost fractions of a cent."""
    assert dollars(amount) == words
