"""The recorded faults: `@pytest.mark.case("05-order-discount-half")` gives a test its `case`."""

import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data"


def recorded(name: str) -> Any:
    """What is recorded of a fault: a mapping, or a list of provider dialects."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Any:
    """The fault the test is marked with."""
    marker = request.node.get_closest_marker("case")
    assert marker is not None, 'Mark the test: @pytest.mark.case("05-order-discount-half")'
    return recorded(marker.args[0])
