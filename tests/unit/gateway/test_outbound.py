"""The door to addresses people typed: 0 connections to what is ours, whatever the address says.

Each trick is tried on the door and on a naive client, which has to fall for it: the test sees a
connection where there is one.
"""

import socket
from ipaddress import ip_address

import httpx2
import pytest

from aios.settings import networks
from apps.gateway.connectors.feed.client import FeedClient
from apps.gateway.connectors.mail.client import MailClient
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.errors import ConnectorError, Unreachable
from apps.gateway.outbound import ForbiddenAddress, post
from tests.unit.gateway.attackers import (
    TRICKS,
    _nothing_is_listed,
    connected,
    is_internal,
    naively,
    names,
    say,
    server,
)

__all__ = ["_nothing_is_listed", "connected", "names", "server"]  # fixtures


def test_no_trick_leads_to_what_is_ours(names, connected):
    """Over forty ways to name an inside address: each refused, 0 connections of any kind."""
    assert len(TRICKS) >= 40
    for url in TRICKS:
        with pytest.raises(ForbiddenAddress):
            post(url, body=b"{}", headers={}, seconds=1)
    assert connected == []


def test_the_tricks_are_real(names, connected):
    """The control arm: a client without the door is led inside by most of them."""
    fooled = set()
    for url in TRICKS:
        before = len(connected)
        naively(url)
        if any(map(is_internal, connected[before:])):
            fooled.add(url)
    assert len(fooled) >= 40, sorted(set(TRICKS) - fooled)


def test_a_name_is_asked_once(names, connected):
    """DNS rebinding: the connection goes to the address that was judged, and to no other."""
    names("rebind.attacker.test", ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(Unreachable):
        post("https://rebind.attacker.test/", body=b"", headers={}, seconds=1)
    assert connected == ["93.184.216.34"]


def test_who_checks_first_and_calls_then_is_fooled(names, connected):
    """The control arm: the same name, checked and then called by its name."""
    names("rebind.attacker.test", ["93.184.216.34", "127.0.0.1"])
    [judged] = {one[4][0] for one in socket.getaddrinfo("rebind.attacker.test", 443)}
    assert ip_address(judged).is_global
    naively("https://rebind.attacker.test/")
    assert "127.0.0.1" in connected


def feed(url: str) -> None:
    """A read of a feed there."""
    FeedClient(url, "sk", {"messages": "/m", "timeout": "1"}).read("messages")


def medusa(url: str) -> None:
    """A read of a shop there."""
    MedusaClient(url, "sk", {"timeout": "1"}).read("orders", limit=1)


def mailbox(url: str) -> None:
    """A look into a mailbox there."""
    client = MailClient("smtp://mail.example", "", {"from": "a@b.example", "mailbox_url": url})
    client.find_effect("send_message", {"to": "c@d.example"}, key="k", snapshot={})


def mail(url: str) -> None:
    """A delivery to a server there."""
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    for scheme in "smtp", "smtps":
        client = MailClient(f"{scheme}://{host}", "pw", {"from": "a@b.example", "timeout": "1"})
        params = {"to": "c@d.example", "subject": "s", "body": "b"}
        client.perform("send_message", params, key="k", snapshot={})


@pytest.mark.parametrize("call", [feed, medusa, mailbox, mail])
def test_no_trick_leads_a_connector_to_what_is_ours(names, connected, call):
    """What somebody may type as the address of a connector: 0 connections, in plain HTTP too."""
    for url in TRICKS:
        for typed in url, url.replace("https://", "http://"):
            with pytest.raises((ConnectorError, ValueError, httpx2.InvalidURL)):
                call(typed)
    assert connected == []


@pytest.mark.parametrize("call", [feed, medusa, mailbox, mail])
def test_a_connectors_name_is_asked_once(names, connected, call):
    """DNS rebinding: the connection goes to the address that was judged."""
    names("rebind.attacker.test", ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(ConnectorError):
        call("http://rebind.attacker.test")
    assert connected == ["93.184.216.34"]


def test_a_connector_reaches_what_is_listed_and_what_the_demo_runs(server, settings):
    """The own network where the operator says so, and the shop that `up` started."""
    where, seen = server(say(200, b"[]"))
    with pytest.raises(ForbiddenAddress):
        feed(f"http://{where}")
    settings.DEMO_SHOP_URL = f"http://{where}"
    feed(f"http://{where}")
    settings.DEMO_SHOP_URL = ""
    settings.OUTBOUND_ALLOW = networks("127.0.0.0/8")
    feed(f"http://{where}")
    assert seen == ["/m", "/m"]


def test_a_connectors_secret_follows_no_redirect(server, settings):
    """It is an answer, and a refused one."""
    settings.OUTBOUND_ALLOW = networks("127.0.0.0/8")
    inside, reached = server(say(200, b"[]"))
    where, _ = server(say(307, Location=f"http://{inside}/m"))
    for call in feed, medusa:
        with pytest.raises(ConnectorError):
            call(f"http://{where}")
    assert reached == []
