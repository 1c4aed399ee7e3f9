"""Connecting a shop for the first time: asked for real, and saved only if it answers."""

import pytest

from apps.audit.models import Event
from apps.gateway import onboarding
from apps.gateway.clients import client_of
from apps.gateway.models import Connector
from apps.gateway.onboarding import CannotJoin, System
from apps.gateway.queries import offered
from tests.contract.shops import Shop
from tests.unit.gateway.connectors.conftest import answering, nowhere, shop

__all__ = ["answering", "nowhere", "shop"]  # fixtures
pytestmark = pytest.mark.django_db


def medusa(address: str, secret: str = "sk_wrong") -> System:
    """A shop as the guide asks for it."""
    return System(name="Shop", kind="medusa", address=address, secret=secret, resource="variants")


def refusal(workspace, now, *systems: System) -> CannotJoin:
    """Why these were not connected; nothing was saved."""
    with pytest.raises(CannotJoin) as error:
        onboarding.connect(workspace=workspace, systems=systems, by="user:olga", now=now)
    assert not Connector.objects.exists()
    assert not Event.objects.exists()
    return error.value


def test_a_shop_that_answers_becomes_a_connector(workspace, shop: Shop, now) -> None:
    """With its key sealed, and usable at once."""
    [connector] = onboarding.connect(workspace=workspace, systems=[medusa(shop.address, shop.secret)],
                                  by="user:olga", now=now)  # fmt: skip
    assert (connector.name, connector.kind, connector.enabled) == ("Shop", "medusa", True)
    assert len(client_of(connector).read("variants", limit=3)) == 3
    assert shop.secret.encode() not in bytes(connector.credential.sealed)


def test_a_wrong_key_is_said_in_plain_words(workspace, shop: Shop, now) -> None:
    """Not as a status of HTTP."""
    text = str(refusal(workspace, now, medusa(shop.address)))
    assert "does not accept the key" in text
    assert "sk_wrong" not in text


def test_nobody_there_is_said_in_plain_words(workspace, nowhere, now) -> None:
    """With the address that was tried."""
    text = str(refusal(workspace, now, medusa(f"http://{nowhere}")))
    assert text.startswith(f"Nothing answers at http://{nowhere}")


@pytest.mark.parametrize("body", [b"<html>Welcome to our shop</html>", b"[]", b'{"hello": 1}'])
def test_something_else_there_is_said_in_plain_words(workspace, answering, now, body) -> None:
    """A storefront is no Medusa server."""
    text = str(refusal(workspace, now, medusa(answering(200, body))))
    assert "not the storefront" in text


def test_something_else_than_a_feed_is_said_as_such(workspace, answering, now) -> None:
    """Each kind says what it has to be; nothing is said of a shop."""
    feed = System(name="Prices", kind="feed", address=answering(200, b"<html>"),
                  settings={"competitor_prices": "/p"}, resource="competitor_prices")  # fmt: skip
    text = str(refusal(workspace, now, feed))
    assert "A feed has to be a list in JSON or CSV." in text
    assert "storefront" not in text


@pytest.mark.parametrize("address", ["", "shop", "shop.example.com", "https://", "ftp"])
def test_what_is_no_address_is_refused(workspace, now, address) -> None:
    """With what one looks like."""
    assert "https://shop.example.com" in str(refusal(workspace, now, medusa(address)))


@pytest.mark.parametrize("address", ["gopher://127.0.0.1:1", "file:///etc/passwd", "http://[::1"])
def test_an_odd_address_is_refused(workspace, now, address) -> None:
    """Whatever is typed ends in words, never in an error page."""
    refusal(workspace, now, medusa(address))


def test_all_are_connected_or_none(workspace, shop: Shop, nowhere, now) -> None:
    """A feed that does not answer leaves the shop unconnected too, and is named."""
    feed = System(name="Competitor prices", kind="feed", address=f"http://{nowhere}",
                  settings={"competitor_prices": "/p"}, resource="competitor_prices")  # fmt: skip
    assert refusal(workspace, now, medusa(shop.address, shop.secret), feed).system == feed


def test_a_feed_offers_only_what_it_names(workspace, shop: Shop, now) -> None:
    """What agents can read follows from the connectors there are."""
    feed = System(name="Feed", kind="feed", address=shop.address,
                  settings={"competitor_prices": "/demo/competitor-prices"},
                  resource="competitor_prices")  # fmt: skip
    made = onboarding.connect(workspace=workspace, systems=[medusa(shop.address, shop.secret), feed],
                           by="user:olga", now=now)  # fmt: skip
    found = offered(made)
    assert {"variants", "orders", "competitor_prices", "set_price"} <= found
    assert "messages" not in found
