"""Keeping exchange rates and the currency a workspace counts in: one event each."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction

from apps.accounts.models import Workspace
from apps.audit.kinds import Kind
from apps.audit.operations import Fact, record_all
from apps.money.currency import minor_units
from apps.policies import operations, queries
from apps.policies.exchange import OLDEST_RATE, InvalidRate, Rate, check, plain
from apps.policies.models import CurrencySetting, ExchangeRate


@transaction.atomic
def keep_rates(
    *, workspace: Workspace, rates: Sequence[Rate], by: str, now: datetime
) -> list[ExchangeRate]:
    """Keep these rates, each instead of the one there was between its two currencies.

    A rate older than the one that is kept, or the same, changes nothing; those that changed are
    returned. All or none: raises `InvalidRate`, `UnknownCurrency` for the first that is wrong.
    """
    Workspace.objects.select_for_update().get(pk=workspace.pk)  # one sheet is taken in at a time
    kept, today = queries.rates(workspace.pk), now.astimezone(UTC).date()
    for rate in rates:
        check(rate, today=today, kept=kept)
    by_pair = {
        frozenset((one.base, one.quote)): one
        for one in ExchangeRate.objects.filter(workspace=workspace)
    }  # a pair is kept one way round
    changed = []
    for rate in rates:
        pair = frozenset((rate.base, rate.quote))
        row = by_pair.get(pair)
        if row is not None and not is_news(rate, row):
            continue
        ExchangeRate.objects.filter(workspace=workspace, base=rate.quote, quote=rate.base).delete()
        row, _ = ExchangeRate.objects.update_or_create(
            workspace=workspace,
            base=rate.base,
            quote=rate.quote,
            defaults={"rate": rate.rate, "as_of": rate.as_of, "source": rate.source,
                      "added_by": by, "added_at": now},
        )  # fmt: skip
        by_pair[pair] = row
        changed.append(row)
    record_all([told(Kind.RATE_KEPT, row, by=by) for row in changed], now=now)
    return changed


def is_news(rate: Rate, row: ExchangeRate) -> bool:
    """Whether the rate is newer than the row, or corrects it on its own day."""
    same = (rate.rate, rate.source) == (row.rate, row.source)
    return rate.as_of > row.as_of or (rate.as_of == row.as_of and not same)


@transaction.atomic
def remove_rate(*, rate: ExchangeRate, by: str, now: datetime) -> None:
    """Keep no rate between these two currencies any more: what needs it waits for a person."""
    record_all([told(Kind.RATE_REMOVED, rate, by=by)], now=now)
    rate.delete()


@transaction.atomic
def set_currency(
    *, workspace: Workspace, currency: str, rates_max_age_days: int, by: str, now: datetime
) -> CurrencySetting:
    """Set in which currency the workspace counts, and how old an exchange rate may be.

    From the next decision on. Raises `UnknownCurrency`, `InvalidRate` for an age no rate can have.
    """
    minor_units(currency)
    if not 1 <= rates_max_age_days <= OLDEST_RATE:
        raise InvalidRate(f"A rate may be from 1 to {OLDEST_RATE} days old.")
    operations.change(workspace.pk)
    wanted = {"currency": currency, "rates_max_age_days": rates_max_age_days}
    setting = queries.currency_setting(workspace.pk)
    before = {name: getattr(setting, name) for name in wanted}
    setting, _ = CurrencySetting.objects.update_or_create(workspace=workspace, defaults=wanted)
    if before != wanted:
        fact = Fact(kind=Kind.CURRENCY_CHANGED, workspace_id=workspace.pk, actor=by,
                    subject_kind="workspace", subject_id=workspace.pk,
                    fields={"before": before, "after": wanted})  # fmt: skip
        record_all([fact], now=now)
    return setting


def told(kind: Kind, rate: ExchangeRate, *, by: str) -> Fact:
    """An event about a rate."""
    return Fact(
        kind=kind,
        workspace_id=rate.workspace_id,
        actor=by,
        subject_kind="rate",
        subject_id=rate.pk,
        fields={"base": rate.base, "quote": rate.quote, "rate": plain(rate.rate),
                "as_of": rate.as_of.isoformat(), "source": rate.source},
    )  # fmt: skip
