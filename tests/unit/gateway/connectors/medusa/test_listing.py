"""Listings: one odd row, and look-ups that are exact."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from apps.gateway.connectors.base import BadAnswer, Refused
from apps.gateway.connectors.medusa import listing
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.rows import Rows
from tests.factories.outside import Outside, order_row, outside, variant_row


@pytest.fixture
def system() -> Iterator[Outside]:
    with outside() as started:
        yield started


@pytest.fixture
def client(system: Outside) -> Iterator[MedusaClient]:
    client = MedusaClient(system.address, "sk", {})
    yield client
    client.close()


def read(client: MedusaClient, resource: str, **query: Any) -> Any:
    found = client.read(resource, **query)
    assert isinstance(found, Rows)
    return found


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"original_total": "1e30"}, "original_total"),
        ({"original_total": None}, "original_total"),
        ({"original_total": True}, "original_total"),
        ({"currency_code": "xxx"}, "XXX"),
        ({"created_at": "soon"}, "created_at"),
        ({"items": [{"id": "l", "quantity": "many"}]}, "quantity"),
        ({"display_id": 10.5}, "display_id"),
    ],
)
def test_an_odd_order_is_set_aside(
    system: Outside, client: MedusaClient, fields: dict[str, Any], reason: str
) -> None:
    """And the others are read."""
    system.listings["orders"] = [order_row(1, "a@x.example"), order_row(2, "b@x.example", **fields),
                                 order_row(3, "c@x.example"), None, "order"]  # fmt: skip
    found = read(client, "orders")
    assert [one.number for one in found] == ["1", "3"]
    assert found.odd_count == 3
    assert reason in found.odd[0].reason


def test_one_row_is_not_looked_for_row_by_row(system: Outside, client: MedusaClient) -> None:
    """Where the first ones are odd, the others come in pages."""
    odd = [order_row(n, "a@x.example", currency_code="xxx") for n in range(1, 31)]
    system.listings["orders"] = [*odd, order_row(31, "b@x.example")]
    assert [one.number for one in read(client, "orders", limit=1)] == ["31"]
    assert len(system.asked) == 2


def test_odd_fields_with_one_reading_are_read(system: Outside, client: MedusaClient) -> None:
    """A time without a zone, numbers as text, goods by the metre, no e-mail."""
    metres = {"id": "l", "title": None, "variant_sku": 77, "quantity": 1.5, "unit_price": "12.40"}
    system.listings["orders"] = [
        order_row(1, "Ann <ann@bücher.example>", display_id="1001", items=[metres],
                  created_at="2026-11-30T12:00:00", original_total="18.60"),
        order_row(2, "x", email=None, status=None),
    ]  # fmt: skip
    first, second = read(client, "orders")
    assert (first.number, first.email) == ("1001", "ann@xn--bcher-kva.example")
    assert first.placed_at.utcoffset() is not None
    assert first.lines[0].quantity == Decimal("1.5")
    assert (first.lines[0].sku, first.total) == ("77", Decimal("18.60"))
    assert (second.email, second.status) == ("", "")


def test_amounts_have_the_digits_of_their_currency(system: Outside, client: MedusaClient) -> None:
    """Or more where the shop has more; nothing is rounded."""
    system.listings["orders"] = [
        order_row(1, "a@x.example", currency_code="jpy", original_total=1000),
        order_row(2, "a@x.example", currency_code="kwd", original_total=1.255),
        order_row(3, "a@x.example", original_total=19.999999),
    ]
    totals = [str(one.total) for one in read(client, "orders")]
    assert totals == ["1000", "1.255", "19.999999"]


def test_a_variant_is_read_without_its_odd_price(system: Outside, client: MedusaClient) -> None:
    """A price that cannot be read is left out, with all of its currency."""
    odd: list[Any] = [
        {"id": "1", "currency_code": "eur", "amount": 20},
        {"id": "2", "currency_code": "usd", "amount": "n/a"},
        {"id": "3", "currency_code": "usd", "amount": 25},
        {"id": "4", "currency_code": "zzz", "amount": 25},
        {"id": "5", "currency_code": "jpy", "amount": -1},
        None,
    ]
    system.listings["product-variants"] = [
        variant_row("A", prices=odd),
        variant_row(None),
        variant_row("C", inventory_items=[{"inventory_item_id": 7}], metadata=[1]),
        {"id": "broken"},
    ]
    found = read(client, "variants")
    assert [one.sku for one in found] == ["A", "", "C"]
    assert found[0].prices == {"EUR": Decimal("20.00")}
    assert [odd.is_read for odd in found.odd] == [True, True, False]
    assert "inventory_items.0" in found.odd[1].reason


def test_an_exact_look_up_is_not_cut_by_what_looks_alike(
    system: Outside, client: MedusaClient
) -> None:
    """The limit counts what fits."""
    system.listings["orders"] = [order_row(n, "joann@x.example") for n in range(1, 501)]
    system.listings["orders"].append(order_row(501, "Ann@x.example"))
    (found,) = read(client, "orders", email="ann@x.example", limit=1)
    assert found.number == "501"
    assert [one.number for one in read(client, "orders", number=50)] == ["50"]
    assert [one.number for one in read(client, "orders", number="#501", email="ann@x.example")] == ["501"]  # fmt: skip


def test_a_sku_is_exact_where_the_shop_ignores_it(system: Outside, client: MedusaClient) -> None:
    """Medusa ignores filters it does not know."""
    system.listings["product-variants"] = [variant_row(f"MUG-{n}") for n in range(30)]
    assert [one.sku for one in read(client, "variants", sku="MUG-2", limit=1)] == ["MUG-2"]
    assert not read(client, "variants", sku="MUG")


@pytest.mark.parametrize(
    ("resource", "query"),
    [("orders", {"email": ""}), ("orders", {"number": "#"}), ("orders", {"email": " "}),
     ("variants", {"sku": ""}), ("variants", {"sku": " "})],
)  # fmt: skip
def test_nothing_is_found_by_nothing(
    system: Outside, client: MedusaClient, resource: str, query: dict[str, Any]
) -> None:
    """Not every order, and not the one without an address."""
    system.listings["orders"] = [order_row(1, "")]
    system.listings["product-variants"] = [variant_row(None)]
    assert not read(client, resource, **query)
    assert not system.asked


def test_a_domain_is_looked_up_in_both_spellings(system: Outside, client: MedusaClient) -> None:
    """The shop's text search knows only how it was typed there."""
    system.listings["orders"] = [order_row(1, "ann@bücher.example"),
                                 order_row(2, "ann@xn--bcher-kva.example")]  # fmt: skip
    found = read(client, "orders", email="ann@xn--bcher-kva.example", limit=5)
    assert sorted(one.number for one in found) == ["1", "2"]


def test_an_endless_search_ends_honestly(
    system: Outside, client: MedusaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with an empty answer."""
    monkeypatch.setattr(listing, "MOST_ROWS", 20)
    system.listings["orders"] = [order_row(n, "joann@x.example") for n in range(50)]
    with pytest.raises(Refused, match="look alike") as error:
        client.read("orders", email="ann@x.example")
    assert error.value.code == "too_many"


def test_a_shop_that_turns_in_circles_is_left(
    system: Outside, client: MedusaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same page again and again is the last one."""
    page = [order_row(1, "a@x.example")]
    monkeypatch.setattr(
        client._api, "get", lambda *_args, **_query: {"orders": page, "count": 10**9}
    )
    assert len(client.read("orders")) == 1


def test_what_is_no_listing_is_said(client: MedusaClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is not a row."""
    monkeypatch.setattr(client._api, "get", lambda *_args, **_query: {"hello": 1})
    with pytest.raises(BadAnswer):
        client.read("orders")
