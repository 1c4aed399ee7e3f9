"""What belongs to a case."""

import pytest

from apps.agents.playbooks.scope import Scope, of_proposal, order_number
from tests.factories import agents as make


@pytest.mark.parametrize(
    "written",
    ["1002", "#1002", " 1002 ", "1002\u200b", "\u200e#\u20601002", "＃１００２", "# 1002"],
)
def test_a_number_is_read_as_the_shop_writes_it(written: str) -> None:
    """Whatever invisible is around or inside it."""
    assert order_number(written) == "1002"


def test_a_number_of_nothing_visible_is_none() -> None:
    """Such a question would else list all orders."""
    assert order_number("\u200b #") == ""


def test_an_empty_scope_owns_nothing() -> None:
    """Not even an order without an address."""
    assert not Scope().owns(make.order())
    assert not Scope().owns(make.order(email=""))


def test_the_cases_order_and_all_of_its_customer_are_owned() -> None:
    """The case's own even where the shop writes its address in another way."""
    ann = Scope(customer="ann@example.com", orders=frozenset({"order_9"}))
    assert ann.owns(make.order(email="ANN@example.com"))
    assert ann.owns(make.order(order_id="order_9", email="shop@example.com"))
    assert not ann.owns(make.order(order_id="order_2", email="bob@example.com"))


def test_articles_are_found_by_sku_or_title() -> None:
    """All of them where nothing is named; none of anything else."""
    scope = Scope(articles={"MUG": "Alder Mug / Blue", "LAMP": "Corrie Lamp"})
    assert scope.skus_like("alder") == ["MUG"]
    assert scope.skus_like("lam") == ["LAMP"]
    assert scope.skus_like("") == ["MUG", "LAMP"]
    assert scope.skus_like("chair") == []


def test_a_proposals_scope_is_its_case_and_what_the_person_names() -> None:
    """Numbers without the sign may be amounts."""
    case = {"about": "customer:ann@example.com", "skus": ["MUG"], "intent": "damaged"}
    scope = of_proposal(case, [{"order_id": "order_1"}, {}], "Is #1002 the same? Give 1003 back.")
    assert scope.customer == "ann@example.com"
    assert scope.orders == {"order_1"}
    assert scope.subjects == {"customer:ann@example.com", "sku:MUG", "intent:damaged"}
    assert scope.named == {"1002"}


@pytest.mark.parametrize("case", [{}, {"about": None, "skus": "MUG"}, {"about": "sku:MUG"}])
def test_a_case_without_a_customer_has_none(case: dict[str, object]) -> None:
    """Odd values of other agents name nobody."""
    assert of_proposal(case, [], "").customer == ""
