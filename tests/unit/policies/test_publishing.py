"""What lets anything new through needs a second person; what only tightens decides at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts import operations as accounts
from apps.accounts.models import Membership, User, Workspace
from apps.audit.models import Event
from apps.policies import operations, publishing
from apps.policies.models import Asked, CurrencySetting, Publication, Stage, Version
from apps.policies.publishing import NotYours, Outdated
from tests.conftest import LIMITS, RULES, Cast

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)


def saved(
    workspace: Workspace, by: User, now: datetime, *, rules: Any = RULES, **limits: Any
) -> tuple[Version, Publication | None]:
    """A version somebody drafts and submits."""
    version = operations.draft(workspace=workspace, name="Guardrails", rules=rules,
                               limits=LIMITS | limits, by=by.actor, now=now)  # fmt: skip
    waits = publishing.submit(version=version, by=by.actor, now=now)
    version.refresh_from_db()
    return version, waits


def wider(workspace: Workspace, by: User, now: datetime) -> Publication:
    """A version that lets more pass, which waits."""
    _, waits = saved(workspace, by, now, auto_up_to=25)
    assert waits is not None
    return waits


def alone(workspace: Workspace, cast: Cast) -> None:
    """Olga is the only one who may configure."""
    Membership.objects.filter(workspace=workspace, user=cast.otto).update(role="reviewer")


def test_what_only_tightens_decides_at_once(workspace, policy, cast, now) -> None:
    """Nobody else is asked."""
    version, waits = saved(workspace, cast.otto, now, auto_up_to=5, most=500)
    assert (version.stage, waits) == (Stage.ACTIVE, None)
    rules = [{**RULES[0], "when": "has_amount"}, *RULES[1:]]  # the others stop what this lets by
    version, waits = saved(workspace, cast.otto, now, rules=rules, auto_up_to=5, most=500)
    assert (version.stage, waits) == (Stage.ACTIVE, None)


@pytest.mark.parametrize(
    "change",
    [
        {"auto_up_to": 10.01}, {"most": 1001}, {"sole_owner_may_finish_undo": True},
        {"currency": "USD"}, {"rules": RULES[:2]},
        {"rules": [*RULES, {**RULES[0], "name": "more", "when": "true"}]},
        {"rules": [*RULES[:2], {**RULES[2], "outcome": "review"}]},
    ],
)  # fmt: skip
def test_what_lets_anything_new_through_waits(workspace, policy, cast, now, change) -> None:
    """The version before decides meanwhile, and the log says what is new."""
    version, waits = saved(workspace, cast.olga, now, **change)
    assert waits is not None
    assert version.stage == Stage.DRAFT
    assert Version.objects.get(pk=policy.pk).stage == Stage.ACTIVE
    [asked] = Event.objects.filter(kind="policy.asked")
    assert asked.actor == cast.olga.actor
    assert waits.findings


def test_a_second_person_publishes_it(workspace, policy, cast, now) -> None:
    """Another operator; the event has both."""
    waits = wider(workspace, cast.olga, now)
    publishing.agree(publication=waits, user=cast.otto, now=now)
    waits.refresh_from_db()
    assert (waits.state, waits.decided_by, waits.is_exception) == (
        Asked.PUBLISHED, cast.otto.actor, False)  # fmt: skip
    assert Version.objects.get(stage=Stage.ACTIVE).limits["auto_up_to"] == 25
    assert Event.objects.filter(kind="policy.published", actor=cast.otto.actor).count() == 1


@pytest.mark.parametrize("who", ["olga", "rita", "mallory"])
def test_nobody_else_publishes_it(workspace, policy, cast, now, who: str) -> None:
    """Neither whoever asked, however long they wait, nor a reviewer, nor an owner of elsewhere."""
    waits = wider(workspace, cast.olga, now)
    for later in (now, now + 90 * DAY):
        with pytest.raises(NotYours):
            publishing.agree(publication=waits, user=getattr(cast, who), now=later)
    assert Version.objects.get(stage=Stage.ACTIVE).pk == policy.pk


def test_the_author_of_a_draft_is_no_second_person(workspace, policy, cast, now) -> None:
    """Also where somebody else submitted it."""
    version = operations.draft(workspace=workspace, name="Guardrails", rules=RULES,
                               limits=LIMITS | {"most": 2000}, by=cast.otto.actor,
                               now=now)  # fmt: skip
    waits = publishing.submit(version=version, by=cast.olga.actor, now=now)
    assert waits is not None
    for user in (cast.olga, cast.otto):
        with pytest.raises(NotYours):
            publishing.agree(publication=waits, user=user, now=now)


@pytest.mark.parametrize("name", ["sole_owner_may_finish_undo", "keys_may_approve_high_risk"])
def test_what_is_said_no_more_is_not_left_to_a_permission(
    workspace, policy, cast, now, name
) -> None:
    """Another policy says the same, but whoever it permits may approve then what they could not.

    Saying more leaves nothing to others, and without the permission anywhere nothing is left to it.
    """
    wait = {**RULES[1], "name": "wait"}
    beside = operations.draft(workspace=workspace, name="Beside", rules=[wait], by="test", now=now,
                              limits=LIMITS | {name: True})  # fmt: skip
    fewer, more = [RULES[0], RULES[2]], [*RULES, {**RULES[2], "name": "and", "outcome": "review"}]
    operations.publish(version=beside, by="test", now=now)
    version, waits = saved(workspace, cast.otto, now, rules=fewer)
    assert (version.stage, waits is None) == (Stage.DRAFT, False)
    assert waits is not None
    assert waits.findings == [
        f"The limit {name} of another policy holds alone for what this one says no more."
    ]
    assert saved(workspace, cast.otto, now, auto_up_to=9)[1] is not None
    assert saved(workspace, cast.otto, now, rules=more)[1] is None
    plain = operations.draft(workspace=workspace, name="Beside", rules=[wait], by="test", now=now,
                             limits=LIMITS)  # fmt: skip
    operations.publish(version=plain, by="test", now=now)
    assert saved(workspace, cast.otto, now, rules=RULES)[1] is None
    assert saved(workspace, cast.otto, now, rules=fewer)[1] is None


def test_a_sole_owner_publishes_after_a_day(workspace, policy, cast, now) -> None:
    """Not before, and the log keeps it as an exception."""
    alone(workspace, cast)
    waits = wider(workspace, cast.olga, now)
    with pytest.raises(NotYours, match="Everybody here has been told"):
        publishing.agree(publication=waits, user=cast.olga, now=now + DAY - timedelta(seconds=1))
    publishing.agree(publication=waits, user=cast.olga, now=now + DAY)
    waits.refresh_from_db()
    assert waits.is_exception
    assert Version.objects.get(stage=Stage.ACTIVE).limits["auto_up_to"] == 25


def test_who_was_invited_for_it_is_no_second_person(workspace, policy, cast, now) -> None:
    """Whether invited before it was asked for or after; as slow as a sole owner."""
    hour = timedelta(hours=1)
    accounts.add_member(workspace=workspace, user=cast.mallory, role="operator",
                        by=cast.olga.actor, now=now)  # fmt: skip
    waits = wider(workspace, cast.olga, now + hour)
    accounts.add_member(workspace=workspace, user=cast.rita, role="operator",
                        by=cast.mallory.actor, now=now + 2 * hour)  # fmt: skip
    for user in (cast.mallory, cast.rita):
        with pytest.raises(NotYours, match="only lately"):
            publishing.agree(publication=waits, user=user, now=now + DAY - hour)
    publishing.agree(publication=waits, user=cast.mallory, now=now + DAY)


def test_who_was_made_a_member_at_the_terminal_is_one(workspace, policy, cast, now) -> None:
    """A workspace begins with its people."""
    accounts.add_member(workspace=workspace, user=cast.mallory, role="operator", by="setup",
                        now=now)  # fmt: skip
    publishing.agree(publication=wider(workspace, cast.olga, now), user=cast.mallory, now=now)


def test_who_may_not_configure_any_more_agrees_to_nothing(workspace, policy, cast, now) -> None:
    """Removed, made a reviewer, or inactive meanwhile."""
    waits = wider(workspace, cast.olga, now)
    place = Membership.objects.get(workspace=workspace, user=cast.otto)
    User.objects.filter(pk=cast.otto.pk).update(is_active=False)
    with pytest.raises(NotYours):
        publishing.agree(publication=waits, user=cast.otto, now=now)
    User.objects.filter(pk=cast.otto.pk).update(is_active=True)
    accounts.remove_member(membership=place, by=cast.olga.actor, now=now)
    with pytest.raises(NotYours):
        publishing.agree(publication=waits, user=cast.otto, now=now + 9 * DAY)


def test_a_sole_operator_does_not(workspace, policy, cast, now) -> None:
    """Owners answer for a workspace."""
    Membership.objects.filter(workspace=workspace, user=cast.olga).update(role="reviewer")
    waits = wider(workspace, cast.otto, now)
    with pytest.raises(NotYours, match="an owner"):
        publishing.agree(publication=waits, user=cast.otto, now=now + 90 * DAY)


def test_the_delay_is_set_and_shortening_it_takes_the_old_one(workspace, policy, cast, now) -> None:
    """Else who wants to publish at once would set it to an hour first."""
    alone(workspace, cast)
    publishing.set_delay(workspace=workspace, hours=1, by=cast.olga.actor, now=now)
    assert wider(workspace, cast.olga, now).alone_from == now + DAY
    assert wider(workspace, cast.olga, now + DAY).alone_from == now + DAY + timedelta(hours=1)
    publishing.set_delay(workspace=workspace, hours=48, by=cast.olga.actor, now=now + DAY)
    assert wider(workspace, cast.olga, now + DAY).alone_from == now + 3 * DAY
    for hours in (0, 721):
        with pytest.raises(ValueError, match="from 1 to 720"):
            publishing.set_delay(workspace=workspace, hours=hours, by="t", now=now)
    assert Event.objects.filter(kind="publishing.changed").count() == 2


def test_going_back_counts_like_any_other_change(workspace, policy, cast, now) -> None:
    """To a wider version it waits; to a narrower one it does not."""
    narrow, _ = saved(workspace, cast.otto, now, auto_up_to=5)
    back, waits = publishing.again(version=policy, by=cast.otto.actor, now=now)
    assert waits is not None
    assert back.limits == policy.limits
    publishing.agree(publication=waits, user=cast.olga, now=now)
    narrow.refresh_from_db()
    again, none = publishing.again(version=narrow, by=cast.otto.actor, now=now)
    again.refresh_from_db()
    assert (none, again.stage, again.limits) == (None, Stage.ACTIVE, narrow.limits)


def test_what_was_compared_with_other_rules_is_not_agreed_to(workspace, policy, cast, now) -> None:
    """Somebody tightened meanwhile: what is new would be more than was shown."""
    waits = wider(workspace, cast.olga, now)
    rule = {"name": "stop", "when": "true", "outcome": "deny", "reason": "x"}
    other = operations.draft(workspace=workspace, name="Stop", rules=[rule], limits={},
                             by=cast.otto.actor, now=now)  # fmt: skip
    assert publishing.submit(version=other, by=cast.otto.actor, now=now) is None
    with pytest.raises(Outdated):
        publishing.agree(publication=waits, user=cast.otto, now=now)


def test_the_currency_is_part_of_what_it_was_compared_with(workspace, policy, cast, now) -> None:
    """In yen the same limit lets other things through."""
    waits = wider(workspace, cast.olga, now)
    CurrencySetting.objects.create(workspace=workspace, currency="JPY")
    with pytest.raises(Outdated):
        publishing.agree(publication=waits, user=cast.otto, now=now)


def test_it_is_compared_with_what_is_in_force_in_the_end(
    workspace, policy, cast, now, monkeypatch
) -> None:
    """Somebody tightened further while it was compared, before anything was locked."""
    compare, others = publishing.assess_version, []

    def slowly(version: Version, *, now: datetime) -> Any:
        assessed = compare(version, now=now)
        if not others:
            others.append(version)
            saved(workspace, cast.olga, now, auto_up_to=5)
        return assessed

    monkeypatch.setattr(publishing, "assess_version", slowly)
    version, waits = saved(workspace, cast.otto, now, auto_up_to=9)
    assert waits is not None
    assert version.stage == Stage.DRAFT


def test_it_is_asked_for_once(workspace, policy, cast, now) -> None:
    """A later version replaces the wish; what was turned down or published stays so."""
    first, second = wider(workspace, cast.olga, now), wider(workspace, cast.olga, now)
    with pytest.raises(Outdated):
        publishing.agree(publication=first, user=cast.otto, now=now)
    publishing.turn_down(publication=second, user=cast.otto, now=now)
    with pytest.raises(Outdated):
        publishing.agree(publication=second, user=cast.otto, now=now)
    with pytest.raises(NotYours):
        publishing.turn_down(publication=second, user=cast.rita, now=now)
    assert Event.objects.filter(kind="policy.turned_down").count() == 1


def test_the_database_wants_a_second_person_too(workspace, policy, cast, now) -> None:
    """Whoever writes the row."""
    waits = wider(workspace, cast.olga, now)
    rows = Publication.objects.filter(pk=waits.pk)
    with pytest.raises(IntegrityError, match="a_second_person"), transaction.atomic():
        rows.update(state=Asked.PUBLISHED, decided_by=cast.olga.actor, decided_at=now)
