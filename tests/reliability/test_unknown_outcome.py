"""The shop acts and then answers nonsense: never a success without proof, never a second effect.

A proxy lets each write through and spoils what the caller learns of it. The same against a real
Medusa with `--medusa`; there the refunds Medusa lists are counted.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.accounts.models import Workspace
from apps.gateway import clients
from apps.gateway import queries as gateway
from apps.gateway.configuration import configure_connector
from apps.gateway.connectors.medusa.api import AdminApi
from apps.gateway.connectors.medusa.reads import fetch_order
from apps.gateway.errors import CannotTell, Unproven
from apps.gateway.models import Execution, State
from apps.gateway.records import Variant
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal
from apps.proposals.operations import Draft
from tests.contract.medusa import CACHE, real_medusa
from tests.contract.shops import Shop, demo_shop
from tests.factories.gate import open_gate
from tests.factories.proposals import AGENT
from tests.reliability.conftest import sweep
from tests.reliability.fault_proxy import FAULTS, Proxy, fault_proxy
from tests.reliability.refunds import ledger, refund, refundable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

PATIENCE = 2.0  # seconds the connector waits for an answer
CI_CALLS = {"fake": 25, "medusa": 10}
FULL_MEDUSA = 40  # with --runs; the demo shop gets as many as asked for
UNPROVEN = (State.UNKNOWN, State.NEEDS_PERSON)  # what may be said while nothing is proven


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each shop: the demo shop always, a real Medusa when it is asked for."""
    if "back_end" in metafunc.fixturenames:
        asked = os.environ.get("AIOS_TEST_MEDUSA") or metafunc.config.getoption("--medusa")
        unasked = pytest.mark.skipif(not asked, reason="needs Node 20 and npm: give --medusa")
        kinds = ["fake", pytest.param("medusa", marks=[pytest.mark.medusa, unasked])]
        metafunc.parametrize("back_end", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def back_end(request, tmp_path_factory) -> Iterator[Shop]:
    """A running shop; AIOS_TEST_MEDUSA may name the JSON file of a Medusa that runs already."""
    known = Path(os.environ.get("AIOS_TEST_MEDUSA", ""))
    if request.param == "fake":
        with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
            yield started
    elif known.is_file():
        told = json.loads(known.read_text())
        yield Shop("medusa", told["address"], told["secret"])
    else:
        with real_medusa(CACHE) as started:
            yield started


@pytest.fixture
def proxy(back_end) -> Iterator[Proxy]:
    """The proxy before that shop."""
    with fault_proxy(back_end.address, silence=PATIENCE + 0.5) as started:
        yield started


@pytest.fixture
def spoilt_connector(workspace, back_end, proxy, now) -> None:
    """The workspace's connection to the shop, through the proxy."""
    configure_connector(
        workspace=workspace, name="shop", kind="medusa", address=proxy.address,
        settings={"timeout": str(PATIENCE)}, secret=back_end.secret, by="test", now=now,
    )  # fmt: skip


@pytest.fixture
def allow_all(workspace, now) -> None:
    """A policy that lets everything pass."""
    rule = {"name": "all", "when": "true", "outcome": "allow", "reason": "test"}
    version = policies.draft(
        workspace=workspace, name="All", rules=[rule], limits={}, by="test", now=now
    )
    policies.publish(version=version, by="test", now=now)


def changes(workspace: Workspace) -> Iterator[tuple[str, dict[str, Any]]]:
    """Endlessly: refunds and, between them, changes of price, stock and text, each a real one."""
    payments = refundable(workspace, 5)
    variants = [v for v in gateway.read(workspace.pk, "variants") if isinstance(v, Variant)]
    variants = [v for v in variants if v.stock is not None]
    number = 0
    while True:
        number += 1
        order_id, payment_id, currency = payments[number % len(payments)]
        variant = variants[number % len(variants)]
        yield "refund_payment", {"order_id": order_id, "payment_id": payment_id,
                                 "amount": "0.10", "currency": currency}  # fmt: skip
        yield "set_price", {"product_id": variant.product_id, "variant_id": variant.variant_id,
                            "currency": "EUR", "amount": f"{300 + number}.00"}  # fmt: skip
        yield "refund_payment", {"order_id": order_id, "payment_id": payment_id,
                                 "amount": "0.20", "currency": currency}  # fmt: skip
        yield "set_stock", {"inventory_item_id": variant.inventory_item_id,
                            "location_id": variant.location_id,
                            "quantity": 5_000 + number}  # fmt: skip
        yield "update_product", {"product_id": variant.product_id,
                                 "description": f"Text {number}"}  # fmt: skip


def effects(shop: Shop) -> Counter[str]:
    """How often each of our keys stands in the shop's own books.

    A real Medusa keeps no ledger; it lists refunds, and only those can happen twice.
    """
    if shop.kind == "fake":
        return Counter(line["key"] for line in shop.get("/demo/ledger") if line["key"])
    refunds = Execution.objects.filter(action="refund_payment")
    orders = set(refunds.values_list("params__order_id", flat=True))
    others = Execution.objects.exclude(action="refund_payment").filter(state=State.DONE)
    return refund_notes(shop, orders) + Counter(others.values_list("key", flat=True))


def refund_notes(shop: Shop, orders: Iterable[str]) -> Counter[str]:
    """The keys in the notes of these orders' refunds, as the shop lists them."""
    api = AdminApi(shop.address, shop.secret, timeout=20)
    payments = [payment for order in orders for payment in fetch_order(api, order).payments]
    notes = [refund.note for payment in payments for refund in payment.refunds]
    api.close()
    return Counter(
        word.removeprefix("aios:")
        for note in notes
        for word in note.split()
        if word.startswith("aios:")
    )


def settle_down(now: datetime) -> datetime:
    """Sweep, each time past the lease, until nothing is open; the time it then is."""
    for _ in range(4):
        sweep(now, rounds=1)
        now += timedelta(seconds=settings.GATEWAY_LEASE_SECONDS + 1)
        if not Execution.objects.filter(state__in=[State.DUE, State.UNKNOWN]).exists():
            break
    return now


def call_and_spoil(
    workspace: Workspace,
    proxy: Proxy,
    change: tuple[str, dict[str, Any]],
    fault: str,
    now: datetime,
) -> bool:
    """Have one change carried out with a spoilt answer; whether anything unproven was claimed."""
    action, _ = change
    draft = Draft(title=action, rationale="unknown", changes=[change])
    [proposal] = proposals.submit(workspace=workspace, drafts=[draft], origin=AGENT, now=now)
    assert proposal is not None, change
    spoilt = proxy.spoilt
    proxy.spoil(fault)
    proposals.execute(worker="w", clock=lambda: now)
    proposals.settle(now=now)
    proposal.refresh_from_db()
    assert proxy.spoilt == spoilt + 1, Execution.objects.latest("id").error
    return Execution.objects.latest("id").state not in UNPROVEN or proposal.state not in (
        "approved",
        "needs_person",
    )


def test_an_unproven_outcome_is_read_back(
    cast, workspace, back_end, proxy, spoilt_connector, allow_all, now, request, say
):
    """First unknown, then proven by read-back; exactly one effect for each key."""
    asked = request.config.getoption("--runs")
    full = asked if back_end.kind == "fake" else FULL_MEDUSA
    calls = full if asked else CI_CALLS[back_end.kind]
    claimed, unread, source = 0, 0, changes(workspace)
    for number in range(calls):
        now += timedelta(hours=1)
        fault = FAULTS[(number + number // len(FAULTS)) % len(FAULTS)]
        claimed += call_and_spoil(workspace, proxy, next(source), fault, now)
        if number % 3 == 0:  # the first look afterwards fails too: still nothing may be claimed
            proxy.spoil("error", method="GET")
            unread += 1
            sweep(now, rounds=1)
            claimed += Execution.objects.latest("id").state not in UNPROVEN
            now += timedelta(seconds=settings.GATEWAY_LEASE_SECONDS + 1)
        now = settle_down(now)
    keys = set(Execution.objects.values_list("key", flat=True))
    seen = Counter({key: n for key, n in effects(back_end).items() if key in keys})
    doubled, lost = seen.total() - len(seen), len(keys - seen.keys())
    people = Execution.objects.filter(state=State.NEEDS_PERSON).count()
    resolved = Execution.objects.filter(state=State.DONE).count()
    say(f"unknown outcome, {back_end.kind}: {calls} calls, {unread} not readable at first; "
        f"{resolved} proven by read-back, {people} before a person, {claimed} claimed without "
        f"proof, {lost} lost, {doubled} duplicated")  # fmt: skip
    assert (claimed, doubled, lost) == (0, 0, 0)
    assert resolved + people == calls
    assert not Proposal.objects.exclude(state__in=["done", "needs_person"]).exists()


def test_a_client_that_repeats_blindly_doubles(
    cast, workspace, back_end, proxy, spoilt_connector, now, say
):
    """Control: the same faults, and a client that takes an error for "nothing happened"."""
    api = AdminApi(proxy.address, back_end.secret, timeout=PATIENCE)
    payments = refundable(workspace, len(FAULTS))
    for fault, (_, payment_id, _) in zip(FAULTS, payments, strict=True):
        proxy.spoil(fault)
        blindly(api, f"/admin/payments/{payment_id}/refund", f"blind-{fault}")
    api.close()
    noted = refund_notes(back_end, {order_id for order_id, _, _ in payments})
    seen = [noted[f"blind-{fault}"] for fault in FAULTS]
    doubled = sum(seen) - len(seen)
    say(f"unknown outcome, {back_end.kind}, control that repeats: {len(seen)} refunds, "
        f"{doubled} duplicated")  # fmt: skip
    assert seen == [2] * len(FAULTS)


def blindly(api: AdminApi, path: str, key: str) -> None:
    """Refund, and again until the answer is a success."""
    for _ in range(3):
        try:
            with open_gate():
                api.post(path, {"amount": 0.1, "note": f"aios:{key}"}, key=key)
        except Unproven:
            continue
        return


def test_a_back_end_that_cannot_tell_is_shown_to_a_person(
    cast, policy, shop, shop_connector, workspace, now, monkeypatch
):
    """Without proof either way a person is asked, and the target stays taken."""

    def shrug(*args, **kwargs):
        raise CannotTell("The shop does not say.")

    monkeypatch.setattr(type(clients.client_of(shop_connector)), "find_effect", shrug)
    proposal = refund(workspace, refundable(workspace, 1)[0], now)
    shop.misbehave("act_then_fail", times=1, path="/refund$")
    proposals.execute(worker="w", clock=lambda: now)
    sweep(now)
    proposal.refresh_from_db()
    assert Execution.objects.get().state == State.NEEDS_PERSON
    assert proposal.state == "needs_person"
    assert proposal.changes.get().is_open


def test_an_execution_that_was_tampered_with_is_not_called(
    cast, policy, shop, shop_connector, workspace, now
):
    """Other parameters than the approved ones no longer fit the binding."""
    proposal = refund(workspace, refundable(workspace, 1)[0], now)
    params = {**Execution.objects.get().params, "amount": "0.20"}
    Execution.objects.update(params=params)
    proposal.changes.update(params=params)
    proposals.execute(worker="w", clock=lambda: now)
    assert Execution.objects.get().state == State.STALE
    assert not ledger(shop)


def test_a_refusal_is_a_refusal(cast, shop, shop_connector, workspace, now):
    """What nobody could foresee is refused by the shop when it is called; the proposal has failed.

    (That a fulfilled order cannot be cancelled is said before anybody approves.)
    """
    rule = {"name": "all", "when": "true", "outcome": "allow", "reason": "test"}
    version = policies.draft(
        workspace=workspace, name="All", rules=[rule], limits={}, by="test", now=now
    )
    policies.publish(version=version, by="test", now=now)
    here = next(
        order
        for order in gateway.read(workspace.pk, "orders")
        if order.fulfillment_status == "not_fulfilled" and order.status != "canceled"
    )
    draft = Draft(title="cancel", rationale="r",
                  changes=[("cancel_order", {"order_id": here.order_id})])  # fmt: skip
    shop.misbehave("refuse", path="/cancel$", method="POST")
    [proposal] = proposals.submit(workspace=workspace, drafts=[draft], origin=AGENT, now=now)
    assert proposal is not None
    proposals.execute(worker="w", clock=lambda: now)
    proposals.settle(now=now)
    proposal.refresh_from_db()
    assert Execution.objects.get().state == State.REFUSED
    assert proposal.state == "failed"


def test_a_shop_that_is_down_is_tried_again_later(
    cast, policy, shop, shop_connector, workspace, now
):
    """Nothing was sent, so nothing is unknown: the execution stays due."""
    refund(workspace, refundable(workspace, 1)[0], now)
    shop.process.kill()
    shop.process.wait()
    proposals.execute(worker="w", clock=lambda: now)
    execution = Execution.objects.get()
    assert execution.state == State.DUE
    assert execution.not_before > now
    assert execution.attempts == 0
