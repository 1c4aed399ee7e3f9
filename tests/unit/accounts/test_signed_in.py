"""What a request records, it records in the session of who sent it, with the product's own role."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts import invitations, operations
from apps.accounts.models import ApiKey, User, Workspace
from apps.audit import acting
from apps.audit.acting import attests
from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.gateway.models import Connector
from apps.policies.models import Version
from apps.proposals.models import Proposal
from tests.conftest import PASSWORD, Cast
from tests.factories.keys import caller
from tests.factories.signing_in import sign_in
from tests.redteam.role import as_the_product
from tests.unit.api.calls import body, verdict

pytestmark = pytest.mark.django_db


def sessions(*, since: datetime) -> dict[str, tuple[str, str | None]]:
    """Actor and session of what was recorded since then, by kind; all of it has to be attested."""
    events = Event.objects.filter(at__gte=since).order_by("pk")
    assert all(attests(event.session, event.actor) for event in events)
    return {event.kind: (event.actor, event.session) for event in events}


def test_a_person_in_the_browser(workspace: Workspace, cast: Cast, client: Client) -> None:
    """In their own name, in their own session."""
    sign_in(client, cast.otto)
    since = timezone.now()
    with as_the_product():
        client.post(reverse("console:api-keys"), {"name": "Mine", "scopes": ["events:read"]})
    assert sessions(since=since) == {Kind.KEY_CREATED: (cast.otto.actor, cast.otto.actor)}


def test_a_key_and_whom_it_acts_for(
    workspace: Workspace, cast: Cast, connector: Connector, policy: Version, now: datetime
) -> None:
    """What it proposes is its own, what it votes is its maker's, both in the session of both."""
    otto, rita = (caller(workspace, user, now=now) for user in (cast.otto, cast.rita))
    since = timezone.now()
    with as_the_product():
        assert otto.post("/proposals", body("50")).status_code == 201
        seen = rita.get(f"/proposals/{Proposal.objects.get().pk}").json()
        rita.post(f"/proposals/{seen['id']}/reviews", verdict(seen))
    told = sessions(since=since)
    [first, second] = ApiKey.objects.order_by("pk")
    assert told[Kind.PROPOSAL_SUBMITTED] == (first.actor, f"{first.actor} {cast.otto.actor}")
    assert told[Kind.DECISION_RECORDED] == ("policy", f"{first.actor} {cast.otto.actor}")
    assert told[Kind.REVIEW_RECORDED] == (cast.rita.actor, f"{second.actor} {cast.rita.actor}")


def test_who_joins_by_a_link(workspace: Workspace, cast: Cast) -> None:
    """From the moment they choose a password it is them."""
    since = timezone.now()
    invitation, token = invitations.invite(
        workspace=workspace, email="ida@example.com", role="reviewer", by=cast.olga, now=since
    )
    proof = invitations.prove(invitation, now=since)
    with as_the_product():
        Client().post(f"/invitations/{token}/{proof}/", {"name": "Ida", "password": PASSWORD})
    ida = User.objects.get(email="ida@example.com")
    assert sessions(since=since)[Kind.INVITATION_ACCEPTED] == (ida.actor, ida.actor)


def test_what_nobody_signed_in_for(
    workspace: Workspace, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside a request a part of the product acts, in nobody's name."""
    monkeypatch.setattr(acting, "_part", "sweep")
    since = timezone.now()
    with as_the_product():
        operations.add_member(workspace=workspace, user=cast.mallory, role="reviewer",
                              by="system", now=since)  # fmt: skip
    assert sessions(since=since) == {Kind.MEMBER_CHANGED: ("system", "sweep")}
