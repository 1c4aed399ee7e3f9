"""Events in words: every kind, whatever its fields hold."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.audit.events import EVENTS
from apps.audit.kinds import Kind
from apps.audit.queries import Recorded
from apps.console.hub import line
from apps.console.presenters.events import TELLINGS, in_words, session_of
from apps.console.presenters.moments import moments
from apps.console.presenters.trace import row_of


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_words(happened, kind):
    """No event reaches a person as a bare name, even with no fields at all."""
    told = in_words(happened(kind), {})
    assert told.text
    assert kind.value not in told.text
    assert told.icon


@pytest.mark.parametrize("kind", list(Kind))
def test_erased_content_is_told_plainly(happened, kind):
    """After an erasure the event is still there, and says so."""
    told = in_words(replace(happened(kind), fields=None), {})
    assert "erased" in told.text


@pytest.mark.parametrize("kind", list(Kind))
def test_altered_content_is_told_plainly(happened, kind):
    """A forgery is no erasure, and stands out."""
    told = in_words(replace(happened(kind), fields=None, altered=True), {})
    assert "changed after it was recorded" in told.text
    assert "erased" not in told.text
    assert told.tone == "bad"


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_not_attested_is_told_plainly(happened, kind):
    """Nobody reads it as what the named person did."""
    told = in_words(replace(happened(kind, actor="user:7"), attested=False), {"user:7": "Rita"})
    assert (told.who, told.tone) == ("Somebody in the name of Rita", "bad")
    altered = in_words(replace(told.event, fields=None, altered=True), {"user:7": "Rita"})
    assert altered.who == told.who
    assert "changed after it was recorded" in altered.text


@pytest.mark.parametrize("fields", [{}, None, {"title": "approved"}])
def test_an_unknown_kind_is_told_plainly(happened, fields):
    """Whatever it holds, and also where it is in a name that was taken."""
    event = replace(happened("proposal.blessed", actor="user:7"), fields=fields)
    told = in_words(event, {"user:7": "Rita"})
    assert told.text == "proposal.blessed (a kind of event that AIOS does not know)"
    assert (told.who, told.tone, told.inbox) == ("Rita", "bad", "")
    forged = in_words(replace(event, attested=False), {"user:7": "Rita"})
    assert forged.who == "Somebody in the name of Rita"
    assert forged.text == told.text


@pytest.mark.parametrize(
    ("session", "words"),
    [
        (None, ""),
        ("", ""),
        ("user:7", "Rita"),
        ("key:1 user:7", "API key Bot for Rita"),
        ("worker", "Nobody, in a worker"),
        ("create_workspace", "Create_workspace"),
        ("hidden", "Somebody"),
    ],
)
def test_in_whose_session(happened, session, words):
    """As people know them."""
    names = {"user:7": "Rita", "key:1": "API key Bot"}
    event = replace(happened(Kind.KEY_CREATED), session=session)
    assert session_of(event, names) == words


@pytest.mark.parametrize("kind", list(Kind))
def test_odd_fields_break_nothing(happened, kind):
    """Fields are data of others: wrong shapes become words, not errors."""
    odd = {"changed": [1, None], "edited": ["x"], "title": 7, "reason": {"a": 1}, "outcome": 5,
           "change": None, "ceiling": "many", "state": 3, "verdict": None}  # fmt: skip
    assert in_words(happened(kind, **odd), {}).text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=3), part, max_size=3)
    ),
    max_leaves=5,
)
NAMES = sorted({field.name for event in EVENTS.values() for field in fields(event)} | {"name"})


@given(st.sampled_from(sorted(EVENTS)), st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8))
@hypothesis_settings(max_examples=1_500)
def test_no_content_breaks_a_row(kind, content):
    """Whatever JSON stands in an event of whatever kind, it is a row, and alarms where it is odd."""
    event = Recorded(
        index=1, id=UUID(int=1), kind=kind, at=datetime(2026, 11, 21, tzinfo=UTC), actor="user:7",
        workspace_id=UUID(int=2), subject_kind=kind.partition(".")[0], subject_id="s", run_id=None,
        fields=content,
    )  # fmt: skip
    told = in_words(event, {})
    row = row_of(told, {})
    assert isinstance(row.searched, str)
    assert told.is_sound != told.text.endswith("(content that does not fit this kind of event)")
    assert moments([told])
    line(row)


def test_content_that_does_not_fit_is_told_plainly(happened):
    """As such, with the kind it claims to be."""
    told = in_words(happened(Kind.POLICY_ASKED), {})
    assert told.is_sound
    odd = in_words(happened(Kind.RATES_MOVED, rates=[1]), {})
    assert odd.text == "rates.moved (content that does not fit this kind of event)"
    assert row_of(odd, {}).error


def test_from_where_something_is_read(happened):
    """Of a choice that was taken back no connector is named: it may be all of them, or none."""
    chosen = happened(Kind.SOURCE_CHOSEN, resource="orders", before="", after="Medusa")
    assert in_words(chosen, {}).text == "has orders read from Medusa only"
    taken_back = happened(Kind.SOURCE_CHOSEN, resource="orders", before="Medusa", after="")
    assert in_words(taken_back, {}).text == "no longer has orders read from one connector only"


def test_no_words_for_kinds_that_do_not_exist():
    """The table follows the enumeration."""
    assert set(TELLINGS) == set(Kind)


def test_icons_exist():
    """Each icon named is a symbol of the sprite."""
    sprite = Path("static/img/icons.svg").read_text()
    assert all(f'id="{icon}"' in sprite for icon, _, _ in TELLINGS.values())


def test_who_acted_is_named(happened):
    """People by name, parts of the product by their role, the unknown without an id."""
    names = {"user:7": "Rita"}
    event = happened(Kind.PROPOSAL_APPROVED, actor="user:7", title="Refund 5")
    assert in_words(event, names).who == "Rita"
    assert in_words(event, names).text == "approved “Refund 5”"
    assert in_words(replace(event, actor="policy"), names).who == "Policy"
    assert in_words(replace(event, actor="user:8"), names).who == "A former member"


@pytest.mark.parametrize(
    ("kind", "fields", "effect"),
    [
        (Kind.PROPOSAL_SUBMITTED, {"state": "waiting"}, "arrived"),
        (Kind.PROPOSAL_SUBMITTED, {"state": "denied"}, ""),
        (Kind.PROPOSAL_RETURNED, {}, "arrived"),
        (Kind.PROPOSAL_REJECTED, {}, "left"),
        (Kind.PROPOSAL_EXPIRED, {}, "left"),
        (Kind.REVIEW_RECORDED, {}, ""),
        (Kind.PROPOSAL_SETTLED, {"state": "needs_person"}, "arrived"),
        (Kind.PROPOSAL_SETTLED, {"state": "done"}, "left"),
    ],
)
def test_the_inbox_knows_what_comes_and_goes(happened, kind, fields, effect):
    """An event says whether its proposal began to wait or no longer does."""
    assert in_words(happened(kind, **fields), {}).inbox == effect


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (Kind.REVIEW_RECORDED, {"verdict": "approve"}, "voted to approve"),
        (Kind.REVIEW_RECORDED, {"verdict": "reject", "reason": "No"}, "voted to reject: No"),
        (
            Kind.PROPOSAL_SETTLED,
            {"state": "failed", "title": "T", "reason": "No refund there"},
            "says that “T” did not happen: No refund there",
        ),
        (
            Kind.PROPOSAL_SETTLED,
            {"state": "done", "title": "T"},
            "carried out and proven: “T”",
        ),
        (
            Kind.EXECUTION_STEPPED,
            {"step": "begin_receipt", "action": "return_items", "undone": True},
            "has undone “begin receipt” of the return",
        ),
        (
            Kind.EXECUTION_STEPPED,
            {"step": "begin_receipt", "action": "return_items", "turned": "No."},
            "undoes the steps before “begin receipt” of the return: No.",
        ),
    ],
)
def test_sentences_are_whole(happened, kind, fields, words):
    """A vote says what for; an end told by a person does not claim to be proven."""
    assert in_words(happened(kind, **fields), {}).text == words


def test_an_execution_belongs_to_its_change(happened):
    """The page of a proposal recognises events of its executions by the change."""
    told = in_words(happened(Kind.EXECUTION_FINISHED, subject="e-1", change="c-1"), {})
    assert told.about == ["e-1", "c-1"]


def test_a_failed_end_looks_like_one(happened):
    """Done is good, refused is bad, whatever the kind's usual tone."""
    done = in_words(happened(Kind.EXECUTION_FINISHED, outcome="done", reference="r1"), {})
    refused = in_words(happened(Kind.EXECUTION_FINISHED, outcome="refused", error="no"), {})
    assert (done.tone, refused.tone) == ("good", "bad")
    assert "receipt r1" in done.text
    assert refused.text.endswith(": no")


