"""What Medusa says of a product, as the connector reads it."""

from typing import Any

import pytest

from apps.gateway.connectors.medusa.responses import ProductName

SHOES, BOOTS = {"id": "pcat_01", "name": "Shoes"}, {"id": "pcat_02", "name": "Boots"}


@pytest.mark.parametrize(
    ("given", "category"),
    [
        ({}, ""),
        ({"categories": None, "collection": None}, ""),
        ({"categories": [SHOES]}, "Shoes"),
        ({"categories": [BOOTS, SHOES]}, "Shoes"),  # in whatever order they come
        ({"categories": [SHOES], "collection": {"title": "Summer"}}, "Shoes"),
        ({"categories": [], "collection": {"title": "Summer"}}, "Summer"),
        ({"collection": {"title": None}}, ""),
    ],
)
def test_the_category_of_a_product(given: dict[str, Any], category: str) -> None:
    """The one made first of several, else the collection, else none."""
    assert ProductName.model_validate({"title": "Shoe", **given}).category == category
