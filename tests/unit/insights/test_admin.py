"""The audit log in the admin."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from uuid_utils.compat import uuid7

from apps.accounts.models import Workspace
from apps.audit.kinds import Kind
from apps.audit.models import Event, Payload
from apps.proposals import operations
from apps.proposals.models import Proposal
from tests.conftest import Cast
from tests.factories import agents as make
from tests.factories.events import record
from tests.factories.proposals import propose


def note(workspace: Workspace, actor: str, now: datetime) -> Event:
    """An event of this actor."""
    subject = str(uuid7())
    record(kind=Kind.MEMBER_CHANGED, workspace_id=workspace.pk, actor=actor, now=now,
           subject_kind="user", subject_id=subject, fields={"role": "<b>"})  # fmt: skip
    return Event.objects.get(subject_id=subject)


def test_actors_are_named_and_content_is_json(
    cast: Cast, client: Client, workspace: Workspace, now: datetime
) -> None:
    """In the list and on the page: people, agents, and others as recorded."""
    agent = make.agent(workspace, "repricing", now)
    person, robot = note(workspace, cast.rita.actor, now), note(workspace, agent.actor, now)
    client.force_login(cast.otto)
    listed = client.get(reverse("admin:audit_event_changelist")).content.decode()
    assert "Rita" in listed
    assert agent.name in listed
    assert cast.rita.actor not in listed
    page = client.get(reverse("admin:audit_event_change", args=[person.pk])).content.decode()
    assert "Rita" in page
    assert "&quot;role&quot;: &quot;&lt;b&gt;&quot;" in page
    page = client.get(reverse("admin:audit_event_change", args=[robot.pk])).content.decode()
    assert agent.name in page


def test_erased_content_is_called_so(
    cast: Cast, client: Client, workspace: Workspace, now: datetime
) -> None:
    """The event itself stays."""
    event = note(workspace, "test", now)
    Payload.objects.filter(event_id=event.pk).delete()
    client.force_login(cast.otto)
    page = client.get(reverse("admin:audit_event_change", args=[event.pk])).content.decode()
    assert "erased" in page


def test_altered_content_is_called_so(
    cast: Cast, client: Client, workspace: Workspace, now: datetime
) -> None:
    """Nobody reads a forgery as what happened."""
    event = note(workspace, "test", now)
    Payload.objects.filter(event_id=event.pk).update(fields={"role": "owner of it all"})
    client.force_login(cast.otto)
    page = client.get(reverse("admin:audit_event_change", args=[event.pk])).content.decode()
    assert "does not fit the digest" in page
    assert "owner of it all" not in page


@pytest.mark.parametrize("who", ["mallory", "rita"])
def test_events_are_seen_by_those_who_configure(
    who: str, cast: Cast, client: Client, workspace: Workspace, elsewhere: Workspace, now: datetime
) -> None:
    """Not by an owner elsewhere, nor by a reviewer who is one."""
    event = note(workspace, cast.jun.actor, now)
    if who == "rita":
        elsewhere.memberships.create(user=cast.rita, role="owner")
        type(cast.rita).objects.filter(pk=cast.rita.pk).update(is_staff=True)
    client.force_login(getattr(cast, who))
    listing = client.get(reverse("admin:audit_event_changelist"))
    assert listing.status_code == 200
    assert str(event.subject_id) not in listing.content.decode()
    page = client.get(reverse("admin:audit_event_change", args=[event.pk]))
    assert page.status_code == 302


@pytest.mark.usefixtures("connector", "policy")
def test_votes_stay_secret_until_the_own(
    cast: Cast, client: Client, workspace: Workspace, now: datetime
) -> None:
    """Neither who nor how: not in the list, on the page, or by searching for who gave it."""
    proposal = propose(workspace, "50", now=now)
    Proposal.objects.update(reviewers=2)
    operations.approve(proposal_id=proposal.pk, user=cast.rita, binding=proposal.binding,
                       reason="Looks right to me", now=now)  # fmt: skip
    vote = Event.objects.get(kind=Kind.REVIEW_RECORDED)
    before = Payload.objects.get(event_id=vote.pk).fields
    listed, page = reverse("admin:audit_event_changelist"), reverse(
        "admin:audit_event_change", args=[vote.pk]
    )  # fmt: skip
    client.force_login(cast.olga)
    whole = client.get(listed, {"kind__exact": Kind.REVIEW_RECORDED.value}).content.decode()
    assert str(proposal.pk) in whole
    assert "Rita" not in whole
    told = client.get(page).content.decode()
    for words in ("Rita", cast.rita.actor, "Looks right to me", "approve&quot;"):
        assert words not in told
    by_actor = client.get(listed, {"q": cast.rita.actor}).content.decode()
    assert "review.recorded" not in rows_in(by_actor)
    assert "review.recorded" in rows_in(
        client.get(listed, {"q": str(proposal.pk)}).content.decode()
    )
    operations.approve(proposal_id=proposal.pk, user=cast.olga, binding=proposal.binding, now=now)
    assert "Rita" in client.get(page).content.decode()
    assert "Looks right to me" in client.get(page).content.decode()
    assert Payload.objects.get(event_id=vote.pk).fields == before


def rows_in(page: str) -> str:
    """The table of a list, without the filters beside it."""
    return page[page.find("<table") : page.rfind("</table>")]
