"""Hard limits on money: reserve the most a call can cost, then settle what it did cost."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from apps.accounts.models import Workspace
from apps.audit.events import runs as events
from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.audit.operations import record
from apps.audit.queries import load_unnumbered
from apps.inference.models import Budget, Scope


class BudgetExhausted(Exception):
    """The call could cost more than a budget has left, so it was not made."""

    def __init__(self, budget: Budget, needed: Decimal) -> None:
        super().__init__(
            f"The call may cost up to {needed:.4f} USD, which the budget of "
            f"{budget.scope} {budget.scope_id} does not have left "
            f"(limit {budget.limit:.4f}). Raise the limit, or wait for calls under way."
        )
        self.budget, self.needed = budget, needed


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
            raise BudgetExhausted(budget, amount)
    return [budget.pk for budget in found]


def settle(budgets: Sequence[UUID], *, reserved: Decimal, cost: Decimal) -> None:
    """Turn a reservation into what was really spent. Must run in a transaction."""
    for pk in sorted(budgets):
        Budget.objects.filter(pk=pk).update(
            reserved=F("reserved") - reserved, spent=F("spent") + cost
        )


@transaction.atomic
def record_exhausted(
    exhausted: BudgetExhausted, *, agent_id: UUID | None, run_id: UUID | None, now: datetime
) -> None:
    """Record that a budget kept a model from being asked: once for each limit it is given."""
    # Locked, so that of many calls that are refused at the same time one records it
    budget = Budget.objects.select_for_update().filter(pk=exhausted.budget.pk).first()
    if budget is None or is_told(budget):
        return
    record(
        events.BudgetExhausted(
            scope=str(budget.scope),
            limit=said(budget.limit),
            needed=said(exhausted.needed),
            agent=str(agent_id or ""),
        ),
        workspace_id=budget.workspace_id,
        actor="inference",
        subject_kind="budget",
        subject_id=budget.pk,
        run_id=run_id,
        now=now,
    )


def is_told(budget: Budget) -> bool:
    """Whether it was recorded that this limit did not suffice."""
    told = Event.objects.filter(
        kind=Kind.BUDGET_EXHAUSTED, subject_kind="budget", subject_id=str(budget.pk)
    )
    return any(
        event.fields is not None and event.fields.get("limit") == said(budget.limit)
        for event in load_unnumbered(list(told))
    )


def said(amount: Decimal) -> str:
    """US dollars in as few figures as they have."""
    return f"{amount.normalize():f}"
