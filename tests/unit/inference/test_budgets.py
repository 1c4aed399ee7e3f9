"""A budget is a hard limit, also when many reach for it at once."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Workspace
from apps.inference import budgets
from apps.inference.budgets import BudgetExhausted
from apps.inference.models import Budget, Scope
from tests.factories import inference as make

ONE = Decimal("0.01")


def test_a_reservation_counts_as_spent_until_it_is_settled(workspace: Workspace) -> None:
    """Held money is not there for others; what was not used comes back."""
    budget = make.budget(workspace, "0.015")
    held = budgets.reserve(workspace=workspace, scopes={Scope.WORKSPACE: workspace.pk}, amount=ONE)
    with pytest.raises(BudgetExhausted, match="Raise the limit"):
        budgets.reserve(workspace=workspace, scopes={Scope.WORKSPACE: workspace.pk}, amount=ONE)
    budgets.settle(held, reserved=ONE, cost=Decimal("0.002"))
    budget.refresh_from_db()
    assert (budget.reserved, budget.spent) == (0, Decimal("0.002"))


def test_one_exhausted_budget_leaves_the_others_untouched(workspace: Workspace) -> None:
    """All or nothing."""
    run = uuid4()
    wide = make.budget(workspace, "100")
    make.budget(workspace, "0.001", scope=Scope.RUN, scope_id=run)
    scopes = {Scope.WORKSPACE: workspace.pk, Scope.RUN: run}
    with pytest.raises(BudgetExhausted, match=str(run)), transaction.atomic():
        budgets.reserve(workspace=workspace, scopes=scopes, amount=ONE)
    wide.refresh_from_db()
    assert wide.reserved == 0


@pytest.mark.parametrize("column", ["limit", "spent", "reserved"])
def test_the_database_refuses_negative_money(workspace: Workspace, column: str) -> None:
    """Whatever the code does."""
    budget = make.budget(workspace, "1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Budget.objects.filter(pk=budget.pk).update(**{column: Decimal(-1)})


@pytest.mark.django_db(transaction=True)
def test_racing_calls_never_overspend() -> None:
    """Of 40 reservations of a cent from 8 threads exactly 10 fit into ten cents, in two scopes."""
    workspace = Workspace.objects.create(name="Race", slug="race")
    run = uuid4()
    ids = [
        make.budget(workspace, "0.10").pk,
        make.budget(workspace, "0.50", scope=Scope.RUN, scope_id=run).pk,
    ]

    def reach(_: int) -> bool:
        try:
            with transaction.atomic():
                budgets.reserve(
                    workspace=workspace,
                    scopes={Scope.RUN: run, Scope.WORKSPACE: workspace.pk},
                    amount=ONE,
                )
        except BudgetExhausted:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        won = sum(pool.map(reach, range(40)))
    assert won == 10
    assert {b.reserved for b in Budget.objects.filter(pk__in=ids)} == {Decimal("0.10")}
