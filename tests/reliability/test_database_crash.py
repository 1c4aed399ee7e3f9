"""PostgreSQL is stopped immediately under load: what was answered with 2xx exists afterwards.

Web server, worker and sweeper of the product act on a database of their own and on the demo
shop, whose ledger is elsewhere. Callers propose and approve over HTTP without a pause while the
database goes down and comes back. The control commits without waiting for the disk and must lose
answered approvals, or the harness could not see a loss.
"""

import json
import os
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

import httpx2
import pytest

from aios.embedded.ports import find_free
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.records import Variant
from tests.contract.shops import Shop, demo_shop
from tests.reliability.database import Database, database
from tests.reliability.ground import COMMAND
from tests.reliability.parts import ROOT, WORKER, broker, running, sweeper, web

pytestmark = pytest.mark.timeout(3600)

CI_STOPS = 8
CALLERS = 3
LEASE_SECONDS = 6.0
FINISH_SECONDS = 60.0
CARELESS = {  # what is committed reaches the disk much later, or not at all
    "synchronous_commit": "off",
    "wal_writer_delay": "10000ms",
    "wal_writer_flush_after": "1GB",
    "wal_buffers": "64MB",
}
APPROVED = "SELECT proposal_id::text FROM proposals_review WHERE verdict = 'approve'"
STARTED = (
    "SELECT DISTINCT p.fields->>'key' FROM audit_event e JOIN audit_payload p ON p.event_id = e.id"
    " WHERE e.kind = 'execution.started'"
)
SETTLED = "SELECT id::text, state FROM proposals_proposal"


@dataclass
class Site:
    """A shop, a database, who may call, and what was read of the shop's ledger."""

    shop: Shop
    database: Database
    keys: dict[str, list[str]]
    variants: list[Variant]
    environment: dict[str, str]
    effects: Counter[str] = field(default_factory=Counter)
    read_to: int = 0  # line of the shop's ledger


@dataclass
class Callers:
    """Threads that propose and approve; `answered` are the approvals that got a 2xx."""

    address: str
    site: Site
    answered: list[str] = field(default_factory=list)
    unanswered: int = 0
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Call while the block runs."""
        threads = [threading.Thread(target=self._call, args=[n]) for n in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def await_answers(self, more: int, seconds: float = 60) -> None:
        """Wait until so many more approvals are answered."""
        wanted, deadline = len(self.answered) + more, time.monotonic() + seconds
        while len(self.answered) < wanted:
            assert time.monotonic() < deadline, "no approval is answered any more"
            time.sleep(0.01)

    def _call(self, caller: int) -> None:
        """One caller, on variants of its own."""
        with httpx2.Client(base_url=self.address, timeout=20, trust_env=False) as http:
            while not self._stop.is_set():
                number = next(self._numbers)
                own = self.site.variants[caller::CALLERS]
                try:
                    self._approve_one(http, own[number % len(own)], number)
                except httpx2.RequestError:
                    self.unanswered += 1
                    time.sleep(0.05)

    def _approve_one(self, http: httpx2.Client, variant: Variant, number: int) -> None:
        change = {"action": "set_price", "params": {
            "product_id": variant.product_id, "variant_id": variant.variant_id,
            "currency": "EUR", "amount": f"{1000 + number}.00",
        }}  # fmt: skip
        draft = {"title": f"Price {number}", "rationale": "crash", "changes": [change]}
        proposed = self._post(http, "submit", number, "/api/v1/proposals", draft)
        if proposed.status_code != 201:
            self.unanswered += proposed.status_code >= 500
            time.sleep(0.02)
            return
        proposal = proposed.json()
        verdict = {"verdict": "approve", "binding": proposal["binding"]}
        path = f"/api/v1/proposals/{proposal['id']}/reviews"
        approved = self._post(http, "review", number, path, verdict)
        if approved.is_success:
            self.answered.append(proposal["id"])
        else:
            self.unanswered += 1

    def _post(
        self, http: httpx2.Client, purpose: str, number: int, path: str, body: object
    ) -> httpx2.Response:
        keys = self.site.keys[purpose]
        headers = {"Authorization": f"Bearer {keys[number % len(keys)]}",
                   "Idempotency-Key": str(uuid4())}  # fmt: skip
        return http.post(path, json=body, headers=headers)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    """A prepared database and a shop, for all tests here."""
    with ExitStack() as stack:
        shop = stack.enter_context(demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite"))
        own = stack.enter_context(database())
        environment = os.environ | {
            "DATABASE_URL": own.url,
            "GATEWAY_LEASE_SECONDS": str(LEASE_SECONDS),
            "GATEWAY_DOUBT_SECONDS": "2",
        }
        made = subprocess.run(
            [*COMMAND, shop.address, shop.secret],
            env=environment | {"DATABASE_URL": own.owner_url, "DJANGO_SETTINGS_MODULE": "aios.settings"},
            cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        own.checkpoint()
        client = MedusaClient(address=shop.address, secret=shop.secret, settings={})
        variants = [v for v in client.read("variants") if isinstance(v, Variant)]
        client.close()
        keys = json.loads(made.stdout.splitlines()[-1])
        yield Site(shop, own, keys, variants, environment)


@contextmanager
def product(site: Site) -> Iterator[Callers]:
    """The product on the site's database; callers who wait at its door."""
    port = find_free()
    with broker(find_free()) as bell:
        environment = site.environment | {"REDIS_URL": bell.url}
        with (
            running(WORKER, sweeper(1.0), environment=environment),
            running(web(port), environment=environment | {"DATABASE_POOL": "8"}),
        ):
            yield Callers(f"http://127.0.0.1:{port}", site)


