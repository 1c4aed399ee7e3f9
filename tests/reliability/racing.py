"""Races for one proposal: people, a policy and the shop move at once while workers execute.

Every contestant is a thread with connections of its own, against the demo shop.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import httpx2
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.gateway import queries as gateway
from apps.gateway.records import Variant
from apps.policies import operations as policies
from apps.policies.models import Version
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal
from apps.proposals.operations import (
    AlreadyDecided,
    DeniedByPolicy,
    Draft,
    NotAuthorised,
    StaleApproval,
)
from tests.conftest import Cast
from tests.contract.shops import Shop
from tests.factories.proposals import AGENT

REFUSALS = (AlreadyDecided, StaleApproval, NotAuthorised, DeniedByPolicy)
SPREAD_SECONDS = 0.06  # contestants start within
WORKERS = 2
SURE, UNSURE, GRAVE = 0.9, 0.5, 0.1  # confidences: policy allows, one person is asked, two are


def rules(number: int) -> list[dict[str, Any]]:
    """The same verdicts in every version, which differs only by a limit nobody asks about."""
    return [
        {"name": "sure", "when": "confidence > 0.8", "outcome": "allow", "reason": "Sure."},
        {"name": "unsure", "when": "confidence <= 0.8", "outcome": "review", "reason": "Unsure."},
        {"name": "grave", "when": "confidence < 0.2 && limits.version >= 0", "outcome": "review",
         "reason": "Grave.", "reviewers": 2},
    ]  # fmt: skip


def draft_version(workspace: Workspace, number: int) -> Version:
    """One more version of the only policy."""
    return policies.draft(
        workspace=workspace, name="Races", rules=rules(number), limits={"version": number},
        by="test", now=timezone.now(),
    )  # fmt: skip


@dataclass(frozen=True)
class Target:
    """What a race is about: the price or the stock of one variant."""

    action: str
    variant: Variant

    @property
    def subject(self) -> dict[str, Any]:
        """The parameters that name it."""
        if self.action == "set_price":
            return {"product_id": self.variant.product_id, "variant_id": self.variant.variant_id,
                    "currency": "EUR"}  # fmt: skip
        return {"inventory_item_id": self.variant.inventory_item_id,
                "location_id": self.variant.location_id}  # fmt: skip

    def value(self, random: Random) -> dict[str, Any]:
        """A new value, unlike any other."""
        if self.action == "set_price":
            return {"amount": f"{random.randint(1, 15)}.{random.randint(0, 99):02}"}
        return {"quantity": random.randint(0, 10**6)}

    def request(self, shop: Shop, random: Random) -> tuple[str, dict[str, Any]]:
        """A write of the shop's own people, past the product: (address, body)."""
        if self.action == "set_price":
            address = (
                f"/admin/products/{self.variant.product_id}/variants/{self.variant.variant_id}"
            )
            found = httpx2.get(shop.address + address, auth=(shop.secret, ""), trust_env=False,
                               params={"fields": "*prices"}).json()["variant"]["prices"]  # fmt: skip
            amount = random.randint(20, 90) + random.randint(0, 99) / 100
            prices = [
                {"id": price["id"], "currency_code": price["currency_code"],
                 "amount": amount if price["currency_code"] == "eur" else price["amount"]}
                for price in found
            ]  # fmt: skip
            return address, {"prices": prices}
        item, place = self.variant.inventory_item_id, self.variant.location_id
        address = f"/admin/inventory-items/{item}/location-levels/{place}"
        return address, {"stocked_quantity": random.randint(0, 10**6)}


@dataclass
class Race:
    """One proposal and who wants what of it at the same time; `said` is how each came out."""

    proposal: Proposal
    target: Target
    said: dict[str, str] = field(default_factory=dict)
    shop_changed_at: float | None = None  # when the shop had answered its own people


