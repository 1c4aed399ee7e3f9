"""Keeping exchange rates and the currency a workspace counts in: one event each.

Both move what limits are worth. Rates have to be kept up every day: those near what people know
are in force at once, those that are new or have moved wait for a second person, and whoever
configures the workspace is told. The currency and the age of rates do not touch a limit that lets
something new through by it: that is changed in its policy.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import TypedDict
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User, Workspace
from apps.audit.events.policies import (
    CurrencyChanged,
    OfRate,
    RateConfirmed,
    RateKept,
    RateRemoved,
    RatesMoved,
)
from apps.audit.operations import Fact, record, record_all
from apps.money.currency import minor_units
from apps.policies import operations, queries, second_person
from apps.policies.assessing import recounted
from apps.policies.exchange import (
    MOST_DECIMALS,
    OLDEST_RATE,
    InvalidRate,
    Rate,
    Rates,
    check,
    plain,
)
from apps.policies.models import CurrencySetting, ExchangeRate
from apps.policies.second_person import ALONE, NotYours

STEP = Decimal("0.05")  # by which a rate may move in all before people are told of it again
MOST_TOLD = 20  # rates named in the event about those that are new or have moved


class LoosensLimits(ValueError):
    """Limits that name no currency would let something new through; the text says what to do."""


@transaction.atomic
def keep_rates(
    *, workspace: Workspace, rates: Sequence[Rate], by: str, now: datetime
) -> list[ExchangeRate]:
    """Keep these rates, each instead of the one there was between its two currencies.

    A rate older than the one that is kept, or the same, changes nothing; those that changed are
    returned. A pair that is new, and one that has moved by more than 5 % since people were last
    told, in whatever steps, waits for a second person, and people are told; also where only two
    rates together have moved. All or none: raises `InvalidRate`, `UnknownCurrency` for the first
    that is wrong.
    """
    Workspace.objects.select_for_update().get(pk=workspace.pk)  # one sheet is taken in at a time
    rows, today = ExchangeRate.objects.filter(workspace=workspace), now.astimezone(UTC).date()
    kept = Rates(map(rate_of, rows))
    for rate in rates:
        check(rate, today=today, kept=kept)
    by_pair = {frozenset((row.base, row.quote)): row for row in rows}  # kept one way round
    changed, moved = [], []
    for rate in rates:
        pair = frozenset((rate.base, rate.quote))
        row = by_pair.get(pair)
        if row is not None and not is_news(rate, row):
            continue
        known = last_told(row, rate) if row is not None else None
        waits = {"waits_since": row.waits_since, "asked_by": row.asked_by} if row else {}
        if known is None or abs(rate.rate / known - 1) > STEP:
            known, waits = rate.rate, {"waits_since": now, "asked_by": by}
            moved.append(rate)
        if row is not None:
            row.delete()
        row = ExchangeRate.objects.create(
            workspace=workspace,
            base=rate.base,
            quote=rate.quote,
            rate=rate.rate,
            as_of=rate.as_of,
            source=rate.source,
            told=known,
            added_by=by,
            added_at=now,
            **waits,
        )
        by_pair[pair] = row
        changed.append(row)
    moved += [rate_of(row) for row in apart(by_pair.values(), changed, by=by, now=now)]
    facts = [fact(RateKept(**told(row)), row, by=by) for row in changed]
    record_all(facts + moves(workspace, moved, by=by), now=now)
    return changed


def is_news(rate: Rate, row: ExchangeRate) -> bool:
    """Whether the rate is newer than the row, or corrects it on its own day."""
    same = (rate.rate, rate.source) == (row.rate, row.source)
    return rate.as_of > row.as_of or (rate.as_of == row.as_of and not same)


def last_told(row: ExchangeRate, rate: Rate) -> Decimal:
    """The rate people were last told of, the way round the new one is written."""
    if row.base == rate.base:
        return row.told
    return round(1 / row.told, MOST_DECIMALS)


def apart(
    rows: Iterable[ExchangeRate], changed: Collection[ExchangeRate], *, by: str, now: datetime
) -> list[ExchangeRate]:
    """Rates that have moved too far from a changed one; told from now on, they wait.

    What has only a rate to a currency in between moves by both: each may have moved little.
    """
    found: dict[UUID, ExchangeRate] = {}
    for rate, other in product(changed, rows):
        if rate.pk != other.pk and any(
            grown(drift(rate, code) / drift(other, code)) > STEP
            for code in {rate.base, rate.quote} & {other.base, other.quote}
        ):
            found |= {rate.pk: rate, other.pk: other}
    for row in found.values():
        row.told, row.waits_since, row.asked_by = row.rate, now, by
    ExchangeRate.objects.bulk_update(found.values(), ["told", "waits_since", "asked_by"])
    return list(found.values())


def drift(row: ExchangeRate, code: str) -> Fraction:
    """By what one unit of the currency is worth another number of the other since people know."""
    moved = Fraction(row.rate) / Fraction(row.told)
    return moved if row.base == code else 1 / moved


def grown(ratio: Fraction) -> Fraction:
    """By how much of itself the lesser of two has to grow to be the other; `ratio` is theirs."""
    return max(ratio, 1 / ratio) - 1


def rate_of(row: ExchangeRate) -> Rate:
    """The row as it is reckoned with."""
    return Rate(base=row.base, quote=row.quote, rate=row.rate, as_of=row.as_of, source=row.source)


def moves(workspace: Workspace, moved: Sequence[object], *, by: str) -> list[Fact]:
    """The event by which people are told of rates; none where there is none to tell of."""
    if not moved:
        return []
    event = RatesMoved(count=len(moved), rates=[str(rate) for rate in moved[:MOST_TOLD]])
    return [
        Fact(event=event, workspace_id=workspace.pk, actor=by,
             subject_kind="workspace", subject_id=workspace.pk)
    ]  # fmt: skip


@transaction.atomic
def confirm_rate(*, rate: ExchangeRate, user: User, now: datetime) -> None:
    """Put a rate in force that waits, as the second person or as a sole owner after the delay.

    It is the very rate they looked at: one that was kept instead meanwhile is another row. Of one
    that is in force nothing changes. Raises `NotYours`, and `ExchangeRate.DoesNotExist`.
    """
    held = ExchangeRate.objects.select_for_update().get(pk=rate.pk)
    if held.waits_since is None:
        return
    is_own = user.actor in (held.asked_by, held.added_by)
    alone_from = second_person.alone_from(held.workspace_id, asked_at=held.waits_since, now=now)
    if why := second_person.why_not(
        user, held.workspace_id, is_own=is_own, alone_from=alone_from, now=now
    ):
        raise NotYours(why)
    confirmed = RateConfirmed(
        **told(held), asked_by=held.asked_by, exception=ALONE if is_own else ""
    )
    held.told, held.waits_since, held.asked_by = held.rate, None, ""
    held.save(update_fields=["told", "waits_since", "asked_by"])
    record_all([fact(confirmed, held, by=user.actor)], now=now)


@transaction.atomic
def remove_rate(*, rate: ExchangeRate, by: str, now: datetime) -> None:
    """Keep no rate between these two currencies any more: what needs it waits for a person.

    Unless there are two over a currency in between: people are told where those are far from it.
    """
    facts = [fact(RateRemoved(**told(rate)), rate, by=by)]
    rate.delete()
    instead = next(queries.rates(rate.workspace_id).ways(rate.base, rate.quote), None)
    if instead is not None and grown(instead.factor / Fraction(rate.told)) > STEP:
        facts += moves(rate.workspace, [instead], by=by)
    record_all(facts, now=now)


@transaction.atomic
def set_currency(
    *, workspace: Workspace, currency: str, rates_max_age_days: int, by: str, now: datetime
) -> CurrencySetting:
    """Set in which currency the workspace counts, and how old an exchange rate may be.

    From the next decision on. Raises `UnknownCurrency`, `InvalidRate` for an age no rate can have,
    and `LoosensLimits` where a policy in force would let something new through by it.
    """
    minor_units(currency)
    if not 1 <= rates_max_age_days <= OLDEST_RATE:
        raise InvalidRate(f"A rate may be from 1 to {OLDEST_RATE} days old.")
    operations.change(workspace.pk)
    setting = queries.currency_setting(workspace.pk)
    refuse_to_loosen(setting, currency, rates_max_age_days)
    wanted = {"currency": currency, "rates_max_age_days": rates_max_age_days}
    before = {name: getattr(setting, name) for name in wanted}
    setting, _ = CurrencySetting.objects.update_or_create(workspace=workspace, defaults=wanted)
    if before != wanted:
        record(
            CurrencyChanged(before=before, after=wanted),
            workspace_id=workspace.pk,
            actor=by,
            subject_kind="workspace",
            subject_id=workspace.pk,
            now=now,
        )
    return setting


def refuse_to_loosen(setting: CurrencySetting, currency: str, rates_max_age_days: int) -> None:
    """Raise `LoosensLimits` where limits in force would let something new through by it."""
    then = recounted(setting.workspace_id, currency=currency, rates_max_age_days=rates_max_age_days)
    if then.findings:
        found = then.findings[0].rstrip(".")
        raise LoosensLimits(
            f"This might let something new through ({found}). First write in the limits of "
            f"{', '.join(then.policies)} what holds now: currency {setting.currency}, "
            f"rates_max_age_days {setting.rates_max_age_days}. That changes nothing, and this "
            "setting does not touch them then; to change them there needs a second person."
        )


class Told(TypedDict):
    """What each event about a rate says of it."""

    base: str
    quote: str
    rate: str
    as_of: str
    source: str


def told(rate: ExchangeRate) -> Told:
    """The rate in an event."""
    return Told(
        base=rate.base,
        quote=rate.quote,
        rate=plain(rate.rate),
        as_of=rate.as_of.isoformat(),
        source=rate.source,
    )


def fact(event: OfRate, rate: ExchangeRate, *, by: str) -> Fact:
    """An event about a rate, to be recorded."""
    return Fact(
        event=event,
        workspace_id=rate.workspace_id,
        actor=by,
        subject_kind="rate",
        subject_id=rate.pk,
    )
