"""A series on one page, and one verdict for it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.policies import operations as policies
from apps.proposals.models import Proposal, State
from tests.factories.price_shop import PriceShop
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made(cast, connector, workspace, monkeypatch) -> list[Proposal]:
    """Two prices that passed, and two that a cap has stopped."""
    PriceShop().install(monkeypatch)
    now = timezone.now()
    rules = [
        {"name": "pass", "when": "true", "outcome": "allow", "reason": "Fine."},
        {"name": "Many moves a day", "when": "window('agent', '24h').changes > 2",
         "outcome": "review", "reason": "A cap."},
    ]  # fmt: skip
    version = policies.draft(workspace=workspace, name="Caps", rules=rules, limits={}, by="test",
                             now=now)  # fmt: skip
    policies.publish(version=version, by="test", now=now)
    return [propose(workspace, "41.00", variant=one, now=now + timedelta(seconds=place))
            for place, one in enumerate("abcd")]  # fmt: skip


def address(proposal: Proposal) -> str:
    """Where its series is shown."""
    return reverse("console:series", args=[proposal.pk])


def test_the_proposal_leads_to_its_series(browse, cast, made):
    """The picture and the sentence stand on it; what no cap stopped has none."""
    rita = browse(cast.rita)
    page = rita.get(reverse("console:proposal", args=[made[2].pk])).content.decode()
    assert "4 changes by this agent in 24 h: 2 let through, 2 wait." in page
    assert address(made[2]) in page
    assert "Part of a series" not in rita.get(
        reverse("console:proposal", args=[made[0].pk])
    ).content.decode()  # fmt: skip
    assert rita.get(address(made[0]))["Location"] == reverse("console:proposal", args=[made[0].pk])


def test_one_verdict_for_all_that_wait(browse, token, cast, made):
    """Exactly what was shown is rejected, by POST, with a reason."""
    rita = browse(cast.rita)
    shown = rita.get(address(made[2])).content.decode()
    bindings = {f"binding-{one.pk}": one.binding for one in made[2:]}
    assert all(f'name="{name}" value="{value}"' in shown for name, value in bindings.items())
    given = {**bindings, "csrfmiddlewaretoken": token(rita)}
    refused = rita.post(address(made[2]), given)
    assert refused.status_code == 422
    assert "A rejection needs a reason." in refused.content.decode()
    answer = rita.post(address(made[2]), {**given, "reason": "A ratchet."}).content.decode()
    assert "2 rejected" in answer
    states = Proposal.objects.filter(pk__in=[one.pk for one in made]).order_by("pk")
    assert [one.state for one in states] == [State.APPROVED] * 2 + [State.REJECTED] * 2


def test_a_binding_of_before_is_refused_and_told(browse, token, cast, made):
    """The other one is rejected."""
    rita = browse(cast.rita)
    given = {f"binding-{made[2].pk}": "0" * 64, f"binding-{made[3].pk}": made[3].binding,
             "reason": "No.", "csrfmiddlewaretoken": token(rita)}  # fmt: skip
    page = rita.post(address(made[2]), given).content.decode()
    assert "1 rejected, 1 not" in page
    made[2].refresh_from_db()
    assert made[2].state == State.WAITING


def test_another_workspace_sees_nothing(browse, cast, made):
    """As of any of its pages."""
    assert browse(cast.mallory).get(address(made[2])).status_code == 404
