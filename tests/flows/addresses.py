"""Every page a person can open in a browser: from the URL map, so that a new one is never missed.

An address is left out only for a reason: it answers a GET with 405 (it only takes a POST), sends
somewhere else, is a part of a page or no HTML, or is in `NOT_OURS`. Any other answer is an error.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import psycopg
from django.urls import get_resolver

from apps.insights.facts import SOURCES
from tests.flows.running import System
from tests.flows.tenancy import PARAMETER, Route, walk

NOT_OURS = {
    "admin/": "Django's admin with the look of Unfold, which has a policy and tests of its own",
    "api/v1/": "for programs; its documentation is Swagger's own page",
    "insights/export.csv": "a file to keep, of the table it is asked for",
}
DEMO = "workspace_id = (SELECT id FROM accounts_workspace WHERE slug = 'demo')"
NO_ROW = "00000000-0000-0000-0000-000000000000"
# one row of the demo for each parameter of an address, one that shows much; others only take POSTs
ROWS = {
    "proposal_id": f"""SELECT id FROM proposals_proposal WHERE {DEMO} AND state = 'waiting'
                       ORDER BY risk, id""",
    "run_id": f"SELECT id FROM agents_run WHERE {DEMO} ORDER BY id",
    "execution_id": f"""SELECT id FROM gateway_execution WHERE {DEMO} AND state = 'done'
                        ORDER BY id DESC""",
    "connector_id": f"SELECT id FROM gateway_connector WHERE {DEMO} ORDER BY id",
    "agent_id": f"SELECT id FROM agents_agent WHERE {DEMO} ORDER BY id",
    "workspace_id": "SELECT id FROM accounts_workspace WHERE slug = 'demo'",
    "index": f"""SELECT entry.index FROM audit_entry entry JOIN audit_event event
                 ON event.id = entry.event_id WHERE event.{DEMO} ORDER BY entry.index DESC""",
}
# a link nobody was sent: only its digest is kept, so that no row could tell it
LINK = "a-link-to-look-at"
INVITATION = f"""
    INSERT INTO accounts_invitation (id, workspace_id, email, role, token_digest, made_by_id,
                                     created_at, expires_at)
    SELECT gen_random_uuid(), workspace_id, 'looked-at@demo.example', 'reviewer',
           encode(sha256('{LINK}'), 'hex'), user_id, now(), now() + interval '1 day'
    FROM accounts_membership WHERE {DEMO} AND role = 'owner' LIMIT 1
    ON CONFLICT DO NOTHING
"""
OF_NO_ROW = {"url": "nothing", "key": "1-x", "uidb36": "1", "pk": "1", "section": "facts",
             "page_path": "operations/stop/", "token": LINK, "proof": "none",
             "fact": next(iter(SOURCES))}  # fmt: skip
# states one row of each kind does not show
KINDS = f"""
    SELECT DISTINCT ON (state, risk) state, risk, id FROM proposals_proposal
    WHERE {DEMO} AND state IN ('waiting', 'done', 'denied') ORDER BY state, risk, id DESC
"""


class NoPage(LookupError):
    """An address of ours answers with an error: it needs a row or a value nobody named here."""


@dataclass(frozen=True)
class Address:
    """A page: where it is, a name for a file, and whether one has to be signed in."""

    path: str
    name: str
    is_signed_in: bool


@dataclass(frozen=True)
class LeftOut:
    """An address that is no page of ours, and why."""

    path: str
    why: str


def find_all(system: System, email: str) -> tuple[list[Address], list[LeftOut]]:
    """The pages as this person sees them, and as somebody who is not signed in does."""
    pages: list[Address] = []
    left_out = [LeftOut(path, why) for path, why in NOT_OURS.items()]
    values = find_values(system)
    nobody = httpx2.Client(base_url=system.url, trust_env=False, timeout=20)
    somebody = system.sign_in(email)
    somebody.follow_redirects = False
    for route in ours():
        path = route.fill(values)
        why = ""
        for client, is_signed_in in ((nobody, False), (somebody, True)):
            why = judge(client.get(path))
            if not why:
                pages.append(Address(path, name_of(route, is_signed_in), is_signed_in))
                break
        if why:
            left_out.append(LeftOut(path, why))
    pages += [*kinds(system), Address("/nothing/here/", "error-404", True)]
    return pages, left_out


def ours() -> Iterator[Route]:
    """The routes that are not left out as a whole."""
    seen = set()
    for route in walk(get_resolver().url_patterns):
        if not route.path.startswith(tuple(NOT_OURS)) and route.path not in seen:
            seen.add(route.path)
            yield route


def judge(answer: httpx2.Response) -> str:
    """Why the answer is no page; empty if it is one. Raises `NoPage`."""
    if answer.status_code == 405:
        return "only takes a POST"
    if answer.is_redirect:
        return f"leads to {answer.headers['Location'].partition('?')[0]}"
    if "X-Part" in answer.headers:
        return "a part of a page"
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return f"no HTML: {answer.headers.get('Content-Type')}"
    if answer.status_code == 404 and answer.request.url.path.startswith("/accounts/"):
        return "nothing there: this person has set up no second factor"
    if answer.status_code != 200:
        raise NoPage(f"{answer.request.url.path}: {answer.status_code}. Teach ROWS what it needs.")
    return "" if "<html" in answer.text[:400] else "a part of a page"


def name_of(route: Route, is_signed_in: bool) -> str:
    """A name for a file."""
    words = re.findall(r"[a-z0-9]+", PARAMETER.sub("", route.path))
    ones = ["one"] * len(route.parameters)
    return ("" if is_signed_in else "out-") + ("-".join([*words, *ones]) or "queue")


def find_values(system: System) -> dict[str, object]:
    """A value for each parameter, from the database of the demo."""
    values: dict[str, object] = dict(OF_NO_ROW)
    values |= dict.fromkeys(
        ("switch_id", "question_id", "channel_id", "example_id", "key_id"), NO_ROW
    )
    with psycopg.connect(system.owner_url()) as database:
        database.execute(INVITATION)
        for name, query in ROWS.items():
            row = database.execute(f"{query} LIMIT 1").fetchone()
            values[name] = row[0] if row else NO_ROW
    return values


def kinds(system: System) -> list[Address]:
    """A proposal of each state and risk."""
    with psycopg.connect(system.owner_url()) as database:
        rows = database.execute(KINDS).fetchall()
    return [Address(f"/proposals/{pk}/", f"proposal-{state}-{risk}", True)
            for state, risk, pk in rows]  # fmt: skip
