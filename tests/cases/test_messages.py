"""Letters read wrongly in the wild, through the whole desk to its proposal."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents.playbooks.refund_desk import planner
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.numbers import order_numbers
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.gateway.records import Message, Order
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop."""
    with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
        yield started


def read(text: str, order: Order, *, subject: str = "") -> Any:
    """What the desk plans for a message of the order's customer, read as the sense stage does."""
    message = Message(message_id="msg_1", sender=order.email, subject=subject, body=text,
                      order_number=None, received_at=make.NOW)  # fmt: skip
    case = desk.Case(message=message, number=None, order=order, problem="")
    sensed = desk.Sensed(cases=desk.listen([case]), corrections=[], left=0)
    [planned] = planner.plan(sensed, Settings(), now=make.NOW)
    return planned


def actions(planned: Any) -> list[str]:
    """What is proposed, in order."""
    return [action for action, _ in planned.draft.changes]


GLOVES = make.order().lines[0].model_copy(update={"sku": "L-1", "title": "Latex gloves"})
LATEX: dict[str, Any] = {"fulfillment_status": "shipped", "lines": [GLOVES]}


@pytest.mark.case("40-order-date-read-as-number")
def test_a_date_is_no_order_number(case: Any, workspace: Workspace, shop: Shop) -> None:
    """The sender's only order is found, and what is broken is given back."""
    assert order_numbers(case["given"]["text"]) == []
    make.connect(workspace, shop, timezone.now())
    theirs = [one for one in desk.orders(workspace) if one.fulfillment_status == "delivered"]
    counts = [one.email for one in desk.orders(workspace)]
    order = next(one for one in theirs if counts.count(one.email) == 1)
    make.write(shop, order.email, "", case["given"]["text"])
    found = desk.sense(workspace, Settings(batch=100), now=timezone.now()).cases
    mine = next(one for one in found if "wall clock" in one.message.body)
    assert (mine.number, mine.problem) == (None, "")
    assert mine.order is not None
    assert mine.order.number == order.number


@pytest.mark.parametrize(
    "text",
    [
        "my order 2026-11-20", "my order of 20.11.2026", "order 11/20/2026", "order 20 Nov 2026",
        "Bestellung vom 20.11.2026", "Bestellung 20. November 2026", "Bestellung aus 2026",
        "commande du 20/11/2026", "commande 20/11/26", "ma commande, 06 12 34 56 78",
        "mi pedido del 20/11/2026", "pedido 20 de noviembre de 2026", "mi pedido, 612 345 678",
        "ordine del 20/11/2026", "il mio ordine, 333 1234567", "bestelling van 20-11-2026",
        "bestelling 20 november 2026", "order +49 171 2345678", "my order of 1200 EUR",
        "my order to 10115 Berlin", "order, tracking number 00340434161094", "Rechnung Nr. 20261120",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_order_number(text: str) -> None:
    """Dates, telephone numbers, amounts, postcodes, invoices and parcels, in six languages."""
    assert order_numbers(text) == []


@pytest.mark.case("42-latex-is-late")
def test_latex_is_not_late(case: Any) -> None:
    """A question about an article is for a person, whatever the article is called."""
    planned = read(case["given"]["message"], make.order(**LATEX))
    assert actions(planned) == ["send_message"]
    assert planned.draft.case["intent"] == "question"
    assert planned.draft.title.startswith("A person is needed")


@pytest.mark.parametrize(
    "text",
    [
        "I will order another pair later, do you have them in M?",
        "The translated manual is nice. Which plates fit it?",
        "Nothing is damaged and it is not late, I only wonder how to wash it.",
        "If it were late, would I get money back?",
        "Wenn das Paket verspätet wäre, bekäme ich dann Geld zurück?",
        "Es ist nicht beschädigt. Kann man die Handschuhe waschen?",
        "Si le colis était en retard, serais-je remboursé ?",
        "Il n'est pas abîmé. Peut-on laver les gants ?",
        "Si llegara con retraso, ¿me devolverían el dinero?",
        "No está dañado. ¿Se pueden lavar los guantes?",
        "Se fosse in ritardo, avrei un rimborso?",
        "Non è danneggiato. Si possono lavare i guanti?",
        "Als het te laat zou zijn, krijg ik dan geld terug?",
        "Het is niet beschadigd. Kan ik de handschoenen wassen?",
        "> we are sorry that your order #1001 is taking so long. As an apology we are giving you some "
        "money back.\nWhich size do you recommend?",
    ],
)  # fmt: skip
def test_what_is_not_stated_pays_nothing(text: str) -> None:
    """Denied, imagined, asked, quoted, or a word that only begins alike."""
    planned = read(text, make.order(**LATEX))
    assert planned.draft is None or actions(planned) == ["send_message"]


@pytest.mark.parametrize(
    ("text", "language", "closing"),
    [
        ("Hola, mi taza llegó rota, quiero un reembolso.", "es", "Un cordial saludo"),
        ("Buongiorno, la tazza è arrivata rotta, vorrei un rimborso.", "it", "Cordiali saluti"),
        ("Goedendag, mijn mok kwam kapot aan, ik wil mijn geld terug.", "nl",
         "Met vriendelijke groet"),
        ("Guten Tag, meine Tasse kam kaputt an, ich möchte mein Geld zurück.", "de",
         "Mit freundlichen Grüßen"),
        ("Bonjour, ma tasse est arrivée cassée, je veux être remboursé.", "fr", "Cordialement"),
        ("Hello, my mug arrived broken, I want a refund.", "en", "Kind regards"),
    ],
)  # fmt: skip
def test_a_customer_is_answered_in_their_language(text: str, language: str, closing: str) -> None:
    """Each of the six."""
    planned = read(text, make.order(lines=make.order().lines[:1]))
    said = dict(planned.draft.changes)["send_message"]
    assert said["language"] == language
    assert closing in said["body"]
    assert actions(planned) == ["refund_payment", "send_message"]


@pytest.mark.parametrize(
    "text",
    ["Dzień dobry, mój kubek dotarł uszkodzony, proszę o zwrot pieniędzy.",
     "Merhaba, siparişim hasarlı geldi, paramı geri istiyorum.",
     "Olá, a minha caneca chegou partida e quero o reembolso."],
)  # fmt: skip
def test_another_language_is_answered_in_the_shops(text: str) -> None:
    """And a person decides: nobody is answered in a third language."""
    message = read(text, make.order())
    assert dict(message.draft.changes)["send_message"]["language"] == "en"
    assert message.draft.confidence == 0.4
