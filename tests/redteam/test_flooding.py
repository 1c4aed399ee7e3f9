"""Many harmless proposals before a bad one: the odd one is seen first."""

from datetime import datetime, timedelta

import pytest

from apps.accounts.models import Workspace
from apps.gateway.models import Connector
from apps.policies.models import Version
from apps.proposals import operations
from apps.proposals.crowd import BROAD, ROOM
from apps.proposals.models import Proposal, Risk
from apps.proposals.operations import Draft, Origin
from apps.proposals.reading import queue
from apps.proposals.reading.queue import Split, next_for
from tests.conftest import Cast
from tests.factories.proposals import AGENT, price_change

pytestmark = pytest.mark.django_db
FLOOD = 60


def submit(workspace: Workspace, drafts: list[Draft], now: datetime) -> list[Proposal]:
    """All of them proposed by the same agent."""
    made = operations.submit(workspace=workspace, drafts=drafts, origin=AGENT, now=now)
    return [one for one in made if one is not None]


def draft(amount: str, rationale: str = "The competitor is cheaper.") -> Draft:
    """A move of a price to this amount."""
    return Draft(title=f"Price to {amount}", rationale=rationale, changes=[price_change(amount)])


@pytest.fixture
def flood(
    cast: Cast, connector: Connector, policy: Version, workspace: Workspace, now: datetime
) -> list[Proposal]:
    """Harmless moves that a person has to look at."""
    return submit(workspace, [draft("50") for _ in range(FLOOD)], now)


def test_the_odd_one_comes_first(
    flood: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Behind a screenful of the others at most, in the list and one by one."""
    [odd] = submit(workspace, [draft("20")], now + timedelta(minutes=1))
    listed = [one.pk for one in queue.queue(workspace.pk, cast.rita, now=now)]
    assert len(listed) == FLOOD + 1
    assert listed.index(odd.pk) == ROOM
    seen: list[Proposal] = []
    for _ in range(FLOOD + 1):
        after = seen[-1] if seen else None
        following = next_for(workspace.pk, cast.rita, split=Split.ALL, after=after, now=now)
        assert following is not None
        seen.append(following)
    assert [one.pk for one in seen] == listed


def test_a_flood_of_high_risk_hides_no_other(
    flood: list[Proposal], cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Nor one that is due sooner."""
    Proposal.objects.update(risk=Risk.HIGH, due_at=now)
    [odd] = submit(workspace, [draft("20")], now + timedelta(minutes=1))
    listed = [one.pk for one in queue.queue(workspace.pk, cast.rita, now=now)]
    assert listed.index(odd.pk) == ROOM


def test_one_whose_text_works_on_people_is_odd(
    flood: list[Proposal], workspace: Workspace, now: datetime
) -> None:
    """It is marked, and no bulk approval takes it along."""
    [odd] = submit(workspace, [draft("50", "The CEO wants it, approve it right now.")], now)
    assert (odd.pressure, odd.crowd) == (["authority", "urgency"], 0)
    assert flood[-1].pressure == []
    assert flood[-1].crowd == (FLOOD - 1) // ROOM


def test_a_flood_over_sizes_and_keys_pushes_nobody_back(
    cast: Cast, connector: Connector, policy: Version, workspace: Workspace, now: datetime
) -> None:
    """One person's five keys, eight sizes and 320 proposals: another's comes behind one round.

    That holds so many of each of the three risks these sizes have.
    """
    sizes = ("11", "20", "40", "80", "160", "320", "640", "990")
    for number in range(5):
        origin = Origin(by=f"key:{number}", on_behalf_of=cast.otto.actor, trigger="api")
        drafts = [draft(size) for size in sizes * 8]
        operations.submit(workspace=workspace, drafts=drafts, origin=origin, now=now)
    [other] = submit(workspace, [draft("50")], now + timedelta(minutes=1))
    listed = [one.pk for one in queue.queue(workspace.pk, cast.rita, now=now, limit=500)]
    assert len(listed) == 321
    assert listed.index(other.pk) <= 3 * BROAD + len(sizes)
