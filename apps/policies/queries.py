"""Reading policies and decisions."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.money.currency import UnfitAmount, UnknownCurrency, round_to
from apps.policies.cel import Ruleset
from apps.policies.exchange import Exchange, NoRate, Rate, Rates
from apps.policies.facts import Facts
from apps.policies.measure import Market
from apps.policies.models import CurrencySetting, Decision, ExchangeRate, Stage, Version


@dataclass(frozen=True)
class Guardrails:
    """The active versions of a workspace."""

    versions: tuple[Version, ...]

    def basis(self, action: str) -> str:
        """The digest over the versions that have something to say about the action."""
        return _digest(
            (version.policy_id, version.number, version.digest)
            for version in self.versions
            if speaks_of(version.actions, action)
        )


# Written out because it runs with every approval and every call: the ORM would compile it anew.
BASIS = """
    SELECT version.policy_id, version.number, version.digest, version.actions, version.id
    FROM policies_version version
    JOIN policies_policy policy ON policy.id = version.policy_id
    WHERE policy.workspace_id = %s AND version.stage = %s
    ORDER BY version.policy_id
"""


@dataclass(frozen=True)
class Basis:
    """What decides in a workspace right now: of each version (what tells it, actions, id)."""

    versions: tuple[tuple[tuple[UUID, int, str], list[str], UUID], ...]

    def __call__(self, action: str) -> str:
        """The digest over the versions about an action."""
        return _digest(told for told, actions, _ in self.versions if speaks_of(actions, action))

    def counts(self, action: str) -> bool:
        """Whether some rule about the action asks for a window, so that it takes up a place."""
        return any(
            _compiled(pk).asked(action)
            for _, actions, pk in self.versions
            if speaks_of(actions, action)
        )


def basis(workspace_id: UUID) -> Basis:
    """What decides in a workspace right now; one statement.

    An approval is void once the digest of its action differs; a policy about other actions
    does not touch it.
    """
    with connection.cursor() as sql:
        sql.execute(BASIS, [workspace_id, Stage.ACTIVE])
        return Basis(tuple((row[:3], json.loads(row[3]), row[4]) for row in sql.fetchall()))


def speaks_of(actions: Sequence[str], action: str) -> bool:
    """Whether a version about these actions (none named: all) has a say in this one."""
    return not actions or action in actions


def _digest(versions: Iterable[tuple[UUID, int, str]]) -> str:
    joined = ",".join(f"{policy}:{number}:{digest}" for policy, number, digest in versions)
    return hashlib.sha256(joined.encode()).hexdigest()


def guardrails(workspace_id: UUID) -> Guardrails:
    """What decides in a workspace right now, ready to be asked."""
    active = Version.objects.filter(policy__workspace_id=workspace_id, stage=Stage.ACTIVE)
    named = active.select_related("policy__workspace__currency_setting")
    return Guardrails(tuple(named.order_by("policy_id")))


def market(
    rails: Guardrails, facts: Iterable[Facts], *, now: datetime, also: Iterable[str] = ()
) -> Market:
    """By what these changes, and amounts in `also` these currencies, are compared with limits.

    The rates are read only where something is in another currency than some limits; one query.
    """
    if not rails.versions:
        return Market()
    workspace = rails.versions[0].policy.workspace
    setting = getattr(workspace, "currency_setting", None) or CurrencySetting()
    limits = {ruleset(version).currency or setting.currency for version in rails.versions}
    moved = {fact.currency for fact in facts if fact.has_amount and fact.currency} | {*also} - {""}
    needs_rates = len(limits | moved) > 1 and bool(moved)
    return Market(
        currency=setting.currency,
        rates=rates(workspace.pk) if needs_rates else Rates([]),
        today=now.astimezone(UTC).date(),
        max_age_days=setting.rates_max_age_days,
    )


@lru_cache(maxsize=256)
def _compiled(version_id: UUID) -> Ruleset:
    version = Version.objects.get(pk=version_id)
    return Ruleset.stored(version.rules, version.limits)


def ruleset(version: Version) -> Ruleset:
    """A published version's compiled rules; compiled once per process, as it never changes."""
    return _compiled(version.pk)