def test_a_change_of_autonomy_says_from_what_to_what(happened):
    """The most telling change of an agent; a new agent has nothing before."""
    told = in_words(
        happened(
            Kind.AGENT_CHANGED,
            name="Prices",
            before={"autonomy": "shadow"},
            after={"autonomy": "review_all"},
        ),
        {},
    )
    assert told.text == "changed an agent: Prices; autonomy shadow → review all"
    ended = happened(Kind.AGENT_CHANGED, name="ERP (outside)", before={}, after={"retired": True})
    assert in_words(ended, {}).text == "retired an agent: ERP (outside)"
    new = in_words(happened(Kind.AGENT_CHANGED, before={}, after={"autonomy": "shadow"}), {})
    assert new.text == "changed an agent; autonomy shadow"


def test_what_a_switch_stops_is_named(happened):
    """Agents, connectors and actions by name; one that is gone by what is left of it."""
    names = {"agent:01a1": "Repricing", "action:set_price": "Set price"}
    stopped = happened(Kind.SWITCH_ENGAGED, scope="agent", target="01a1", reason="odd prices")
    assert in_words(stopped, names).text == "stopped the agent “Repricing”: odd prices"
    freed = happened(Kind.SWITCH_RELEASED, scope="action", target="set_price")
    assert in_words(freed, names).text == "let the action “Set price” go on"
    assert (
        "“01a2”"
        in in_words(happened(Kind.SWITCH_ENGAGED, scope="agent", target="01a2"), names).text
    )
    assert (
        in_words(happened(Kind.SWITCH_ENGAGED, scope="workspace"), {}).text == "stopped everything"
    )


