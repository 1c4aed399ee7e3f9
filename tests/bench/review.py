"""A reviewer clears a queue of mixed proposals by keyboard, in a real browser on the real server.

Milliseconds are those of the answers as the browser sees them (request to last byte, on loopback):
what each decision waits for. The floor is `/healthz` over the same server in the same run. Without a
browser nothing is measured, and the result says so.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx2
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import CommandError
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright
from rich.progress import Progress

from aios.embedded.ports import LOOPBACK, find_free
from apps.accounts import operations as accounts
from apps.accounts.models import Role, User, Workspace
from apps.gateway.catalogue import ACTIONS
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft, Origin
from apps.proposals.operations.submit import Examined, Looked
from tests.factories.signing_in import note_password

DEFAULT_N = 100
ORIGIN = Origin(by="agent:bench", trigger="schedule", agent="Bench", playbook="bench")
RULE = {"name": "ask", "when": "true", "outcome": "review", "reason": "Always asked."}
FLOOR_ROUNDS = 200
READING = 500  # milliseconds a person looks at least; the page ignores keys that come at once
WATCH = """
window.shifts = [];
performance.setResourceTimingBufferSize(10000);
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts.push(one.value);
}).observe({ type: "layout-shift", buffered: true });
"""
ANSWERS = """
performance.getEntriesByType("resource")
  .filter((one) => ["xmlhttprequest", "fetch"].includes(one.initiatorType))
  .map((one) => [new URL(one.name).pathname, one.responseEnd - one.requestStart])
"""
GONE = "(id) => document.getElementById('panel')?.dataset.proposal !== id"
DECISIONS = ("approve", "reject", "facts")  # what a decision waits for
WEIGHT = """
[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map((one) => [new URL(one.name).pathname, one.encodedBodySize])
"""


@dataclass
class Session:
    """What happened while the queue was cleared."""

    decided: Counter[str] = field(default_factory=Counter)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    shifts: list[float] = field(default_factory=list)
    weight: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def measure(*, n: int, progress: Progress) -> dict[str, Any]:
    """Server time per decision, page weight, layout shift, and what became of the proposals."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise CommandError("No Chromium on this machine: apt-get install chromium.")
    workspace, reviewer = prepare(n)
    bar = progress.add_task("decisions", total=n)
    with served() as url:
        session = clear(
            url, reviewer, browser, n, lambda done: progress.update(bar, completed=done)
        )
        floor = healthz(url)
    deciding = sorted(one for times in session.milliseconds.values() for one in times)
    p95 = percentile(deciding, 95)
    return {
        "name": "review",
        "n": n,
        "cleared": sum(session.decided.values()),
        "left": Proposal.objects.filter(workspace=workspace, state=State.WAITING).count(),
        "states": dict(Counter(Proposal.objects.values_list("state", flat=True))),
        "by_key": dict(session.decided),
        "p50_ms": percentile(deciding, 50),
        "p95_ms": p95,
        "answers": {
            name: {"n": len(times), "p50": percentile(times, 50), "p95": percentile(times, 95)}
            for name, times in sorted(session.milliseconds.items())
        },
        "seconds_per_decision": round(session.seconds / n, 3),
        "page_kilobytes": round(sum(session.weight.values()) / 1024, 1),
        "heaviest": dict(Counter(session.weight).most_common(5)),
        "layout_shift": round(sum(session.shifts), 4),
        "floor": floor,
        "ratio": round(p95 / floor, 1),
        "cores": os.cpu_count(),
    }


def percentile(values: list[float], percent: int) -> float:
    """The percentile of milliseconds, to a tenth; 0 of none."""
    if len(values) < 2:
        return round(values[0], 1) if values else 0.0
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 1)


def prepare(n: int) -> tuple[Workspace, User]:
    """A workspace with a reviewer of any amount, and n proposals that wait: low, medium, high."""
    now = timezone.now()
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    user = User.objects.create_user("bench@example.com", None, name="Rita")
    accounts.add_member(workspace=workspace, user=user, role=Role.REVIEWER, by="bench", now=now)
    for action in ACTIONS:
        accounts.authorise(workspace=workspace, user=user, action=action, ceiling=None,
                           currency="EUR", by="bench", now=now)  # fmt: skip
    connector = Connector.objects.create(
        workspace=workspace,
        name="shop",
        kind="medusa",
        address="http://127.0.0.1:9",
        changed_at=now,
    )
    version = policies.draft(
        workspace=workspace, name="bench", rules=[RULE], limits={}, by="bench", now=now
    )
    policies.publish(version=version, by="bench", now=now)
    examined = [example(connector, number) for number in range(n)]
    proposals.submit_examined(workspace=workspace, examined=examined, origin=ORIGIN, now=now)
    return workspace, user


def example(connector: Connector, number: int) -> Examined:
    """One of four sorts: texts (low), a price, a message (both medium), a refund (high)."""
    sorts = (texts, price, message, refund)
    draft, looked = sorts[number % len(sorts)](connector, number)
    return Examined(draft=draft, looks=(looked,))


def texts(connector: Connector, number: int) -> tuple[Draft, Looked]:
    """A product's description: low risk."""
    params = {"product_id": f"prod_{number}", "title": f"Mug {number}, hand-glazed"}
    before = {"id": f"prod_{number}", "title": f"Mug {number}", "status": "published"}
    return draft(f"Rename mug {number}", "update_product", params), Looked(
        connector, "update_product", params, f"product:prod_{number}", before,
        {**before, "title": params["title"]},
    )  # fmt: skip