def lost(site: Site, answered: list[str]) -> list[str]:
    """Approvals that were answered and are not there."""
    there = {proposal for (proposal,) in site.database.rows(APPROVED)}
    return [proposal for proposal in answered if proposal not in there]


def effects(site: Site) -> Counter[str]:
    """How often each key stands in the shop's own ledger; reads what is new."""
    while lines := site.shop.get("/demo/ledger", after=site.read_to):
        site.effects.update(line["key"] for line in lines)
        site.read_to = lines[-1]["id"]
    return site.effects


def unintended(site: Site) -> list[str]:
    """Effects in the shop whose intent was never committed."""
    seen = effects(site)  # before the intents are read: those come first
    intended = {key for (key,) in site.database.rows(STARTED)}
    return [key for key in seen if key not in intended]


def unfinished(site: Site, answered: list[str]) -> Counter[str]:
    """The states of approved proposals that are not done, waiting a while for them."""
    deadline = time.monotonic() + FINISH_SECONDS
    while True:
        states = dict(site.database.rows(SETTLED))
        left = Counter(states.get(proposal, "gone") for proposal in answered)
        del left["done"]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.5)


def test_what_was_answered_survives_the_database(site, request, say):
    """After each stop: every approval exists, no effect lacks its intent; then all is finished."""
    stops = request.config.getoption("--runs") or CI_STOPS
    chance = random.Random(stops)
    missing, unmeant, downtime = 0, 0, 0.0
    with product(site) as callers:
        with callers.calling():
            for _ in range(stops):
                callers.await_answers(2)
                time.sleep(chance.uniform(0, 0.4))
                before, began = list(callers.answered), time.monotonic()
                site.database.stop()
                site.database.start()
                downtime = max(downtime, time.monotonic() - began)
                missing += len(lost(site, before))
                unmeant += len(unintended(site))
        left = unfinished(site, callers.answered)
    doubled = sum(times - 1 for times in effects(site).values())
    say(f"database: {stops} immediate stops, {len(callers.answered)} approvals answered 2xx and "
        f"{callers.unanswered} calls cut off; {missing} approvals lost, {unmeant} effects without "
        f"intent, {doubled} duplicated, {left.total()} left undone, longest away "
        f"{downtime:.1f} s")  # fmt: skip
    assert (missing, unmeant, doubled) == (0, 0, 0)
    assert not left


def test_commits_that_do_not_wait_are_lost(site, say):
    """Control: answered before they are on disk, approvals are gone after the same stop."""
    site.database.stop()
    site.database.start(**CARELESS)
    with product(site) as callers, callers.calling():
        callers.await_answers(5)
        before = list(callers.answered)
        site.database.stop()
        site.database.start()
        gone = lost(site, before)
    say(f"database, control with synchronous_commit=off: 1 stop, {len(gone)} of {len(before)} "
        "answered approvals lost")  # fmt: skip
    assert gone
