"""H3: a thousand attempts to be two people, or to see the first verdict: none gets through.

`--runs 1000` is the goal at full size. The control takes one wall away at a time, and the same
attempts get through.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from django.db import transaction

from apps.accounts import operations as accounts
from apps.accounts.models import User, Workspace
from apps.gateway.models import Connector
from apps.policies.models import Version
from apps.proposals import by_key, queries, sole
from apps.proposals.models import Proposal
from apps.proposals.operations import review
from apps.proposals.quorum import Vote
from tests.conftest import Cast
from tests.factories.keys import Caller
from tests.redteam import second_person
from tests.redteam.second_person import SCOPES, WAYS, Attempt

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(3600)]  # at full size it takes minutes
CI_ATTEMPTS = 40
TRIES = 8  # of a way in the control: some of its turns lead nowhere


@pytest.fixture
def attempt(
    workspace: Workspace, cast: Cast, connector: Connector, policy: Version
) -> Callable[..., bool]:
    """Try a way once, as the owner against a reviewer or the other way round; leave no trace."""

    def run(way: Callable[[Attempt], bool], seed: int, **more: Any) -> bool:
        random = Random(seed)
        people = [cast.olga, cast.rita]
        if random.random() < 0.3 and not more:
            people.reverse()
        trying = Attempt(random, workspace, *people, **more)
        with transaction.atomic():
            got_through = way(trying)
            transaction.set_rollback(True)
        return got_through

    return run


def test_none_of_a_thousand_attempts_gets_through(
    attempt: Callable[..., bool], request: pytest.FixtureRequest
) -> None:
    """One after the other, each way as often."""
    attempts = request.config.getoption("--runs") or CI_ATTEMPTS
    through = Counter[str]()
    for number in range(attempts):
        way = WAYS[number % len(WAYS)]
        through[way.__name__] += attempt(way, number)
    print(f"\n{attempts} attempts in {len(WAYS)} ways, {through.total()} got through")
    assert not +through


def old_keys(attempt: Attempt, other: User) -> Caller:
    """As it was: whoever owns makes a key for anybody."""
    _, token = accounts.create_key(workspace=attempt.workspace, user=other, name="ERP",
                                   scopes=SCOPES, now=attempt.now)  # fmt: skip
    return Caller(token)


def any_votes(proposal: Proposal) -> list[Vote]:
    """As if it did not matter what was voted on, by whom, and who they are by now."""
    rows = proposal.reviews.all()
    return [Vote(one.reviewer_id, review.Verdict(one.verdict), proposal.binding) for one in rows]


class Without:
    """Walls taken away, by name."""

    def one_person_one_vote(self, patch: pytest.MonkeyPatch) -> None:
        count = review.count
        patch.setattr(review, "count", lambda votes, **how: count(votes, **{**how, "needed": 1}))

    def what_counts(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(review, "votes_on", any_votes)

    def not_ones_own(self, patch: pytest.MonkeyPatch) -> None:
        for module in (queries, review):
            patch.setattr(module, "caused", lambda *_: False)

    def high_risk_in_person(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(by_key, "allowed_by", lambda _: "a policy")

    def blind(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(queries, "visible_reviews", lambda view, _: view.reviews)

    def the_same_statements(self, patch: pytest.MonkeyPatch) -> None:
        def slow(view: queries.ProposalView, user: User) -> list[Any]:
            return [vote for vote in view.reviews if sole.is_alone(user, view.proposal)]

        patch.setattr(queries, "visible_reviews", slow)

    def whose_request(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr("apps.api.idempotency.fingerprint", lambda _: "0" * 64)


WALLS = {
    "two_sessions": "one_person_one_vote",
    "session_and_keys": "one_person_one_vote",
    "ones_own_wish": "not_ones_own",
    "an_agents_key": "not_ones_own",
    "edit_between_votes": "what_counts",
    "roles_between_votes": "what_counts",
    "a_bare_key": "high_risk_in_person",
    "the_first_verdict": "blind",
    "the_clock": "the_same_statements",
    "the_cache": "whose_request",
}


@pytest.mark.parametrize("way", WALLS)
def test_without_its_wall_a_way_gets_through(
    attempt: Callable[..., bool], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """So that none of the attempts fails for another reason than the one it is about."""
    getattr(Without(), WALLS[way])(monkeypatch)
    assert any(attempt(getattr(second_person, way), seed) for seed in range(TRIES))


def test_with_keys_as_they_were_an_owner_is_two_people(attempt: Callable[..., bool]) -> None:
    """A key for a colleague and the owner's browser released what needed two."""
    assert attempt(second_person.key_for_a_colleague, 1, make_key_for=old_keys)


def test_every_way_has_its_control() -> None:
    """A way that cannot get through proves nothing."""
    assert {way.__name__ for way in WAYS} == {*WALLS, "key_for_a_colleague"}
