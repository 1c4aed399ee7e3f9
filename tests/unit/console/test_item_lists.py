"""Editing the goods of a return: a row an item, without scripts, and what is said afterwards."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.console.inputs import input_name
from apps.gateway.clients import client_of
from apps.gateway.configuration import configure_connector
from apps.gateway.records import Order
from apps.proposals import operations
from apps.proposals.models import Proposal, Review, State
from apps.proposals.operations import Draft
from tests.contract.shops import Shop, demo_shop
from tests.factories.proposals import AGENT, look_at

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "panel"}
Send = Callable[..., Any]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Iterator[Shop]:
    """A demo shop: only a shop knows what a return of its goods leads to."""
    with demo_shop(tmp_path_factory.mktemp("demo") / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def order(shop, workspace, cast, policy, now) -> Order:
    """A delivered order of the shop: two articles, two pieces of the first."""
    connector = configure_connector(
        workspace=workspace, name="shop", kind="medusa", address=shop.address, settings={},
        secret=shop.secret, by="test", now=now,
    )  # fmt: skip
    orders = (one for one in client_of(connector).read("orders") if isinstance(one, Order))
    return next(
        one
        for one in orders
        if len(one.lines) > 1
        and one.fulfillment_status == "delivered"
        and one.lines[0].quantity >= 2
    )


@pytest.fixture
def waiting(order, workspace, cast) -> Proposal:
    """A return of one piece of its first article, whose facts Olga has opened."""
    items = [{"line_id": order.lines[0].line_id, "quantity": 1}]
    now = timezone.now()
    [made] = operations.submit(
        workspace=workspace, origin=AGENT, now=now,
        drafts=[Draft(title="Take it back", rationale="It broke.",
                      changes=[("return_items", {"order_id": order.order_id, "items": items})])],
    )  # fmt: skip
    assert made is not None
    assert made.state == State.WAITING
    return look_at(made, cast.olga, now=now)


@pytest.fixture
def send(browse, token, cast, waiting) -> Send:
    """Olga approves it as edited: `fields` are rows of the form, by place and name."""

    def post(fields, **extra):
        client = browse(cast.olga)
        data = {"binding": waiting.binding, "form": "edit", "csrfmiddlewaretoken": token(client)}
        data |= {key(waiting, *path): value for path, value in fields.items()}
        return client.post(reverse("console:approve", args=[waiting.pk]), data, **extra)

    return post


def key(proposal: Proposal, *path: object) -> str:
    """The name of an input of the list."""
    return input_name(proposal.changes.get().pk, "items", *path)


def row(order: Order, place: int, line: int, quantity: str) -> dict[tuple[object, ...], str]:
    """A row as a browser sends it."""
    return {
        (place, "line_id"): order.lines[line].line_id if line >= 0 else "",
        (place, "quantity"): quantity,
    }


def kept(proposal: Proposal) -> list[dict[str, Any]]:
    """The goods that would be taken back now."""
    items: list[dict[str, Any]] = proposal.changes.get().params["items"]
    return items


def test_each_item_is_a_row_under_the_names_of_the_order(browse, cast, waiting, order):
    """Articles are chosen by name, never typed as an id; there is one empty row, and no more."""
    page = browse(cast.olga).get(reverse("console:proposal", args=[waiting.pk])).content.decode()
    assert page.count('<fieldset class="item">') == 2
    assert "Items, 1 of 1" in page
    assert "Items, one more" in page
    names = waiting.changes.get().before["line_ids"]
    for name, line_id in names.items():
        assert page.count(f'<option value="{line_id}"') == 2, name
    assert f'name="{key(waiting, 0, "remove")}"' in page
    assert f'name="{key(waiting, 1, "remove")}"' not in page
    assert ">Pieces</label>" in page


def test_an_untouched_list_is_no_edit(send, waiting, order):
    """The empty row adds nothing."""
    answer = send(row(order, 0, 0, "1") | row(order, 1, -1, ""), **HTMX)
    assert answer.status_code == 200
    review = Review.objects.get()
    assert (review.edited, kept(waiting)) == ([], [{"line_id": order.lines[0].line_id,
                                                    "quantity": 1}])  # fmt: skip


def test_pieces_are_changed_and_goods_added(send, browse, cast, waiting, order):
    """Approved as edited; the page tells it article by article."""
    answer = send(row(order, 0, 0, " 2 ") | row(order, 1, 1, "1"))
    assert answer.status_code == 302
    assert kept(waiting) == [{"line_id": order.lines[0].line_id, "quantity": 2},
                             {"line_id": order.lines[1].line_id, "quantity": 1}]  # fmt: skip
    page = browse(cast.rita).get(answer.headers["Location"]).content.decode()
    names = {line_id: name for name, line_id in waiting.changes.get().before["line_ids"].items()}
    first, second = (names[one.line_id] for one in order.lines[:2])
    assert f"Edited by a reviewer: pieces of {first} 2, pieces of {second} 1." in page
    assert f"Edited: pieces of {first}" in page
    assert "{&#x27;" not in page


def test_what_is_ticked_is_taken_out(send, waiting, order):
    """Another article instead of the one proposed."""
    fields = row(order, 0, 0, "1") | {(0, "remove"): "1"} | row(order, 1, 1, "1")
    assert send(fields, **HTMX).status_code == 200
    assert kept(waiting) == [{"line_id": order.lines[1].line_id, "quantity": 1}]


@pytest.mark.parametrize(
    ("second", "quantity", "field", "said"),
    [
        (1, "0", (1, "quantity"), "Write 1 or more"),
        (1, "many", (1, "quantity"), "Write a whole number"),
        (1, "", (1, "quantity"), "Write a whole number"),
        (-1, "1", (1, "line_id"), "This is needed"),
        (0, "1", (), "name each line of the order once"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(send, waiting, order, second, quantity, field, said):
    """422 with every row as it was typed; the problem is tied to the input it is about."""
    answer = send(row(order, 0, 0, "3") | row(order, 1, second, quantity), **HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    problem = re.search(rf'id="{key(waiting, *field)}-problem">([^<]*)<', page)
    assert problem is not None
    assert said in problem[1]
    assert 'value="3"' in page
    assert f'id="{key(waiting, 1, "quantity")}"' in page
    assert kept(waiting) == [{"line_id": order.lines[0].line_id, "quantity": 1}]


def test_the_problem_stands_at_its_row_though_one_before_goes(send, waiting, order):
    """The second row is the first item that is kept; its problem is not told of the first row."""
    fields = row(order, 0, 0, "1") | {(0, "remove"): "1"} | row(order, 1, 1, "x")
    page = send(fields, **HTMX).content.decode()
    assert f'id="{key(waiting, 1, "quantity")}-problem"' in page
    assert f'id="{key(waiting, 0, "quantity")}-problem"' not in page
    assert re.search(rf'name="{key(waiting, 0, "remove")}" value="1" checked', page)


def test_nothing_is_no_return(send, waiting, order):
    """The last item cannot be taken out: that would be a rejection."""
    answer = send(row(order, 0, 0, "1") | {(0, "remove"): "1"} | row(order, 1, -1, ""), **HTMX)
    assert answer.status_code == 422
    assert "Keep at least one" in answer.content.decode()


def test_goods_of_another_order_are_refused(send, waiting, order):
    """422 in place, whatever a script posts: the order as it was seen has no such line."""
    fields = row(order, 0, 0, "1") | {(0, "line_id"): "ordli_of_somebody_else"}
    answer = send(fields, **HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "has no line ordli_of_somebody_else" in page
    assert '<option value="ordli_of_somebody_else" selected>' in page
    assert not Review.objects.exists()
