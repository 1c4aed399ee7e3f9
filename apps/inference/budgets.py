"""Hard limits on money: reserve the most a call can cost, then settle what it did cost."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Q

from apps.accounts.models import Workspace
from apps.inference.models import Budget, Scope


class BudgetExhausted(Exception):
    """The call could cost more than a budget has left, so it was not made."""


def reserve(*, workspace: Workspace, scopes: Mapping[Scope, UUID], amount: Decimal) -> list[UUID]:
    """Hold `amount` (US dollars) in every budget that applies; returns their ids.

    Must run in a transaction, which the caller rolls back on `BudgetExhausted`. A scope without a
    budget is not limited.
    """
    applies = Q()
    for scope, scope_id in scopes.items():
        applies |= Q(scope=scope, scope_id=scope_id)
    # One order for everybody, or two calls could wait for each other's rows
    found = list(Budget.objects.filter(applies, workspace=workspace).order_by("pk"))
    for budget in found:
        # The condition is read again under the row's lock: of two racing calls only those pass
        # which fit together
        moved = Budget.objects.filter(
            pk=budget.pk, limit__gte=F("spent") + F("reserved") + amount
        ).update(reserved=F("reserved") + amount)
        if not moved:
            raise BudgetExhausted(
                f"The call may cost up to {amount:.4f} USD, which the budget of "
                f"{budget.scope} {budget.scope_id} does not have left "
                f"(limit {budget.limit:.4f}). Raise the limit, or wait for calls under way."
            )
    return [budget.pk for budget in found]


def settle(budgets: Sequence[UUID], *, reserved: Decimal, cost: Decimal) -> None:
    """Turn a reservation into what was really spent. Must run in a transaction."""
    for pk in sorted(budgets):
        Budget.objects.filter(pk=pk).update(
            reserved=F("reserved") - reserved, spent=F("spent") + cost
        )
