"""Limits as fields of a form, each of its own kind, and back without a change of kind."""

import json
from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

WORDS = {
    "currency": "The currency all these limits are in, e.g. EUR. Amounts in another one are "
    "compared by the exchange rates the workspace keeps; without one a person decides.",
    "sole_owner_may_finish_undo": "Whether an owner who is the only person that may review here "
    "may approve an undo they asked for themselves. It is recorded.",
    "keys_may_approve_high_risk": "Whether API keys may approve high risk for their person, who "
    "then has not signed in for it. It is recorded with each vote.",
    "rates_max_age_days": "With exchange rates older than this a person decides.",
}  # fmt: skip


def field_of(name: str, value: object) -> forms.Field:
    """A field that takes what the limit is: a switch, a number, a text, or JSON for the rest."""
    common: dict[str, Any] = {
        "label": name.replace("_", " ").capitalize(),
        "help_text": WORDS.get(name, ""),
    }
    if isinstance(value, bool):
        widget = UnfoldBooleanSwitchWidget()
        return forms.BooleanField(initial=value, required=False, widget=widget, **common)
    if isinstance(value, (int, float)):
        number = UnfoldAdminDecimalFieldWidget()
        return forms.DecimalField(initial=Decimal(str(value)), widget=number, **common)
    if isinstance(value, str):
        text = UnfoldAdminTextInputWidget()
        return forms.CharField(initial=value, required=False, widget=text, **common)
    area = UnfoldAdminTextareaWidget(attrs={"rows": 2})
    return forms.CharField(initial=json.dumps(value), widget=area, **common)


def value_of(before: object, typed: Any) -> Any:
    """The limit that was typed, of the kind it had before: a whole number stays one if it can.

    Raises `json.JSONDecodeError` for what is no JSON where it has to be.
    """
    if isinstance(typed, Decimal):
        whole = isinstance(before, int) and typed == typed.to_integral_value()
        return int(typed) if whole else float(typed)
    if isinstance(before, (bool, str)):
        return typed
    return json.loads(typed)
