"""The typed contracts of actions."""

import pytest
from pydantic import ValidationError

from apps.gateway.catalogue import ACTIONS, measure, normalise, noun
from apps.gateway.catalogue.action_spec import Measure
from apps.gateway.resources import RESOURCES, is_shared, label, system_with

ITEM = {"line_id": "ordli_1", "quantity": 1}


def test_a_return_names_its_lines():
    """Parameters come out as JSON values."""
    params = {"order_id": "order_1", "items": [ITEM], "note": "too small"}
    assert normalise("return_items", params) == params


@pytest.mark.parametrize(
    "items",
    [[], [ITEM, ITEM], [{**ITEM, "quantity": 0}], [{**ITEM, "price": 1}], [{"quantity": 1}], "x"],
)
def test_a_return_of_nothing_or_twice_is_refused(items):
    """Each line once, at least one piece, nothing else."""
    with pytest.raises(ValidationError):
        normalise("return_items", {"order_id": "order_1", "items": items})


@pytest.mark.parametrize("spec", ACTIONS.values(), ids=lambda one: one.name)
def test_an_action_names_what_there_is(spec):
    """Its record is a resource; it touches customers by name, or says whom else."""
    assert spec.record in ("", *RESOURCES)
    assert bool(spec.customer) != bool(spec.reach)
    assert noun(spec.name) == spec.noun
    assert measure(spec.name) == spec.measure


def test_an_action_that_is_gone_is_told_by_its_name():
    """Old events and decisions still name it."""
    assert noun("grant_wish") == "grant wish"
    assert measure("grant_wish") == Measure.NONE


def test_a_resource_nobody_knows_is_told_by_its_name():
    """A connector of another release may have read it; it is never mixed from several."""
    assert label("gift_cards") == "Gift cards"
    assert system_with("gift_cards") == "gift cards"
    assert not is_shared("gift_cards")
    assert is_shared("messages")
