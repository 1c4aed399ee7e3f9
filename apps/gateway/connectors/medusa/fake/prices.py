"""Prices of a variant: a write replaces the whole list, as in Medusa 2.21."""

import asyncio
import json
from typing import Any

from starlette.requests import Request

from apps.gateway.connectors.medusa.fake.requests import invalid, key_of, refuse_unknown
from apps.gateway.connectors.medusa.fake.store import Row, Store, as_money, clock, store_of

RACE_SECONDS = 0.02  # between Medusa's read of the old prices and its write of the new ones
FIELDS = frozenset({"id", "currency_code", "amount", "min_quantity", "max_quantity", "rules"})


def checked_prices(given: Any) -> list[dict[str, Any]]:
    """Medusa's weak check: an amount must be a number; negative ones and odd currencies pass."""
    if not isinstance(given, list):
        raise invalid("Invalid request: Expected type: 'array' for field 'prices'")
    for position, price in enumerate(given):
        if not isinstance(price, dict):
            raise invalid(
                f"Invalid request: Expected type: 'object' for field 'prices, {position}'"
            )
        refuse_unknown(price, FIELDS)
        for name, kind in (("currency_code", str), ("amount", int | float)):
            if not isinstance(price.get(name), kind) or isinstance(price.get(name), bool):
                raise invalid(f"Invalid request: Field 'prices, {position}, {name}' is required")
    return given


async def replace_prices(request: Request, variant: Row, given: list[dict[str, Any]]) -> None:
    """Replace-all: prices that are not in the list are deleted.

    What is deleted was read a moment before, as in Medusa: parallel writers each delete the old
    list and add their own, and leave several prices of one currency.
    """
    store, now = store_of(request), clock()
    before = store.all("SELECT * FROM prices WHERE variant_id = ?", variant["id"])
    await asyncio.sleep(RACE_SECONDS)
    kept = {price.get("id") for price in given}
    with store.transaction():
        for row in before:
            if row["id"] not in kept:
                store.run("DELETE FROM prices WHERE id = ?", row["id"])
        for price in given:
            _write_price(store, variant["id"], price, now)
        store.run("UPDATE variants SET updated_at = ? WHERE id = ?", now, variant["id"])
        _note_prices(request, variant, before, given)


def _write_price(store: Store, variant_id: str, price: dict[str, Any], now: str) -> None:
    changed = store.run(
        "UPDATE prices SET amount = ?, currency_code = ?, updated_at = ? "
        "WHERE id = ? AND variant_id = ?",
        price["amount"], price["currency_code"].lower(), now, price.get("id"), variant_id,
    )  # fmt: skip
    if not changed:
        store.insert(
            "prices", id=store.id("price"), variant_id=variant_id, amount=price["amount"],
            currency_code=price["currency_code"].lower(), min_quantity=price.get("min_quantity"),
            max_quantity=price.get("max_quantity"), rules=json.dumps(price.get("rules") or {}),
            created_at=now, updated_at=now,
        )  # fmt: skip


def _note_prices(
    request: Request, variant: Row, before: list[Row], given: list[dict[str, Any]]
) -> None:
    """One ledger line per price that changed, appeared or went; a repeat is noted as such."""
    store, key, target = store_of(request), key_of(request), f"variant:{variant['id']}"
    old = {row["currency_code"]: row["amount"] for row in before}
    new = {price["currency_code"].lower(): float(price["amount"]) for price in given}
    lines = [("set_price", currency, amount) for currency, amount in new.items()
             if old.get(currency) != amount]  # fmt: skip
    lines += [("delete_price", currency, old[currency]) for currency in old if currency not in new]
    if not lines:
        store.note("no_change", target, {"sku": variant["sku"], "of": "set_price"}, key=key)
    for action, currency, amount in lines:
        was = as_money(old[currency], currency) if currency in old else None
        params = {"sku": variant["sku"], "before": was}
        store.note(action, target, params, amount=as_money(amount, currency),
                   currency=currency.upper(), key=key)  # fmt: skip
