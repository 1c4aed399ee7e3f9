"""The typed contracts of actions."""

import pytest
from pydantic import ValidationError

from apps.gateway.catalogue import normalise

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
