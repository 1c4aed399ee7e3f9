"""Exchange rates in force, as they are once a second person has confirmed them."""

from collections.abc import Sequence
from datetime import datetime

from apps.accounts.models import Workspace
from apps.policies import currencies
from apps.policies.exchange import Rate
from apps.policies.models import ExchangeRate


def keep_in_force(
    *, workspace: Workspace, rates: Sequence[Rate], by: str, now: datetime
) -> list[ExchangeRate]:
    """Keep them, and let none wait; those that changed."""
    changed = currencies.keep_rates(workspace=workspace, rates=rates, by=by, now=now)
    ExchangeRate.objects.filter(workspace=workspace).update(waits_since=None, asked_by="")
    return changed
