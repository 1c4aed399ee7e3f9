"""What a model writes as arguments is checked before anybody uses it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.inference.providers.base import ToolCall
from apps.inference.providers.tool_arguments import MalformedArguments, parse

SCHEMA = {
    "type": "object",
    "properties": {"sku": {"type": "string"}, "amount": {"type": "number", "minimum": 0}},
    "required": ["sku"],
    "additionalProperties": False,
}


def call(arguments: str) -> ToolCall:
    return ToolCall(id="1", name="set_price", arguments=arguments)


def test_fitting_arguments_come_back_as_values() -> None:
    """The happy way."""
    assert parse(call('{"sku": "A", "amount": 2.5}'), SCHEMA) == {"sku": "A", "amount": 2.5}


def test_no_arguments_are_an_empty_object() -> None:
    """Some models send an empty text for a tool without parameters."""
    assert parse(call(""), {"type": "object"}) == {}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ('{"sku": "A", "amo', "not JSON"),
        ("[1]", "must be a JSON object, not list"),
        ('{"sku": "A", "amount": "much"}', "$.amount"),
        ("{}", "'sku' is a required property"),
        ('{"sku": "A", "extra": 1}', "extra"),
        ('{"sku": "A", "amount": NaN}', "NaN is not a JSON number"),
        ("[" * 50_000, "cannot be read"),
        ('{"sku": "' + "A" * 100_001 + '"}', "longer than"),
        (r'{"sku": "A\u0000"}', "cannot be kept"),
        (r'{"sku": "\ud800"}', "cannot be kept"),
        (r'{"\u0000": ["A"]}', "cannot be kept"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(arguments: str, says: str) -> None:
    """The text tells the model what to change."""
    with pytest.raises(MalformedArguments, match="set_price") as caught:
        parse(call(arguments), SCHEMA)
    assert says in str(caught.value)


@given(st.text())
def test_no_text_whatever_escapes_the_two_outcomes(arguments: str) -> None:
    """Either a dict that fits, or `MalformedArguments`."""
    with suppress(MalformedArguments):
        assert isinstance(parse(call(arguments), SCHEMA)["sku"], str)


def test_json_within_json_is_read() -> None:
    """Some models write their arguments twice; a text that is none stays refused."""
    assert parse(call(r'"{\"sku\": \"A\"}"'), SCHEMA) == {"sku": "A"}
    with pytest.raises(MalformedArguments, match="not str"):
        parse(call('"A"'), SCHEMA)
