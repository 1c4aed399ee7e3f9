"""Typed inputs and reading them back."""

from decimal import Decimal
from typing import Annotated, Literal

import pytest
from django.http import QueryDict

from apps.console.forms import clean, edit_groups, input_name, kind_of, read_edits, read_reason
from apps.money.typed import Ambiguous, NotAnAmount
from apps.proposals import queries
from apps.proposals.models import Change
from apps.proposals.operations import InvalidDraft
from tests.factories.proposals import propose


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (Decimal, ("decimal", ())),
        (int, ("integer", ())),
        (str, ("text", ())),
        (Annotated[str, "x"] | None, ("text", ())),
        (Literal["draft", "published"] | None, ("choice", ("draft", "published"))),
    ],
)
def test_inputs_have_the_type_of_the_parameter(annotation, kind):
    """A decimal gets a decimal input, a choice a select."""
    assert kind_of(annotation) == kind


@pytest.mark.parametrize(
    ("typed", "kind", "meant"),
    [
        ("12,50", "decimal", "12.50"),
        (" 1 200.5 ", "decimal", "1200.5"),
        ("1,200.50", "decimal", "1200.50"),
        (" 7 ", "integer", "7"),
        ("a\r\nb", "text", "a\nb"),
    ],
)
def test_what_a_person_types_is_what_they_mean(typed, kind, meant):
    """Commas and CRLF are understood."""
    assert clean(typed, kind) == meant


@pytest.mark.parametrize(
    ("typed", "currency", "meant"),
    [
        ("45,5", "EUR", "45.50"),
        ("€ 1.200,50", "EUR", "1200.50"),
        ("1,000", "JPY", "1000"),
        ("1.2550", "KWD", "1.255"),
    ],
)
def test_an_amount_is_read_in_its_currency(typed, currency, meant):
    """With the digits the currency has."""
    assert clean(typed, "decimal", currency=currency) == meant


@pytest.mark.parametrize(
    ("typed", "currency"),
    [("1,000", ""), ("1.000", ""), ("1,000", "EUR"), ("1.000", "EUR"), ("12,345", "KWD")],
)
def test_what_can_be_two_things_is_no_answer(typed, currency):
    """Whoever reads the form asks back, with both readings."""
    with pytest.raises(Ambiguous):
        clean(typed, "decimal", currency=currency)


@pytest.mark.parametrize("typed", ["", "abc", "1e3", "5 USD", "0.001", "1,2,3"])
def test_what_is_no_amount_is_refused(typed):
    """With what would be one."""
    with pytest.raises(NotAnAmount):
        clean(typed, "decimal", currency="EUR")


def test_reasons_are_chips_and_words():
    """Chosen chips and typed text are one reason; chips nobody offered are not."""
    posted = QueryDict("chip=Already+handled&chip=<script>&reason=+by+phone+")
    assert read_reason(posted) == "Already handled. by phone"
    assert read_reason(QueryDict("reason=++")) == ""


@pytest.mark.django_db
def test_only_what_differs_is_an_edit(cast, connector, policy, workspace, now):
    """An untouched form approves as proposed; identifiers are not offered at all."""
    proposal = propose(workspace, "50", now=now)
    changes = queries.detail(workspace.pk, proposal.pk).changes
    change = changes[0].change
    [group] = edit_groups(changes, None, ())
    assert [(one.label, one.kind, one.value) for one in group.inputs] == [
        ("Amount", "decimal", "50.00")
    ]
    same = QueryDict(mutable=True)
    same[input_name(change.pk, "amount")] = "50.00"
    assert read_edits(changes, same) == {}
    same[input_name(change.pk, "amount")] = "45,5"
    same[input_name(change.pk, "variant_id")] = "another"
    assert read_edits(changes, same) == {change.pk: {"amount": "45.50"}}


@pytest.mark.django_db
def test_what_is_typed_in_two_ways_is_told_at_its_field(cast, connector, policy, workspace, now):
    """With both readings; the field keeps what was typed, and other fields' edits are not lost."""
    proposal = propose(workspace, "1500", now=now)
    changes = queries.detail(workspace.pk, proposal.pk).changes
    key = input_name(changes[0].change.pk, "amount")
    posted = QueryDict(mutable=True)
    posted[key] = "1,000"
    with pytest.raises(InvalidDraft, match=r"can mean 1000\.00 or 1\.00") as refused:
        read_edits(changes, posted)
    [group] = edit_groups(changes, posted, refused.value.errors)
    [field] = group.inputs
    assert field.value == "1,000"
    assert field.error == "“1,000” can mean 1000.00 or 1.00. Write 1000.00 or 1.00."


def test_what_has_no_input_of_its_own_is_not_edited():
    """Lists of lines are proposed anew, not typed into a box; identifiers never."""
    params = {"order_id": "o", "items": [{"line_id": "l", "quantity": 1}], "note": "small"}
    assert queries.editable_fields(Change(params=params)) == [("note", "small")]