def decisions(subject_ids: Iterable[UUID]) -> dict[UUID, Decision]:
    """The newest decision on each of these changes."""
    rows = Decision.objects.filter(subject_id__in=list(subject_ids)).select_related(
        "version__policy"
    )
    return {decision.subject_id: decision for decision in rows.order_by("id")}


def behind(decisions: Iterable[Decision | None]) -> list[Version | None]:
    """All versions a rule of which said what was decided in the end; None where that is not known.

    One query. Not only the version a decision names: a rule of another one may have said the same.
    """
    said = [said_by(decision) if decision else set() for decision in decisions]
    rows = Version.objects.select_related("policy").filter(pk__in=set().union(*said))
    versions = {version.pk: version for version in rows.order_by("policy_id")}
    unknown = any(not names or not names <= versions.keys() for names in said)
    return [*versions.values(), *([None] if unknown else [])]


def said_by(decision: Decision) -> set[UUID]:
    """The versions a rule of which said what was decided; those of old decisions are not known."""
    return {
        UUID(fired["version"])
        for fired in decision.fired
        if "version" in fired and fired["outcome"] == decision.outcome
    }


def of_workspace(workspace_id: UUID) -> QuerySet[Decision]:
    """All decisions of a workspace with their policy, newest first."""
    rows = Decision.objects.filter(workspace_id=workspace_id).select_related("version__policy")
    return rows.order_by("-id")


def currency_setting(workspace_id: UUID) -> CurrencySetting:
    """In which currency the workspace counts, and how old a rate may be; also without a row."""
    setting = CurrencySetting.objects.filter(workspace_id=workspace_id).first()
    return setting or CurrencySetting(workspace_id=workspace_id)


def rates(workspace_id: UUID) -> Rates:
    """The exchange rates in force in the workspace, whatever their age; one query.

    Not those that wait for a second person.
    """
    rows = ExchangeRate.objects.filter(workspace_id=workspace_id, waits_since=None)
    columns = ("base", "quote", "rate", "as_of", "source")
    return Rates(Rate(**row) for row in rows.values(*columns))


@dataclass(frozen=True, kw_only=True)
class Converted:
    """An amount in another currency; `amount` None: there is no rate, and `reason` says which.

    Else `reason` names the rates with their day and source; empty where nothing was converted.
    """

    amount: Decimal | None
    currency: str
    reason: str
    exchange: Exchange | None = None


def convert(
    *,
    workspace_id: UUID,
    amount: Decimal,
    currency: str,
    to: str,
    now: datetime,
    rounding: str = ROUND_DOWN,
) -> Converted:
    """An amount such as a cap of 15 EUR in the currency `to`, by the workspace's own rates.

    `convert(workspace_id=…, amount=Decimal(15), currency="EUR", to="JPY", now=now).amount` is a
    whole number of yen, rounded down: a cap never grows by being converted (`ROUND_UP` for a
    floor). `amount` None where no rate is fresh enough: then a person decides, told the `reason`.
    At most two queries, none where both currencies are the same.
    """
    try:
        if currency == to:
            return Converted(amount=round_to(amount, to, rounding), currency=to, reason="")
        setting = currency_setting(workspace_id)
        exchange = rates(workspace_id).exchange(
            currency,
            to,
            today=now.astimezone(UTC).date(),
            max_age_days=setting.rates_max_age_days,
        )
        rounded = exchange.rounded(amount, rounding)
    except (NoRate, UnknownCurrency, UnfitAmount) as error:
        return Converted(amount=None, currency=to, reason=str(error))
    return Converted(amount=rounded, currency=to, reason=str(exchange), exchange=exchange)
