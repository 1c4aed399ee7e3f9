"""Asking what a person may approve, as the product does."""

from decimal import Decimal
from uuid import UUID

from apps.accounts.models import User
from apps.accounts.permissions import rights


def can_approve(
    user: User, *, workspace_id: UUID, action: str, amount: Decimal | None, currency: str | None
) -> bool:
    """Whether the person is a member and holds an authority for the action up to the amount."""
    return rights(user, workspace_id).cover(action, amount, currency)
