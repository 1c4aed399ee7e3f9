"""A connector, action, playbook, event and page are each a file and a line: no more is touched.

The files are copied into a folder of the test and imported from there; the line is an entry in the
table that README names.
"""

import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from django.db import transaction
from django.test import Client
from django.urls import include, path

from aios import urls
from apps.accounts.models import User, Workspace
from apps.agents import operations as agents
from apps.agents.playbooks.registry import PLAYBOOKS
from apps.audit import queries as audit
from apps.audit.events import EVENTS
from apps.audit.kinds import Kind
from apps.audit.operations import record, sequence
from apps.console import urls as pages
from apps.console.presenters import events_words
from apps.gateway import catalogue, onboarding
from apps.gateway import queries as gateway
from apps.gateway.connectors.registry import KINDS
from apps.gateway.models import Connector, Execution
from apps.gateway.onboarding import CannotJoin, System
from apps.policies import operations as policies
from apps.policies.cel import InvalidRule
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from tests.contract.shops import ROOT
from tests.factories import agents as make
from tests.factories.browsing import Browser
from tests.factories.proposals import AGENT
from tests.factories.signing_in import sign_in

ADDED = Path(__file__).parent / "added"
CARD = {"customer_id": "ann", "currency": "EUR", "amount": "5"}

Add = Callable[[str], ModuleType]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Copies a file into the folder of the test and imports it from there."""
    monkeypatch.syspath_prepend(tmp_path)

    def copy(name: str) -> ModuleType:
        shutil.copy(ADDED / f"{name}.py", tmp_path / f"added_{Path(name).name}.py")
        return import_module(f"added_{Path(name).name}")

    return copy


@pytest.fixture
def gift_card(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    """The action, with its line in the catalogue."""
    spec = add("gift_card").SPEC
    monkeypatch.setitem(catalogue.ACTIONS, spec.name, spec)


@pytest.fixture
def till(add: Add, gift_card: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The connector, with its line in the registry; the cards it has issued."""
    client = add("till").TillClient
    monkeypatch.setitem(KINDS, client.kind, client)
    cards: dict[str, str] = client.cards
    return cards


