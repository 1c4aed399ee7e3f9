"""The page of figures, the rows behind them, and both as spreadsheets."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.insights import reading, store
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import Proposal, Review
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon():
    """It is noon, and nothing is remembered."""
    store._known.clear()
    with time_machine.travel(NOON, tick=False):
        yield


def decide(workspace, user, *, at, amount="50", verdict="approve", edits=None, held=30):
    """A proposal somebody takes and decides, an hour after it came."""
    one = propose(workspace, amount, now=at - timedelta(hours=1))
    operations.claim(proposal_id=one.pk, user=user, now=at - timedelta(seconds=held))
    given = {"proposal_id": one.pk, "user": user, "binding": one.binding, "now": at}
    if verdict == "reject":
        return operations.reject(reason="No.", **given)
    change = one.changes.get()
    return operations.approve(edits={change.pk: edits} if edits else None, **given)


@pytest.fixture
def busy(world, workspace):
    """Yesterday: one by policy, one denied, two approved, one edited, one rejected."""
    day = NOON - timedelta(days=1)
    propose(workspace, "5", now=day)
    propose(workspace, "5000", now=day)
    decide(workspace, world.rita, at=day)
    decide(workspace, world.rita, at=day + timedelta(minutes=1))
    decide(workspace, world.rita, at=day + timedelta(minutes=2), edits={"amount": "40"})
    decide(workspace, world.rita, at=day + timedelta(minutes=3), verdict="reject")
    return world


def table(html: str, name: str) -> list[list[str]]:
    """The cells of a table of the page, as a person reads them."""
    section = html.split(f'data-table="{name}"')[1].split("</section>", maxsplit=1)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", section.split("<tbody>")[1], re.DOTALL)
    cells = [re.findall(r"<(?:th|td)[^>]*>(.*?)</(?:th|td)>", row, re.DOTALL) for row in rows]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]


def read_csv(response) -> list[list[str]]:
    """The lines of a download, without the mark."""
    text = b"".join(response).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def links(html: str) -> list[str]:
    """The addresses below /insights/ on a page."""
    return sorted({unescape(one) for one in re.findall(r'href="(/insights/[^"]*)"', html)})


def test_the_page_says_what_became_of_proposals(busy, browse):
    """Each outcome with its number; six decisions are too few for shares."""
    page = browse(busy.otto).get("/insights/").content.decode()
    found = {row[0]: row[1:3] for row in table(page, "outcomes")}
    assert found == {
        "Carried out by policy alone": ["1", "too few"],
        "Approved as proposed": ["2", "too few"],
        "Approved after an edit": ["1", "too few"],
        "Rejected": ["1", "too few"],
        "Denied by policy": ["1", "too few"],
        "Expired undecided": ["0", "too few"],
    }


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_every_number_leads_to_as_many_rows(busy, browse):
    """All links of the page answer; those of outcomes list exactly what was counted."""
    browser = browse(busy.otto)
    page = browser.get("/insights/").content.decode()
    section = page.split('data-table="outcomes"')[1].split("</section>")[0]
    numbers = re.findall(r'<a href="(/insights/rows/[^"]*)">(\d+)</a>', section)
    assert len(numbers) == 5
    for address, number in numbers:
        rows = browser.get(unescape(address)).content.decode()
        assert rows.count('<th scope="row">') == int(number)
    for address in links(page):
        assert browser.get(address).status_code == 200, address


def test_figures_are_compared_with_the_days_before(world, workspace, browse):
    """In words and with a sign; not at all when asked so."""
    for days, verdicts in ((1, ["approve"] * 10 + ["reject"] * 10), (8, ["approve"] * 20)):
        for number, verdict in enumerate(verdicts):
            at = NOON - timedelta(days=days) + timedelta(minutes=number)
            decide(workspace, world.rita, at=at, verdict=verdict)
    browser = browse(world.otto)
    page = browser.get("/insights/?days=7").content.decode()
    [row] = [row for row in table(page, "outcomes") if row[0] == "Approved as proposed"]
    assert row[1:] == [
        "10",
        "50.0\u00a0%",
        "29.9–70.1\u00a0%",
        "−50.0 points, down from 100.0\u00a0%",
    ]
    alone = browser.get("/insights/?days=7&compare=no").content.decode()
    [row] = [row for row in table(alone, "outcomes") if row[0] == "Approved as proposed"]
    assert row[4] == ""


def test_the_address_narrows_the_figures(busy, workspace, policy, browse):
    """By days, action and policy version; a strange value narrows nothing, a strange date says so."""
    browser = browse(busy.otto)

    def decided(query: str) -> int:
        page = browser.get(f"/insights/?{query}").content.decode()
        return sum(int(row[1]) for row in table(page, "outcomes")) if "Approved" in page else 0

    assert decided("from=2026-11-20&to=2026-11-20") == 6
    assert 'data-table="outcomes"' in browser.get("/insights/?from=2026-11-21").content.decode()
    assert decided(f"version={policy.pk}&action=set_price") == 6
    assert decided("agent=none") == 6
    assert decided("action=steal&agent=x&version=1&days=8") == 6
    narrowed = browser.get("/insights/?action=refund_payment").content.decode()
    assert "Nothing in this period." in narrowed
    assert 'data-table="models"' not in narrowed
    strange = browser.get("/insights/?from=yesterday").content.decode()
    assert "A date reads like 2026-11-21" in strange


def test_reviewers_are_shown_with_their_time_per_approval(busy, workspace, browse):
    """From taking a proposal to approving it; a rejection is no approval."""
    for number in range(20):
        at = NOON - timedelta(hours=3) + timedelta(seconds=number)
        decide(workspace, busy.rita, at=at, held=4)
    page = browse(busy.otto).get("/insights/").content.decode()
    [row] = table(page, "reviewers")
    assert row[:2] == ["Rita", "23"]
    assert row[2].startswith(("3.9 s", "4.0 s", "4.1 s"))


def test_a_rule_nearly_always_approved_is_named(world, workspace, browse):
    """With a way to its policy for those who may change it."""
    for number in range(50):
        decide(workspace, world.rita, at=NOON - timedelta(minutes=number + 1))
    page = browse(world.otto).get("/insights/").content.decode()
    [row] = table(page, "rules")
    assert row[3] == "Nearly always approved: consider raising the threshold."
    assert "/admin/policies/policy/" in page
    assert "/admin/policies/policy/" not in browse(world.rita).get("/insights/").content.decode()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_tables_come_as_spreadsheets(busy, browse):
    """Shares and seconds are numbers there, however few the cases."""
    browser = browse(busy.otto)
    response = browser.get("/insights/export.csv?table=outcomes&days=7")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="aios-outcomes-2026-11-15.csv"'
    lines = read_csv(response)
    assert lines[0][:3] == ["Outcome", "Number", "Share"]
    assert lines[2][:3] == ["Approved as proposed", "2", "0.333333"]
    assert browser.get("/insights/export.csv?table=secrets").status_code == 404


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_a_title_is_no_formula_in_a_spreadsheet(busy, workspace, browse):
    """What an agent or a customer wrote cannot act in Excel."""
    [one, *_] = Review.objects.filter(verdict="reject")
    one.proposal.title = '=HYPERLINK("https://evil.example","x")'
    one.proposal.save()
    lines = read_csv(browse(busy.otto).get(
        "/insights/export.csv?table=rows&fact=decided&what=rejected"))  # fmt: skip
    assert lines[1][2] == '\'=HYPERLINK("https://evil.example","x")'


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_rows_come_in_pages_and_as_a_whole(world, workspace, browse):
    """Fifty on a page, the older ones behind a cursor; the spreadsheet has them all, once."""
    for number in range(70):
        propose(workspace, "5", now=NOON - timedelta(minutes=number // 7))
    browser, address, seen = browse(world.otto), "/insights/rows/submitted/?days=7", 0
    while address:
        page = browser.get(address).content.decode()
        seen += page.count('<th scope="row">')
        older = re.search(r'href="([^"]*)">Older<', page)
        address = "/insights/rows/submitted/" + unescape(older[1]) if older else ""
    assert seen == 70
    lines = read_csv(browser.get("/insights/export.csv?table=rows&fact=submitted&days=7"))
    assert len(lines) == 71


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_nothing_is_seen_of_another_workspace(busy, browse, policy):
    """Neither figures nor rows nor names, whatever the address asks for."""
    browser = browse(busy.mallory)
    page = browser.get(f"/insights/?version={policy.pk}").content.decode()
    assert "Nothing in this period." in page
    assert "Guardrails" not in page
    rows = browser.get(f"/insights/rows/decided/?version={policy.pk}").content.decode()
    assert "No rows" in rows
    lines = read_csv(browser.get("/insights/export.csv?table=rows&fact=decided"))
    assert len(lines) == 1
    assert browser.get("/insights/rows/salaries/").status_code == 404


def test_the_page_asks_the_database_as_often_however_long_the_period(busy, browse):
    """Once the days that are over have been counted."""
    browser = browse(busy.otto)
    counts = []
    for days in (7, 90):
        browser.get(f"/insights/?days={days}")
        with CaptureQueriesContext(connection) as asked:
            browser.get(f"/insights/?days={days}")
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 40


def test_a_page_that_is_still_counting_says_so(busy, browse, monkeypatch):
    """And asks again for its part by itself."""
    monkeypatch.setitem(reading.read.__kwdefaults__, "patience", 0)
    browser = browse(busy.otto)
    page = browser.get("/insights/").content.decode()
    assert "Still counting" in page
    part = browser.get("/insights/", headers={"HX-Request": "true", "HX-Target": "insights"})
    assert part["X-Part"] == "1"
    assert "<html" not in part.content.decode()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("fact", ["first_verdict", "held_verdict"])
def test_a_vote_others_have_still_to_match_is_not_told(world, workspace, policy, browse, fact):
    """Neither on the page nor in the spreadsheet, before the own vote; who gave it sees it."""
    rules = [
        {**rule, "reviewers": 2} if rule["outcome"] == "review" else rule for rule in policy.rules
    ]
    version = policies.draft(workspace=workspace, name="Guardrails", rules=rules,
                             limits=policy.limits, by="t", now=NOON)  # fmt: skip
    policies.publish(version=version, by="t", now=NOON)
    decide(workspace, world.rita, at=NOON - timedelta(minutes=1))
    pending = Proposal.objects.get()

    def told(person) -> list[bool]:
        client = browse(person)
        page = client.get(f"/insights/rows/{fact}/").content.decode()
        sheet = read_csv(client.get(f"/insights/export.csv?table=rows&fact={fact}"))
        assert (page.count('<th scope="row">'), len(sheet)) == (1, 2)
        return ["Price to 50" in str(one) and "Rita" in str(one) for one in (page, sheet)]

    assert told(world.rita) == [True, True]
    assert told(world.olga) == [False, False]
    operations.approve(proposal_id=pending.pk, user=world.olga, binding=pending.binding, now=NOON)
    assert told(world.otto)[0]
