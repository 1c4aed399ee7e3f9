"""Events through the API."""

from uuid import uuid4

import pytest

from apps.audit import operations as audit
from apps.audit.models import Event, Payload
from apps.proposals.models import Proposal
from tests.conftest import Cast
from tests.factories.keys import Caller
from tests.unit.api.calls import bounded, problem

pytestmark = pytest.mark.django_db(transaction=True)  # the sequencer numbers committed events


def test_followed_without_gap(otto: Caller, proposals: list[Proposal]) -> None:
    """Pages by number carry every event once, in order."""
    audit.sequence()
    whole = otto.get("/events", limit=500).json()
    seen, after = [], 0
    while page := bounded(otto, "/events", 5, after=after, limit=4)["items"]:
        seen += page
        after = page[-1]["index"]
    assert seen == whole["items"]
    assert "proposal.submitted" in {event["kind"] for event in seen}
    assert otto.get("/events", after=after).json() == {"items": [], "last": after}


def test_altered_content_is_not_handed_out(otto: Caller, proposals: list[Proposal]) -> None:
    """What does not fit its digest is called so, and nobody is given it as what happened."""
    audit.sequence()
    event = Event.objects.filter(kind="proposal.submitted").earliest("pk")
    Payload.objects.filter(pk=event.pk).update(fields={"title": "Forged"})
    items = otto.get("/events", limit=500).json()["items"]
    told = {item["id"]: (item["fields"], item["altered"]) for item in items}
    assert told.pop(str(event.pk)) == (None, True)
    assert told
    assert not any(altered or fields is None for fields, altered in told.values())


def test_what_nobody_signed_in_for_is_not_attested(
    otto: Caller, cast: Cast, proposals: list[Proposal]
) -> None:
    """In whose session an event was recorded is told, and whether that allows for its actor."""
    audit.sequence()
    events = Event.objects.filter(workspace_id=proposals[0].workspace_id).order_by("pk")
    old, forged, named, own, policy, *_ = events.values_list("pk", flat=True)
    rita, jun = cast.rita.actor, cast.jun.actor
    for pk, actor, session in (
        (forged, rita, ""), (named, rita, jun), (own, rita, rita), (policy, "policy", rita),
    ):  # fmt: skip
        Event.objects.filter(pk=pk).update(actor=actor, session=session, kind="key.created")
    items = otto.get("/events", limit=500).json()["items"]
    told = {item["id"]: (item["session"], item["attested"]) for item in items}
    assert told[str(old)] == (None, True)
    assert told[str(forged)] == ("", False)
    assert told[str(named)] == (jun, False)
    assert told[str(own)] == (rita, True)
    assert told[str(policy)] == ("hidden", True)


def test_elsewhere(mallory: Caller, otto: Caller, proposals: list[Proposal]) -> None:
    """Another workspace's key sees its own events only."""
    audit.sequence()
    mine = {event["subject_id"] for event in mallory.get("/events", limit=500).json()["items"]}
    theirs = {event["subject_id"] for event in otto.get("/events", limit=500).json()["items"]}
    assert not mine & theirs
    run_id = uuid4()
    assert mallory.get("/events", run_id=run_id).json()["items"] == []


@pytest.mark.parametrize("after", [-1, 2**63, "9" * 5000, "x", "1.5", "\0"])
def test_numbers_that_are_none(otto: Caller, after: object) -> None:
    """422, also for a number no database can hold."""
    problem(otto.get("/events", after=after), 422)
