"""What a person may do in a workspace: their role, and the authorities guardian keeps."""

from datetime import datetime
from decimal import Decimal
from importlib import import_module

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from guardian.models import UserObjectPermission
from guardian.shortcuts import assign_perm
from pytest_django import DjangoAssertNumQueries
from uuid_utils.compat import uuid7

from apps.accounts import operations
from apps.accounts.models import Authority, AuthorityHolder, Membership, User, Workspace
from apps.accounts.permissions import EXERCISE, Limit, held, holders, rights
from tests.conftest import Cast

REFUND = "refund_payment"


def test_one_statement_answers_what_a_person_may_do(
    cast: Cast, workspace: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Role and authorities come together; Rita's limit is 500, and only in euros."""
    with django_assert_num_queries(1):
        hers = rights(cast.rita, workspace.pk)
    assert hers.can("review")
    assert not hers.can("run")
    assert hers.cover(REFUND, Decimal("500.00"), "EUR")
    assert not hers.cover(REFUND, Decimal("500.01"), "EUR")
    assert not hers.cover(REFUND, Decimal(5), "USD")
    assert hers.cover(REFUND, None, None)
    assert not hers.cover("something_else", None, None)


def test_no_ceiling_covers_any_amount(cast: Cast, workspace: Workspace) -> None:
    """Olga's authority has no limit."""
    assert rights(cast.olga, workspace.pk).cover(REFUND, Decimal(10**9), "EUR")


def test_a_stranger_or_an_inactive_person_may_nothing(cast: Cast, workspace: Workspace) -> None:
    """Nobody acts where they have no place, nor once their account is closed."""
    assert rights(cast.mallory, workspace.pk).role is None
    User.objects.filter(pk=cast.rita.pk).update(is_active=False)
    hers = rights(cast.rita, workspace.pk)
    assert not hers.can("read")
    assert not hers.cover(REFUND, Decimal(5), "EUR")


def test_an_authority_without_a_place_covers_nothing(cast: Cast, workspace: Workspace) -> None:
    """Even if the place was taken away past the product."""
    Membership.objects.filter(user=cast.rita).delete()
    assert rights(cast.rita, workspace.pk).limits == ()


def test_guardian_keeps_who_holds_what(cast: Cast, workspace: Workspace, now: datetime) -> None:
    """Its own questions answer the same, from rows with a foreign key; none are generic."""
    authority = operations.authorise(
        workspace=workspace, user=cast.otto, action=REFUND, ceiling=Decimal(7), currency="EUR",
        by="t", now=now,
    )  # fmt: skip
    assert cast.otto.has_perm(f"accounts.{EXERCISE}", authority)
    assert holders(authority) == [cast.otto]
    assert list(held(cast.otto, workspace_id=workspace.pk)) == [authority]
    assert rights(cast.otto, workspace.pk).limits == (Limit(REFUND, Decimal(7), "EUR"),)
    assert not UserObjectPermission.objects.exists()


def test_another_permission_on_an_authority_approves_nothing(
    cast: Cast, workspace: Workspace
) -> None:
    """To see an authority is not to hold it."""
    authority = Authority.objects.get(action=REFUND, ceiling=500)
    assign_perm("view_authority", cast.otto, authority)
    assert rights(cast.otto, workspace.pk).limits == ()


@pytest.mark.usefixtures("cast")
def test_grants_of_an_older_version_move_and_can_move_back() -> None:
    """What guardian's generic table held is held by foreign key; of a lost authority nothing is."""
    migration = import_module("apps.accounts.migrations.0003_authorityholder")
    before = set(AuthorityHolder.objects.values_list("user", "permission", "content_object"))
    with connection.cursor() as sql:
        sql.execute(migration.MOVE_BACK)
        AuthorityHolder.objects.all().delete()
        old = UserObjectPermission.objects.all()
        assert old.count() == len(before)
        lost = old[0]
        lost.pk, lost.object_pk = None, str(uuid7())
        UserObjectPermission.objects.bulk_create([lost])
        sql.execute(migration.MOVE_HERE)
    assert before == set(
        AuthorityHolder.objects.values_list("user", "permission", "content_object")
    )
    assert Permission.objects.get(codename=EXERCISE).pk in {
        permission for _, permission, _ in before
    }
    assert not old.all().exists()