@dataclass
class Track:
    """Where races are run."""

    workspace: Workspace
    shop: Shop
    cast: Cast
    random: Random
    versions: int = 1

    def run(self, target: Target, contestants: set[str]) -> Race:
        """One race to its end; the workers run beside it."""
        confidence = self.random.choice([SURE, *[UNSURE] * 6, GRAVE])
        params = {**target.subject, **target.value(self.random)}
        proposal = self.propose(target.action, params, confidence)
        race = Race(proposal, target)
        moves: dict[str, Callable[[], None]] = {
            "approve": lambda: self.approve(race, self.cast.rita, None),
            "approve too": lambda: self.approve(race, self.cast.jun, None),
            "edit": lambda: self.approve(race, self.cast.olga, target.value(self.random)),
        }
        if "policy" in contestants:
            self.versions += 1
            version = draft_version(self.workspace, self.versions)
            moves["policy"] = lambda: publish(version)
        if "shop" in contestants:
            address, body = target.request(self.shop, self.random)
            moves["shop"] = lambda: self.change_shop(race, address, body)
        run_at_once(
            {name: moves[name] for name in sorted(contestants)}, race.said,
            [self.random.uniform(0, SPREAD_SECONDS) for _ in contestants],
        )  # fmt: skip
        return race

    def propose(self, action: str, params: dict[str, Any], confidence: float) -> Proposal:
        """A proposal that is judged by its confidence."""
        draft = Draft(title=f"Race for {action}", rationale="A race.", confidence=confidence,
                      changes=[(action, params)])  # fmt: skip
        [proposal] = proposals.submit(
            workspace=self.workspace, drafts=[draft], origin=AGENT, now=timezone.now()
        )
        assert proposal is not None
        return proposal

    def approve(self, race: Race, user: User, values: dict[str, Any] | None) -> None:
        """Approve what was seen at the start of the race, perhaps edited."""
        edits = {race.proposal.changes.get().pk: values} if values else {}
        proposals.approve(proposal_id=race.proposal.pk, user=user, binding=race.proposal.binding,
                          edits=edits, now=timezone.now())  # fmt: skip

    def change_shop(self, race: Race, address: str, body: dict[str, Any]) -> None:
        """The shop's own people change the target."""
        self.write(address, body)
        race.shop_changed_at = time.time()

    def write(self, address: str, body: dict[str, Any]) -> None:
        """A write to the shop, past the product."""
        answer = httpx2.post(
            self.shop.address + address, json=body, auth=(self.shop.secret, ""), trust_env=False
        )
        assert answer.status_code == 200, answer.text


def publish(version: Version) -> None:
    """Make the version decide from now on."""
    policies.publish(version=version, by="test", now=timezone.now())


def run_at_once(
    moves: dict[str, Callable[[], None]], said: dict[str, str], waits: list[float]
) -> None:
    """Start all moves at the same moment, each after its wait; note how each came out."""
    barrier = threading.Barrier(len(moves))

    def go(name: str, move: Callable[[], None], wait: float) -> None:
        try:
            barrier.wait()
            time.sleep(wait)
            move()
            said[name] = "done"
        except REFUSALS as error:
            said[name] = type(error).__name__
        except BaseException as error:
            said[name] = f"broke: {error!r}"
            raise
        finally:
            connection.close()

    threads = [
        threading.Thread(target=go, args=(name, move, wait))
        for (name, move), wait in zip(moves.items(), waits, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def workers(random: Random) -> Iterator[None]:
    """Two workers that execute what is due, at moments of their own."""
    stop = threading.Event()
    failed: list[BaseException] = []

    def work(name: str, own: Random) -> None:
        try:
            while not stop.wait(own.uniform(0, 0.03)):
                proposals.execute(worker=name, clock=timezone.now)
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            connection.close()

    threads = [
        threading.Thread(target=work, args=(f"racer-{number}", Random(random.random())))
        for number in range(WORKERS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed, failed


def settle(now: datetime) -> None:
    """What the settling tasks do."""
    while proposals.settle(now=now):
        pass
    proposals.reconsider(now=now)


def targets(workspace: Workspace) -> list[Target]:
    """Every price and every stock of the shop."""
    variants = gateway.read(workspace.pk, "variants")
    found = [Target("set_price", v) for v in variants if "EUR" in v.prices]
    return found + [Target("set_stock", v) for v in variants if v.inventory_item_id]
