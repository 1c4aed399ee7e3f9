"""The first-run guide in words: its screens, what is typed on them, the cards of the playbooks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from apps.agents.playbooks.base import Playbook
from apps.gateway.catalogue import spec
from apps.gateway.onboarding import System
from apps.gateway.resources import system_with
from apps.insights.setup import Screen, Setup

TITLES = {
    Screen.WELCOME: "What AIOS does",
    Screen.SHOP: "Your shop",
    Screen.AGENT: "Your first agent",
    Screen.SHADOW: "What it would do",
    Screen.THRESHOLD: "How far it may go",
}
VERBS = (
    ("eye", "Sense", "An agent reads your shop: prices, stock, orders, messages."),
    ("proposal", "Propose", "It says what it would change, why, and what it read."),
    ("policy", "Decide", "Your policy lets small things pass and asks people about the rest."),
    ("send", "Act", "What is approved is carried out once, and proven with a receipt."),
    ("memory", "Learn", "Each correction of a reviewer is remembered for the next case."),
)
SOURCES = (  # of the form: its name, the connector, what is read
    ("prices", "Competitor prices", "competitor_prices"),
    ("messages", "Customer messages", "messages"),
)
SENDER = "Demo shop <service@demo.example>"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A screen in the line of progress."""

    number: int
    title: str
    address: str
    is_here: bool
    is_done: bool
    is_open: bool


def address(screen: Screen) -> str:
    """Where a screen is."""
    return reverse(f"console:guide-{screen.name.lower()}")


def progress(found: Setup, screen: Screen) -> list[Step]:
    """The five screens; those behind the first that is not done cannot be opened yet."""
    return [
        Step(
            number=step.value,
            title=TITLES[step],
            address=address(step),
            is_here=step == screen,
            is_done=step in found.done,
            is_open=step <= max(found.here, screen),
        )
        for step in Screen
    ]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A playbook to choose; `missing` says in words what it still needs."""

    name: str
    title: str
    description: str
    symbol: str
    actions: list[str]
    missing: list[str]


def cards(
    playbooks: Iterable[Playbook[Any, Any]], missing: Mapping[str, Sequence[str]]
) -> list[Card]:
    """The playbooks there are."""
    return [
        Card(
            name=playbook.name,
            title=playbook.title,
            description=playbook.description,
            symbol=playbook.symbol,
            actions=sorted(spec(action).title for action in playbook.actions),
            missing=[system_with(need) for need in missing.get(playbook.name, ())],
        )
        for playbook in playbooks
    ]


def systems(posted: Mapping[str, str]) -> list[System]:
    """What was typed in: the shop, and a feed for each further address."""
    shop = System(name="Shop", kind="medusa", address=posted.get("address", "").strip(),
                  secret=posted.get("secret", "").strip(), resource="variants")  # fmt: skip
    typed = [(posted.get(name, "").strip(), *more) for name, *more in SOURCES]
    return [shop, *(feed(address, name, resource) for address, name, resource in typed if address)]


def feed(address: str, name: str, resource: str) -> System:
    """A feed from the address of its JSON list; what is none is refused when it is asked."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return System(name=name, kind="feed", address=address, resource=resource)
    path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    return System(
        name=name,
        kind="feed",
        address=f"{parts.scheme}://{parts.netloc}",
        settings={resource: path},
        resource=resource,
    )


def demo_systems() -> list[System]:
    """The demo shop that runs here, with its feeds and its mailbox."""
    shop = settings.DEMO_SHOP_URL.rstrip("/")
    feeds = {"messages": "/demo/customer-messages", "competitor_prices": "/demo/competitor-prices"}
    mail = {"from": SENDER, "mailbox_url": f"{shop}/demo/mailbox",
            "mailbox_page": f"{shop}/mailbox"}  # fmt: skip
    return [
        System(name="Demo shop", kind="medusa", address=shop, resource="variants",
               secret=settings.DEMO_SHOP_SECRET),
        System(name="Feeds of the demo shop", kind="feed", address=shop, settings=feeds,
               resource="messages"),
        System(name="Mail", kind="mail", address=settings.DEMO_SHOP_MAIL, settings=mail),
    ]  # fmt: skip


def field_of(system: System) -> str:
    """The field of the form a system came from."""
    return next((name for name, title, _ in SOURCES if title == system.name), "address")


def kept(posted: Mapping[str, str]) -> dict[str, str]:
    """What was typed, without the secret: that one is never sent back."""
    return {name: posted.get(name, "") for name in ("address", "prices", "messages")}