def test_members_and_connectors_are_named(happened):
    """With the name of who it is about, or the one the log kept."""
    names = {"member:7": "Rita"}
    made = happened(Kind.MEMBER_CHANGED, subject="7", role="reviewer")
    assert in_words(made, names).text == "made Rita reviewer"
    gone = happened(Kind.MEMBER_CHANGED, subject="8", role="")
    assert in_words(gone, names).text == "removed a member from the workspace"
    away = happened(Kind.BREAKER_OPENED, name="Demo shop", error="refused")
    assert in_words(away, {}).text == "calls Demo shop no more for now: refused"


def test_nothing_is_said_twice(happened):
    """A summary that begins with the verb of its stage is the sentence."""
    planned = happened(Kind.RUN_STEPPED, stage="plan", summary="Planned 12 proposals by rules.")
    assert in_words(planned, {}).text == "planned 12 proposals by rules."
    read = happened(Kind.RUN_STEPPED, stage="sense", summary="Read 3 messages.")
    assert in_words(read, {}).text == "sensed: Read 3 messages."


def test_what_is_remembered_is_said_without_its_prefix(happened):
    """Of a customer, of an article."""
    fields = {"type": "episode", "subject": "sku:TEE-1"}
    one = replace(happened(Kind.ITEM_REMEMBERED), fields=fields)
    assert in_words(one, {}).text == "remembers an episode of SKU TEE-1"
