"""The fixed cast of people, a workspace each test can act in, and a clock that stands still."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from xdist.workermanage import WorkerController

from apps.accounts import operations as accounts
from apps.accounts.models import Authority, AuthorityHolder, Role, User, Workspace
from apps.accounts.permissions import EXERCISE
from apps.gateway import clients
from apps.gateway.catalogue import ACTIONS
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.policies.models import Version
from tests.flows.running import browser_arguments, find_browser

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PASSWORD = "correct-horse-battery-staple"

RULES = [
    {
        "name": "small amounts pass",
        "when": "has_amount && amount <= limits.auto_up_to",
        "outcome": "allow",
        "reason": "Small enough to need nobody.",
    },
    {
        "name": "larger amounts wait",
        "when": "has_amount && amount > limits.auto_up_to",
        "outcome": "review",
        "reason": "Larger amounts wait for a person.",
    },
    {
        "name": "too much",
        "when": "has_amount && amount > limits.most",
        "outcome": "deny",
        "reason": "Beyond what is ever allowed.",
    },
]
LIMITS = {"auto_up_to": 10, "most": 1000}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the slower suites."""
    parser.addoption("--medusa", action="store_true", help="test against a real Medusa as well")
    parser.addoption("--runs", type=int, default=None, help="size of the reliability sweeps")


SLOWER = {
    "browser": "needs Chromium: uv run pytest -m browser",
    "medusa": "needs Node 20 and npm: uv run pytest -m medusa --medusa tests/contract",
    "reliability": "kills processes for minutes: uv run pytest -m reliability",
    "slow": "starts the whole system: uv run pytest -m slow",
}


def asks_for_some(config: pytest.Config) -> bool:
    """Whether paths or a marker were given; the workers of pytest-xdist are told."""
    if workerinput := getattr(config, "workerinput", None):
        return bool(workerinput["asks_for_some"])
    given = config.args_source != pytest.Config.ArgsSource.TESTPATHS
    return given or bool(config.option.markexpr)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Use every core for the whole suite, and one process for what somebody picked from it."""
    return 0 if asks_for_some(config) else None


def pytest_configure_node(node: WorkerController) -> None:
    """Tell a worker what was asked for: it sees only the folders to collect."""
    node.workerinput["asks_for_some"] = asks_for_some(node.config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the slower suites, saying how to run them, unless a path or a marker asks for them."""
    for item in items:
        if "reliability" in item.path.parts:
            item.add_marker(pytest.mark.reliability)
        asks = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or asks & {"db", "django_db_setup"}:
            item.add_marker(pytest.mark.database)
    asked = asks_for_some(config)
    for item in items:
        for name, reason in SLOWER.items():
            if not asked and item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, in a sandbox only where we are not root."""
    path = find_browser()
    if path is None:
        message = "No Chromium on this machine: apt-get install chromium."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return {
        **browser_type_launch_args, "executable_path": path, "args": browser_arguments(),
    }  # fmt: skip


def pytest_configure() -> None:
    """Hash passwords quickly: no test is about their strength. No example has to be quick.

    And each test client is an application of its own: it looks for no static files at its start.
    """
    hypothesis.register_profile(
        "unhurried",
        hypothesis.get_profile(hypothesis.get_current_profile_name()),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    hypothesis.load_profile("unhurried")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True


@dataclass(frozen=True)
class Cast:
    """Olga owns, Otto operates, Rita reviews up to 500, Jun up to 20; Mallory is elsewhere."""

    olga: User
    otto: User
    rita: User
    jun: User
    mallory: User


@pytest.fixture
def now() -> datetime:
    """The moment every test lives in."""
    return NOW


@pytest.fixture
def workspace(db: None) -> Workspace:
    """The workspace the cast belongs to."""
    return Workspace.objects.create(name="Alpine Shop", slug="alpine")


@pytest.fixture
def elsewhere(db: None) -> Workspace:
    """Mallory's workspace: nothing of the other may be seen from here."""
    return Workspace.objects.create(name="Elsewhere", slug="elsewhere")


@pytest.fixture
def cast(workspace: Workspace, elsewhere: Workspace, now: datetime) -> Cast:
    """People with their roles and authorities."""

    def person(name: str, role: str, home: Workspace) -> User:
        user = User.objects.create_user(f"{name.lower()}@example.com", PASSWORD, name=name)
        accounts.add_member(workspace=home, user=user, role=role, by="test", now=now)
        return user

    cast = Cast(
        olga=person("Olga", Role.OWNER, workspace),
        otto=person("Otto", Role.OPERATOR, workspace),
        rita=person("Rita", Role.REVIEWER, workspace),
        jun=person("Jun", Role.REVIEWER, workspace),
        mallory=person("Mallory", Role.OWNER, elsewhere),
    )
    ceilings = {cast.olga: None, cast.rita: Decimal(500), cast.jun: Decimal(20)}
    for user, ceiling in ceilings.items():
        authorise_all(workspace, user, ceiling)
    return cast


def authorise_all(workspace: Workspace, user: User, ceiling: Decimal | None) -> None:
    """An authority in euros for every action; in bulk, since nearly every test needs them."""
    authorities = Authority.objects.bulk_create(
        Authority(workspace=workspace, action=action, ceiling=ceiling, currency="EUR")
        for action in ACTIONS
    )
    AuthorityHolder.objects.bulk_assign_perm(EXERCISE, user, authorities)


@pytest.fixture
def ledger_url() -> Iterator[str]:
    """Where the null connector keeps its ledger: the test database; empty again afterwards."""
    parts = connection.get_connection_params()
    url = " ".join(
        f"{name}='{parts[name]}'"
        for name in ("host", "port", "user", "password", "dbname")
        if parts.get(name)
    )
    yield url
    with psycopg.connect(url) as ledger:  # its rows are committed, whatever the test rolls back
        ledger.execute("DROP TABLE IF EXISTS null_ledger")


@pytest.fixture
def connector(workspace: Workspace, ledger_url: str, now: datetime) -> Connector:
    """A null connector: its effect is a row in a ledger of its own."""
    return Connector.objects.create(
        workspace=workspace, name="ledger", kind="null", address=ledger_url, changed_at=now
    )


@pytest.fixture
def policy(workspace: Workspace, now: datetime) -> Version:
    """Up to 10 passes, up to 1000 waits, beyond is denied."""
    version = policies.draft(
        workspace=workspace, name="Guardrails", rules=RULES, limits=LIMITS, by="test", now=now
    )
    policies.publish(version=version, by="test", now=now)
    return version


@pytest.fixture(autouse=True)
def _no_surprises() -> None:
    """Tests never use a configured model by accident."""
    assert not settings.OPENAI_MODEL


@pytest.fixture(autouse=True)
def _close_clients() -> Iterator[None]:
    """No connection of a connector outlives its test."""
    yield
    clients.forget_all()