@pytest.fixture
def vouchers(add: Add, till: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The playbook, with its line in the registry."""
    playbook = add("vouchers").Vouchers()
    monkeypatch.setitem(PLAYBOOKS, playbook.name, playbook)


def browse(user: User) -> Client:
    """A signed-in browser."""
    return sign_in(Browser(enforce_csrf_checks=True), user)


def connect(workspace: Workspace, now, secret: str = "sesame") -> Connector:
    """A till of the workspace, tried before it is saved."""
    system = System(name="Till", kind="till", address="https://till.example", secret=secret)
    onboarding.try_out(system)
    return onboarding.save(workspace, system, by="test", now=now)


def publish(workspace: Workspace, now, when: str = "amount > limits.card_up_to") -> None:
    """A policy about gift cards."""
    version = policies.draft(
        workspace=workspace, name="Cards", limits={"card_up_to": 10, "currency": "EUR"},
        rules=[{"name": "small", "actions": ["issue_gift_card"], "outcome": "allow", "reason": "-",
                "when": "has_amount && amount <= limits.card_up_to"},
               {"name": "large", "actions": ["issue_gift_card"], "outcome": "review",
                "reason": "Large cards wait.", "when": when}], by="test", now=now,
    )  # fmt: skip
    policies.publish(version=version, by="test", now=now)


def propose(workspace: Workspace, now, amount: str) -> Proposal:
    """A gift card for Ann."""
    draft = proposals.Draft(title="A card for Ann", rationale="She waited.", subject="customer:ann",
                            changes=[("issue_gift_card", CARD | {"amount": amount})])  # fmt: skip
    [made] = proposals.submit(workspace=workspace, drafts=[draft], origin=AGENT, now=now)
    assert made is not None
    return made


@pytest.mark.django_db
def test_a_connector_is_tried_and_offers_what_it_can_do(cast, workspace, till, now) -> None:
    """Its own hint helps whoever gets its key wrong."""
    with pytest.raises(CannotJoin, match="stands on the back of the till"):
        connect(workspace, now, secret="open")
    till_here = connect(workspace, now)
    assert till_here.kind == "till"
    assert gateway.offered([till_here]) == {"issue_gift_card"}


@pytest.mark.django_db
def test_an_action_goes_all_the_way(till, cast, workspace, now) -> None:
    """Proposed, decided, approved, executed, remembered, each in its own words."""
    connect(workspace, now)
    publish(workspace, now)
    small = propose(workspace, now, "5")
    assert small.state == State.APPROVED
    make.drive(lambda: now)
    large = propose(workspace, now, "50")
    assert large.state == State.WAITING
    proposals.approve(proposal_id=large.pk, user=cast.olga, binding=large.binding, now=now)
    make.drive(lambda: now)
    assert sorted(till.values()) == ["5.00", "50.00"]
    assert {one.state for one in Execution.objects.all()} == {"done"}
    assert events_words.what({"action": "issue_gift_card"}) == "the gift card"


@pytest.mark.django_db
def test_a_rule_about_the_action_is_tried_on_its_example(workspace, till, now) -> None:
    """A word its changes never have is found before it is published."""
    with pytest.raises(InvalidRule, match="issue_gift_card"):
        publish(workspace, now, when="after.balance > 5")


@pytest.mark.django_db
def test_a_playbook_is_offered_set_up_and_run(cast, workspace, vouchers, now) -> None:
    """Its card says what is missing; its agent proposes; its limit has a field."""
    Connector.objects.create(workspace=workspace, name="x", kind="medusa", changed_at=now,
                             address="http://127.0.0.1:9")  # fmt: skip
    olga = browse(cast.olga)
    page = olga.get("/guide/agent/").content.decode()
    assert "Makes up for long waits." in page
    connect(workspace, now)
    publish(workspace, now)
    agent = make.agent(workspace, "vouchers", now)
    agents.start(agent=agent, trigger="person", by="test", now=now)
    make.drive(lambda: now)
    assert set(Proposal.objects.values_list("title", flat=True)) == {
        "A gift card for ann", "A gift card for ben",
    }  # fmt: skip


@pytest.mark.django_db
def test_a_page_is_a_view_a_template_and_a_line(cast, add, tmp_path, settings, monkeypatch) -> None:
    """Inside the frame of all pages, for whom its view says."""
    module = add("pages/opening_hours")
    shutil.copy(ADDED / "pages" / "opening_hours.html", tmp_path)
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], tmp_path]}]
    site = ModuleType("site_with_opening_hours")
    site.urlpatterns = [  # type: ignore[attr-defined]
        *urls.urlpatterns[:-1], path("", include(([*pages.urlpatterns, module.PATH], "console"))),
    ]  # fmt: skip
    monkeypatch.setitem(sys.modules, site.__name__, site)
    settings.ROOT_URLCONF = site.__name__
    shown = browse(cast.otto).get("/opening-hours/")
    assert shown.status_code == 200
    assert "9 to 5" in shown.content.decode()
    assert browse(cast.rita).get("/opening-hours/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_an_event_is_a_class(cast, workspace, add, now, request) -> None:
    """Recorded with its fields, read back, and told on the trace; no table is moved for it."""
    event = add("gift_given").GiftGiven
    request.addfinalizer(lambda: EVENTS.pop(event.kind))
    with transaction.atomic():
        record(event(customer="ann", worth="5.00"), workspace_id=workspace.pk,
               actor=cast.olga.actor, subject_kind="customer", subject_id="ann", now=now)  # fmt: skip
    sequence()
    [*_, last] = audit.stream(workspace_id=workspace.pk)
    assert (last.kind, last.fields) == ("gift.given", {"customer": "ann", "worth": "5.00"})
    page = browse(cast.olga).get("/trace/").content.decode()
    assert "gift given" in page
    assert "does not know" not in page


def test_the_readme_names_each_place() -> None:
    """What these tests add, and where its line goes."""
    readme = (ROOT / "README.md").read_text()
    start = readme.index("## How to add things")
    rows = [row for row in readme[start:].split("\n## ")[0].splitlines() if row.startswith("| a")]
    places = {
        "connector": ("apps/gateway/connectors/registry.py", KINDS),
        "action": ("apps/gateway/catalogue/__init__.py", catalogue.ACTIONS),
        "playbook": ("apps/agents/playbooks/registry.py", PLAYBOOKS),
        "event": ("apps/audit/kinds.py", Kind),
        "page": ("apps/console/urls.py", pages.urlpatterns),
    }
    for thing, (place, table) in places.items():
        [row] = [row for row in rows if f"**{thing}**" in row]
        assert place in row.split("|")[3], thing
        module = import_module(
            place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        )
        assert any(value is table for value in vars(module).values()), thing
