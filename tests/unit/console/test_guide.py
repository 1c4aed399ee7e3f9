"""The first-run guide: from an empty workspace to a first threshold, each screen by what exists."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import operations as agents
from apps.agents.models import Agent, Autonomy
from apps.agents.playbooks.registry import PLAYBOOKS
from apps.gateway.models import Connector
from apps.insights import setup as insights
from apps.insights.setup import Screen
from apps.policies.models import Version
from apps.proposals.models import Proposal
from tests.contract.shops import Shop
from tests.factories import agents as make
from tests.unit.agents.conftest import shop

__all__ = ["shop"]  # a fixture
pytestmark = pytest.mark.django_db
QUERIES = 20  # of a screen, whatever it shows
SCREENS = ("welcome", "shop", "agent", "shadow", "threshold")


@pytest.fixture
def demo_shop(shop: Shop, settings) -> Shop:
    """The demo shop runs beside AIOS."""
    settings.DEMO_SHOP_URL, settings.DEMO_SHOP_SECRET = shop.address, shop.secret
    settings.DEMO_SHOP_MAIL = f"smtp://127.0.0.1:{shop.smtp_port}"
    return shop


@pytest.fixture
def olga(browse, cast) -> Client:
    """The owner's browser."""
    return browse(cast.olga)


def post(client: Client, screen: str, token, **form):
    """What a form of the guide sends."""
    form["csrfmiddlewaretoken"] = token(client)
    return client.post(f"/guide/{screen}", form)


def try_in_shadow(workspace: Workspace, shop: Shop) -> Agent:
    """A shop, and an agent that has run in shadow."""
    now = timezone.now()
    make.connect(workspace, shop, now)
    agent = make.agent(workspace, "repricing", now, autonomy=Autonomy.SHADOW)
    agents.start(agent=agent, trigger="person", by="test", now=now)
    make.drive()
    return agent


def test_an_empty_workspace_leads_to_the_guide(olga, browse, cast) -> None:
    """An owner at once; a reviewer, who can connect nothing, stays in the queue."""
    assert olga.get("/")["Location"] == "/guide/"
    assert olga.get("/guide/")["Location"] == "/guide/welcome/"
    assert browse(cast.rita).get("/").status_code == 200


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_can_be_looked_at_at_any_time(olga, screen) -> None:
    """Also before there is anything."""
    assert olga.get(f"/guide/{screen}/").status_code == 200


def test_reviewers_are_kept_out(browse, cast, token) -> None:
    """Of every screen and every act."""
    rita = browse(cast.rita)
    assert {rita.get(f"/guide/{one}/").status_code for one in SCREENS} == {403}
    for act in ("shop/", "agent/", "threshold/", "live"):
        assert post(rita, act, token).status_code == 403


def test_the_demo_shop_is_connected_with_all_it_has(olga, demo_shop, token, workspace) -> None:
    """One click: shop, feeds and mailbox; the next screen offers both agents."""
    answer = post(olga, "shop/", token, which="demo")
    assert answer["Location"] == "/guide/agent/"
    assert {one.kind for one in Connector.objects.filter(workspace=workspace)} == {
        "medusa", "feed", "mail",
    }  # fmt: skip
    page = olga.get("/guide/agent/").content.decode()
    assert page.count('name="playbook"') == len(PLAYBOOKS)
    assert "It still needs" not in page


def test_without_a_demo_shop_none_is_offered(olga, token) -> None:
    """A form that asks for it anyway is a form without an address."""
    assert "Use the demo shop" not in olga.get("/guide/shop/").content.decode()
    assert post(olga, "shop/", token, which="demo").status_code == 422


def test_a_wrong_key_is_told_at_its_field_and_not_sent_back(olga, shop, token) -> None:
    """What was typed stays but for the secret; nothing is saved."""
    answer = post(olga, "shop/", token, which="own", address=shop.address, secret="sk_secret")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "does not accept the key" in page
    assert shop.address in page
    assert "sk_secret" not in page
    assert not Connector.objects.exists()


def test_a_feed_is_tried_too_and_its_fault_is_at_its_field(olga, shop, token) -> None:
    """An address that is none, beside a shop that is right."""
    answer = post(olga, "shop/", token, which="own", address=shop.address, secret=shop.secret,
                  prices="http://[")  # fmt: skip
    assert answer.status_code == 422
    assert 'id="prices-problem"' in answer.content.decode()
    assert not Connector.objects.exists()