def price(connector: Connector, number: int) -> tuple[Draft, Looked]:
    """A price: medium risk."""
    new = str(Decimal("10.00") + number)
    params = {"product_id": "prod", "variant_id": f"v{number}", "currency": "EUR", "amount": new}
    before = {"sku": f"SKU-{number}", "prices": {"EUR": "12.00"}, "cost": "5.00",
              "cost_currency": "EUR", "quantity": 12}  # fmt: skip
    return draft(f"Price of SKU-{number} to {new} EUR", "set_price", params), Looked(
        connector, "set_price", params, f"variant:v{number}", before,
        {**before, "prices": {"EUR": new}},
    )  # fmt: skip


def message(connector: Connector, number: int) -> tuple[Draft, Looked]:
    """An answer to a customer: medium risk."""
    to = f"customer{number}@example.com"
    params = {"to": to, "subject": "Your order", "language": "en",
              "body": "Thank you for writing.\n\nYour order is on its way.",
              "in_reply_to": f"m{number}"}  # fmt: skip
    return draft(f"Answer {to}", "send_message", params), Looked(
        connector, "send_message", params, f"mailbox:{to}:m{number}", {}, {"to": to, **params}
    )


def refund(connector: Connector, number: int) -> tuple[Draft, Looked]:
    """Money back: high risk."""
    params = {"order_id": f"o{number}", "payment_id": f"pay_{number}", "amount": "19.90",
              "currency": "EUR"}  # fmt: skip
    before = {"number": number, "captured": "59.70", "refunded": "0.00", "currency": "EUR"}
    return draft(f"Refund 19.90 EUR of order {number}", "refund_payment", params), Looked(
        connector, "refund_payment", params, f"payment:pay_{number}", before,
        {**before, "refunded": "19.90"},
    )  # fmt: skip


def draft(title: str, action: str, params: dict[str, Any]) -> Draft:
    """A proposal with reasons and evidence as agents give them."""
    return Draft(
        title=title,
        rationale="The rules of the playbook ask for it.",
        changes=[(action, params)],
        evidence=[
            {
                "kind": "order",
                "title": "Order 7",
                "detail": {"total": "59.70 EUR", "state": "paid"},
            },
            {"kind": "policy", "title": "Returns", "detail": "Within 30 days, unused."},
        ],
        confidence=0.9,
    )


@contextmanager
def served() -> Iterator[str]:
    """The product's web server, as `up` starts it, on a free port of loopback."""
    port = find_free()
    command = [sys.executable, "-m", "uvicorn", "aios.asgi:application", "--host", LOOPBACK,
               "--port", str(port), "--lifespan", "off", "--no-access-log",
               "--log-level", "warning"]  # fmt: skip
    server = subprocess.Popen(command, cwd=settings.BASE_DIR)
    url = f"http://{LOOPBACK}:{port}"
    try:
        wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait(20)


def wait_for(url: str, seconds: float = 30) -> None:
    """Until the server answers; `CommandError` if it never does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            httpx2.get(f"{url}/healthz", trust_env=False).raise_for_status()
        except httpx2.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise CommandError("The web server did not start.")


def healthz(url: str) -> float:
    """Milliseconds of a page that only says it is alive (median)."""
    times = []
    with httpx2.Client(base_url=url, trust_env=False) as client:
        for _ in range(FLOOR_ROUNDS):
            began = time.perf_counter()
            client.get("/healthz").raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 2)


def session_of(user: User) -> str:
    """The key of a new session of this person."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    note_password(session, user)
    session.create()
    assert session.session_key is not None
    return session.session_key


def clear(url: str, reviewer: User, browser: str, n: int, tell: Callable[[int], None]) -> Session:
    """Clear the queue by keyboard, as a person with Chromium would; bounded by n decisions."""
    session = Session()
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session_of(reviewer), "url": url}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=arguments)
        context = chromium.new_context(base_url=url, viewport={"width": 1280, "height": 900})
        context.add_cookies([cookie])
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.add_init_script(WATCH)
        page.goto("/")
        page.wait_for_load_state("networkidle")
        session.weight = dict(page.evaluate(WEIGHT))
        began = time.perf_counter()
        for number in range(n):
            session.decided[decide(page, number)] += 1
            tell(number + 1)
        session.seconds = time.perf_counter() - began
        collect(page, session)
        chromium.close()
    return session


def decide(page: Page, number: int) -> str:
    """Decide what is shown, by keys alone, and wait for the next; says how it was done."""
    shown = page.locator("#panel").get_attribute("data-proposal")
    page.wait_for_timeout(READING)
    if page.locator("#approve-form").get_attribute("data-risk") == "high":
        how = "high risk: facts opened, then approved"
        page.keyboard.press("i")
        page.locator("#panel [data-rationale]").first.wait_for()
        page.wait_for_timeout(READING)
        page.keyboard.press("a")
        page.keyboard.press("Control+Enter")
    elif number % 5 == 3:
        how = "rejected with a reason"
        page.keyboard.press("r")
        page.keyboard.press("1")
        page.keyboard.press("Control+Enter")
    else:
        how = "approved"
        page.keyboard.press("a")
    page.wait_for_function(GONE, arg=shown)
    return how


def collect(page: Page, session: Session) -> None:
    """Take the times of all answers and the shifts of the layout from the page."""
    session.shifts = page.evaluate("window.shifts")
    for path, milliseconds in page.evaluate(ANSWERS):
        name = path.rstrip("/").rsplit("/", 1)[-1]
        if name in DECISIONS:
            session.milliseconds.setdefault(name, []).append(milliseconds)
