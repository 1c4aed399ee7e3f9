"""Giving and taking rights: every change leaves an event."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts import operations
from apps.accounts.models import Authority, Membership, User, Workspace
from apps.accounts.permissions import can
from apps.audit.models import Event, Payload
from apps.money.currency import UnfitAmount, UnknownCurrency
from tests.conftest import Cast
from tests.factories.authority import can_approve


def told(kind: str, person: User) -> list[dict[str, Any]]:
    """What the events of a person say that the test itself made."""
    events = Event.objects.filter(kind=kind, subject_id=str(person.pk), actor="user:by")
    return list(
        Payload.objects.filter(event_id__in=events.values("pk")).values_list("fields", flat=True)
    )


def approves(person: User, workspace: Workspace) -> bool:
    """Whether the person may approve a small refund."""
    return can_approve(person, workspace_id=workspace.pk, action="refund_payment",
                       amount=Decimal(5), currency="EUR")  # fmt: skip


def test_a_removed_member_loses_place_and_authorities(
    cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """One event of the place, one of each authority; coming back gives none of them again."""
    place = Membership.objects.get(user=cast.jun)
    count = Authority.objects.filter(ceiling=20).count()
    operations.remove_member(membership=place, by="user:by", now=now)
    assert not can(cast.jun, "read", workspace.pk)
    assert told("member.changed", cast.jun) == [{"role": ""}]
    withdrawn = told("authority.changed", cast.jun)
    assert len(withdrawn) == count
    assert not any(one["granted"] for one in withdrawn)
    operations.add_member(workspace=workspace, user=cast.jun, role="reviewer", by="t", now=now)
    assert not approves(cast.jun, workspace)
    assert approves(cast.rita, workspace)


def test_rights_in_another_workspace_stay(
    cast: Cast, workspace: Workspace, elsewhere: Workspace, now: datetime
) -> None:
    """Removing a member ends what they may do here only."""
    operations.add_member(workspace=elsewhere, user=cast.jun, role="reviewer", by="t", now=now)
    operations.authorise(workspace=elsewhere, user=cast.jun, action="refund_payment", ceiling=None,
                         currency="EUR", by="t", now=now)  # fmt: skip
    place = Membership.objects.get(user=cast.jun, workspace=workspace)
    operations.remove_member(membership=place, by="user:by", now=now)
    assert can(cast.jun, "review", elsewhere.pk)
    assert approves(cast.jun, elsewhere)


def test_an_authority_is_withdrawn_from_one(
    cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Others keep it."""
    right = operations.authorise(workspace=workspace, user=cast.otto, action="refund_payment",
                                 ceiling=Decimal(20), currency="EUR", by="t", now=now)  # fmt: skip
    operations.withdraw(authority=right, user=cast.jun, by="user:by", now=now)
    assert not approves(cast.jun, workspace)
    assert approves(cast.otto, workspace)
    assert told("authority.changed", cast.jun) == [
        {"action": "refund_payment", "ceiling": "20.00", "currency": "EUR", "granted": False}
    ]


def test_a_removed_authority_is_withdrawn_from_all(
    cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """With an event of each who held it."""
    right = operations.authorise(workspace=workspace, user=cast.otto, action="refund_payment",
                                 ceiling=Decimal(20), currency="EUR", by="t", now=now)  # fmt: skip
    operations.remove_authority(authority=right, by="user:by", now=now)
    assert not Authority.objects.filter(pk=right.pk).exists()
    for person in (cast.jun, cast.otto):
        assert [one["granted"] for one in told("authority.changed", person)] == [False]
        assert not approves(person, workspace)


def test_the_last_owner_stays(cast: Cast, workspace: Workspace, now: datetime) -> None:
    """Neither removed nor demoted, until there is another active one."""
    place = Membership.objects.get(user=cast.olga)

    def demote() -> None:
        operations.add_member(
            workspace=workspace, user=cast.olga, role="operator", by="user:by", now=now
        )

    for leave in (demote, lambda: operations.remove_member(membership=place, by="t", now=now)):
        with pytest.raises(operations.LastOwner, match="Olga is the last owner"):
            leave()
    assert can(cast.olga, "administer", workspace.pk)
    operations.add_member(workspace=workspace, user=cast.otto, role="owner", by="t", now=now)
    User.objects.filter(pk=cast.otto.pk).update(is_active=False)
    with pytest.raises(operations.LastOwner):
        demote()
    User.objects.filter(pk=cast.otto.pk).update(is_active=True)
    demote()
    assert not can(cast.olga, "administer", workspace.pk)


@pytest.mark.parametrize(
    ("ceiling", "currency"), [("70.50", "JPY"), ("1.005", "EUR"), ("5", "ZZZ")]
)
def test_a_ceiling_its_currency_does_not_have_is_refused(
    cast: Cast, workspace: Workspace, now: datetime, ceiling: str, currency: str
) -> None:
    """Whoever asks for it, and no row is left."""
    before = Authority.objects.count()
    with pytest.raises((UnfitAmount, UnknownCurrency)):
        operations.authorise(workspace=workspace, user=cast.jun, action="set_price", by="t", now=now,
                             ceiling=Decimal(ceiling), currency=currency)  # fmt: skip
    assert Authority.objects.count() == before


def test_a_ceiling_is_told_in_the_digits_of_its_currency(
    cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """In the audit log as anywhere; the same ceiling written otherwise is the same."""
    for ceiling in ("1.2", "1.200"):
        made = operations.authorise(workspace=workspace, user=cast.jun, action="set_price",
                                    ceiling=Decimal(ceiling), currency="KWD", by="user:by",
                                    now=now)  # fmt: skip
    assert Authority.objects.filter(currency="KWD").count() == 1
    assert str(Authority.objects.get(pk=made.pk)) == "set_price: up to 1.200 KWD"
    assert {one["ceiling"] for one in told("authority.changed", cast.jun)} == {"1.200"}