def test_a_shop_alone_says_what_an_agent_still_needs(olga, shop, token) -> None:
    """Each card names it in words."""
    post(olga, "shop/", token, which="own", address=shop.address, secret=shop.secret,
         prices=f"{shop.address}/demo/competitor-prices")  # fmt: skip
    page = olga.get("/guide/agent/").content.decode()
    assert page.count("It still needs") == 1
    assert "a feed of customer messages" in page


def test_choosing_an_agent_starts_it_in_shadow(olga, demo_shop, token, workspace) -> None:
    """The page waits for it and shows what it would have proposed, of which nothing is there."""
    post(olga, "shop/", token, which="demo")
    assert post(olga, "agent/", token, playbook="repricing")["Location"] == "/guide/shadow/"
    assert "It is reading your shop" in olga.get("/guide/shadow/").content.decode()
    make.drive()
    part = olga.get("/guide/shadow/", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="shadowed")
    assert part["X-Part"] == "1"
    assert "data-shadow" in part.content.decode()
    assert Agent.objects.get(workspace=workspace).autonomy == Autonomy.SHADOW
    assert not Proposal.objects.exists()


def test_an_unknown_playbook_is_refused(olga, token) -> None:
    """The page says which there are."""
    answer = post(olga, "agent/", token, playbook="horoscopes")
    assert answer.status_code == 422
    assert "There is no playbook" in answer.content.decode()


def test_limits_are_tried_before_they_are_published(olga, shop, workspace, token) -> None:
    """The preview counts what was tried, and publishes nothing."""
    try_in_shadow(workspace, shop)
    before = Version.objects.count()
    wide = {"safe_change_percent": "29", "max_change_percent": "30", "min_margin_percent": "10"}
    answer = post(olga, "threshold/", token, act="preview", **wide)
    tally = {one.phrase: (one.now, one.then) for one in answer.context["tally"]}
    assert tally["done alone"][1] > tally["done alone"][0]
    assert sum(now for now, _ in tally.values()) == sum(then for _, then in tally.values()) > 0
    assert Version.objects.count() == before
    answer = post(olga, "threshold/", token, act="publish", **wide)
    assert "Saved, and waits for a second person." in answer.content.decode()
    assert Version.objects.get(stage="active", policy__name="Prices").number == 1
    narrow = wide | {"safe_change_percent": "2"}
    assert post(olga, "threshold/", token, act="publish", **narrow).status_code == 302
    assert Version.objects.get(stage="active", policy__name="Prices").limits[
        "safe_change_percent"
    ] == 2  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "said"),
    [({"safe_change_percent": "a lot"}, "Type a number from 0 to 100."),
     ({"safe_change_percent": "nan"}, "Type a number from 0 to 100."),
     ({"safe_change_percent": "-1"}, "Type a number from 0 to 100."),
     ({"safe_change_percent": "50"}, "This has to be at least")],
)  # fmt: skip
def test_a_limit_that_makes_no_sense_is_refused(olga, shop, workspace, token, typed, said) -> None:
    """At its field, with what was typed; nothing is published."""
    try_in_shadow(workspace, shop)
    before = Version.objects.count()
    form = {"safe_change_percent": "5", "max_change_percent": "30", "min_margin_percent": "10"}
    answer = post(olga, "threshold/", token, act="publish", **(form | typed))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert typed["safe_change_percent"] in page
    assert Version.objects.count() == before


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_playbook_can_be_tried(olga, shop, workspace, token, playbook) -> None:
    """None lacks words, a policy or a source; the last screen offers to switch it on."""
    make.connect(workspace, shop, timezone.now())
    post(olga, "agent/", token, playbook=playbook)
    make.drive()
    assert olga.get("/guide/shadow/").status_code == 200
    page = olga.get("/guide/threshold/").content.decode()
    assert "Switch " in page


def test_switching_on_ends_the_guide(olga, shop, workspace, token) -> None:
    """The agent proposes for real, and every screen is done."""
    agent = try_in_shadow(workspace, shop)
    assert insights.setup(workspace.pk).here == Screen.THRESHOLD
    assert post(olga, "live", token)["Location"] == "/guide/threshold/"
    agent.refresh_from_db()
    assert agent.autonomy == Autonomy.BY_THRESHOLD
    assert insights.setup(workspace.pk).done == frozenset(Screen)


def test_a_screen_costs_the_same_with_many_dry_runs(
    olga, shop, workspace, django_assert_max_num_queries
) -> None:
    """Queries do not grow with what was tried."""
    try_in_shadow(workspace, shop)
    with django_assert_max_num_queries(QUERIES):
        olga.get("/guide/threshold/")
