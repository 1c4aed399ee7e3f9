"""How pages look, and that they bring nothing from anywhere else."""

import re
from html.parser import HTMLParser

import pytest
from django.template.loader import render_to_string
from django.test import Client

from apps.agents.models import Agent
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db
PAGES = ("/", "/history/", "/runs/", "/trace/", "/operations/", "/operations/stuck/",
         "/operations/connectors/", "/operations/stop/", "/preferences/appearance/",
         "/guide/welcome/", "/guide/shop/", "/guide/agent/", "/guide/shadow/",
         "/guide/threshold/", "/demo/", "/styleguide", "/insights/", "/preferences/keys",
         "/preferences/notifications", "/preferences/api-keys", "/nothing/", "/accounts/2fa/",
         "/accounts/password/change/")  # fmt: skip
DATA = {"application/json"}  # types of scripts that are not run


class Strict(HTMLParser):
    """Collects what a strict policy would not let a page do."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.script: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name, value in attrs:
            if name == "style" or (name.startswith("on") and name != "on"):
                self.faults.append(f"<{tag} {name}=...>")
            loads = name == "src" or (name == "href" and tag in ("link", "use", "image"))
            if loads and not re.match(r"(/(?!/)|data:image/|#)", value or ""):
                self.faults.append(f"<{tag} {name}={value}>")
        if tag == "style":
            self.faults.append("<style>")
        if tag == "script" and "src" not in given and given.get("type") not in DATA:
            self.script = str(given.get("type"))

    def handle_data(self, data: str) -> None:
        if self.script is not None and data.strip():
            self.faults.append(f"inline script: {data.strip()[:40]}")
        self.script = None


def faults_of(page: str) -> list[str]:
    """What is wrong with a page."""
    parser = Strict()
    parser.feed(page)
    return parser.faults


@pytest.fixture
def olga(browse, world, workspace, now) -> Client:
    """The owner's browser, with something waiting."""
    propose(workspace, "50", now=now)
    Agent.objects.create(workspace=workspace, name="R", playbook="repricing", created_at=now)
    return browse(world.olga)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_strict(olga, path) -> None:
    """A policy without 'unsafe' anything, no inline script or style, nothing from elsewhere."""
    answer = olga.get(path)
    policy = answer["Content-Security-Policy"]
    assert answer.status_code in (200, 404)
    assert "style-src 'self'" in policy
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert faults_of(answer.content.decode()) == []


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/",
                                  "/accounts/signup/"])  # fmt: skip
def test_signing_in_is_strict(client, db, path) -> None:
    """Before signing in too."""
    answer = client.get(path)
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert faults_of(answer.content.decode()) == []


@pytest.mark.parametrize(
    "page", ['<p style="x">', '<b onclick="x()">', "<style>b{}</style>", "<script>x()</script>",
             '<script src="https://cdn.example/x.js"></script>', '<img src="//cdn.example/x">',
             '<link rel="stylesheet" href="http://cdn.example/x.css">']
)  # fmt: skip
def test_a_fault_is_found(page) -> None:
    """The test can fail."""
    assert faults_of(page)


def test_signing_in_takes_pastes_and_passkeys(client, db) -> None:
    """Nothing keeps a password manager out, and a passkey can be used instead."""
    page = client.get("/accounts/login/").content.decode()
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page
    assert "Sign in with a passkey" in page
    assert 'action="/accounts/2fa/webauthn/login/"' in page


@pytest.mark.parametrize("name", ["403.html", "403_csrf.html", "404.html", "500.html"])
def test_an_error_page_needs_nothing(name) -> None:
    """It is whole without a request or a database, says what happened and where to go."""
    page = render_to_string(name)
    assert faults_of(page) == []
    assert page.count("<h1>") == 1
    assert 'href="/"' in page


def test_a_person_chooses_how_it_looks(olga, browse, world, token) -> None:
    """The choice is on the next page, for them alone."""
    form = {"csrfmiddlewaretoken": token(olga), "theme": "dark", "contrast": "more"}
    assert olga.post("/preferences/appearance/", form)["Location"] == "/preferences/appearance/"
    assert 'data-theme="dark" data-contrast="more"' in olga.get("/").content.decode()
    other = browse(world.rita).get("/").content.decode()
    assert 'data-theme="auto" data-contrast="auto"' in other


def test_a_look_that_does_not_exist_is_refused(olga, token) -> None:
    """The page says what there is."""
    form = {"csrfmiddlewaretoken": token(olga), "theme": "pink", "contrast": "auto"}
    answer = olga.post("/preferences/appearance/", form)
    assert answer.status_code == 422
    assert "There is no theme" in answer.content.decode()


def test_the_style_guide_shows_every_theme_with_figures(olga) -> None:
    """Each part four times, from the templates of the pages, and the contrast of each pair."""
    page = olga.get("/styleguide").content.decode()
    for theme in ("Light", "Dark", "Light, high contrast", "Dark, high contrast"):
        assert f">{theme}</h2>" in page
    assert page.count('class="table-card') == 0
    assert page.count("Lower TEE-BLK-M to 18.90 EUR</a>") == 4
    assert page.count("the poorest words have") == 4


def test_the_style_guide_is_for_members(client, db) -> None:
    """Nobody else sees it."""
    assert client.get("/styleguide").status_code == 302


def test_removing_the_demo_is_the_owners(olga, browse, world, workspace, token) -> None:
    """A look at what goes, one POST, and on to the guide; nobody else gets there."""
    workspace.is_demo = True
    workspace.save()
    assert browse(world.otto).get("/demo/").status_code == 403
    assert "Agents, with their schedules" in olga.get("/demo/").content.decode()
    form = {"csrfmiddlewaretoken": token(olga)}
    assert olga.post("/demo/", form)["Location"] == "/guide/"
    assert not Agent.objects.exists()
    assert olga.get("/")["Location"] == "/guide/"
    again = olga.post("/demo/", {"csrfmiddlewaretoken": token(olga)})
    assert again.status_code == 409
    assert "holds no demo data" in again.content.decode()
