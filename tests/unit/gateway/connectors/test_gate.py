"""The gate fails closed: where nobody opened one, nothing is sent."""

import threading

import pytest

from apps.gateway.connectors.gate import NoGateOpen, ask_first, guarded
from apps.gateway.connectors.mail.client import MailClient
from apps.gateway.connectors.medusa.api import AdminApi
from apps.gateway.connectors.null.client import NullClient
from apps.gateway.errors import Stopped


@pytest.fixture(autouse=True)
def _gate() -> None:
    """None is open here."""


def test_without_a_gate_nothing_may_be_sent():
    """Also after one was opened and shut again."""
    with guarded(lambda: None):
        ask_first()
    with pytest.raises(NoGateOpen, match="Nothing was sent"):
        ask_first()


def test_a_gate_opens_in_its_own_thread_only():
    """What a connector starts beside an attempt is not the attempt."""
    raised = []

    def ask() -> None:
        try:
            ask_first()
        except NoGateOpen as error:
            raised.append(error)

    with guarded(lambda: None):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert raised


def test_a_gate_may_say_no():
    """And its answer is what the transport raises."""

    def no() -> None:
        raise Stopped("No.")

    with guarded(no), pytest.raises(Stopped):
        ask_first()


@pytest.mark.parametrize("write", ["post", "delete"])
def test_the_shop_is_not_written_to_without_a_gate(shop, write):
    """Whichever way; the shop notes every write in its ledger."""
    api = AdminApi(shop.address, shop.secret, timeout=5)
    before = shop.get("/demo/ledger")
    body = [{"title": "x"}] if write == "post" else []
    with pytest.raises(NoGateOpen):
        getattr(api, write)("/admin/products", *body, key="k")
    api.close()
    assert shop.get("/demo/ledger") == before


@pytest.mark.django_db
def test_the_ledger_is_not_written_to_without_a_gate(ledger_url):
    """The null connector asks as well."""
    client = NullClient(ledger_url, "", {})
    params = {"product_id": "p", "variant_id": "v", "currency": "EUR", "amount": "1"}
    with pytest.raises(NoGateOpen):
        client.perform("set_price", params, key="k", snapshot={"amount": "0.00"})
    assert client.find_effect("set_price", params, key="k", snapshot={}) is None
    client.close()


def test_no_mail_is_handed_over_without_a_gate(shop):
    """Its server has the envelope by then, and gets no text."""
    client = MailClient(
        f"smtp://127.0.0.1:{shop.smtp_port}", "",
        {"from": "shop@demo.example", "mailbox_url": f"{shop.address}/demo/mailbox"},
    )  # fmt: skip
    params = {"to": "ann@demo.example", "subject": "s", "body": "b", "language": "en"}
    with pytest.raises(NoGateOpen):
        client.perform("send_message", params, key="never", snapshot={"to": "ann@demo.example"})
    assert client.find_effect("send_message", params, key="never", snapshot={}) is None
