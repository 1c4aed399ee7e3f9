"""A case without any action on its page: what was read, why a person is asked, and two answers."""

from datetime import datetime

import pytest
from django.test import Client

from apps.accounts.models import Workspace
from apps.proposals import operations
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft
from tests.factories.proposals import AGENT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def referral(world, workspace: Workspace, now: datetime) -> Proposal:
    """A message nothing could be proposed for."""
    evidence = [
        {"kind": "message", "title": "ann@example", "detail": "Where is my parcel?"},
        {"kind": "referred", "title": "Why a person is asked", "detail": "No address."},
        {"kind": "earlier_message", "title": "Earlier", "detail": {"wrote": "Hello?"},
         "proposal_id": "no id at all"},
    ]  # fmt: skip
    draft = Draft(title="A person is needed: message of Ann", rationale="No address.", changes=[],
                  evidence=evidence, case={"about": "customer:ann@example"})  # fmt: skip
    return operations.refer(workspace=workspace, draft=draft, origin=AGENT, reason="x", now=now)


def test_it_is_shown_and_answered(
    browse, cast, referral: Proposal, workspace: Workspace, now: datetime
) -> None:
    """In the inbox and on its page; what the person says ends it."""
    rita: Client = browse(cast.rita)
    assert referral.title in rita.get("/").content.decode()
    page = f"/proposals/{referral.pk}/"
    shown = rita.get(page).content.decode()
    for words in ("A person has to see to this", "Where is my parcel?", "No address.",
                  "What did you do?", "It is seen to", "There is nothing to do"):  # fmt: skip
        assert words in shown
    sent = {"csrfmiddlewaretoken": rita.cookies["csrftoken"].value, "happened": "yes",
            "reason": "I telephoned."}  # fmt: skip
    assert rita.post(f"{page}resolve", sent).status_code in (200, 302)
    referral.refresh_from_db()
    assert referral.state == State.DONE
    assert rita.get(page).status_code == 200
