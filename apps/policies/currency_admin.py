"""Exchange rates and the currency a workspace counts in, in the admin. Registered by `admin`."""

from datetime import UTC, date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.accounts.scope import WithinWorkspaces, person
from apps.money.currency import UnknownCurrency, minor_units
from apps.policies.currencies import (
    LoosensLimits,
    confirm_rate,
    keep_rates,
    remove_rate,
    set_currency,
)
from apps.policies.exchange import InvalidRate, Rate, plain
from apps.policies.models import CurrencySetting, ExchangeRate
from apps.policies.second_person import NotYours
from apps.policies.sheets import InvalidSheet, read

ONE = ("base", "quote", "rate", "as_of", "source")


class RateForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """One rate, or a sheet of them; what is wrong is said before anything is kept."""

    sheet = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="Instead of one rate a whole sheet as CSV: base,quote,rate,as_of,source in the "
        "first line, or eurofxref.csv of the European Central Bank as it is.",
    )

    class Meta:
        model = ExchangeRate
        fields = ["workspace", *ONE]
        help_texts = {
            "base": "The currency of which one unit is priced, e.g. EUR.",
            "quote": "The currency it is priced in, e.g. JPY.",
            "as_of": "The day the rate is of. When it is too old, a person decides.",
            "source": "Where it is from, e.g. ECB.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ONE:
            if name in self.fields:
                self.fields[name].required = not self.instance._state.adding
        if not self.instance._state.adding:
            del self.fields["sheet"]

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be kept, by keeping it and taking it back."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            cleaned["rates"] = self.rates(cleaned)
            with transaction.atomic():
                changed = self.keep(by="admin")
                transaction.set_rollback(True)
        except (InvalidRate, InvalidSheet, UnknownCurrency) as error:
            raise ValidationError(str(error)) from error
        if self.changed_data and not changed:
            raise ValidationError("Newer rates than these, or the very same, are kept already.")
        return cleaned

    def rates(self, cleaned: dict[str, Any]) -> list[Rate]:
        """What was typed: the sheet's rates, else the one of the fields."""
        if cleaned.get("sheet"):
            return read(cleaned["sheet"])
        values = {name: cleaned.get(name) or getattr(self.instance, name) for name in ONE}
        if missing := [name for name, value in values.items() if not value]:
            raise InvalidRate(f"Give the {missing[0].replace('_', ' ')} too, or a whole sheet.")
        values |= {"base": values["base"].upper(), "quote": values["quote"].upper()}
        return [Rate(**values)]

    def keep(self, *, by: str) -> list[ExchangeRate]:
        """Keep them; those that were news."""
        workspace = self.cleaned_data.get("workspace") or self.instance.workspace
        return keep_rates(
            workspace=workspace, rates=self.cleaned_data["rates"], by=by, now=timezone.now()
        )

    def _post_clean(self) -> None:
        """The operation checks the row, not the model: of a sheet there is no single one."""


class ExchangeRateAdmin(WithinWorkspaces):
    """Rates with their age; saving one tells so in the audit log."""

    form = RateForm
    list_display = ["pair", "value", "stands", "as_of", "age", "source", "added_at", "workspace"]
    list_filter = ["source"]
    actions = ["confirm"]
    ordering = ["base", "quote"]
    list_select_related = ["workspace__currency_setting"]

    @admin.display(description="Rate", ordering="base")
    def pair(self, rate: ExchangeRate) -> str:
        """What is priced in what."""
        return f"1 {rate.base} in {rate.quote}"

    @admin.display(description="Value")
    def value(self, rate: ExchangeRate) -> str:
        """The rate without needless zeros."""
        return plain(rate.rate)

    @admin.display(description="Age", ordering="-as_of")
    def age(self, rate: ExchangeRate) -> str:
        """How old it is, and whether that is too old."""
        setting = getattr(rate.workspace, "currency_setting", None) or CurrencySetting()
        return aged(rate.as_of, timezone.now().astimezone(UTC).date(), setting.rates_max_age_days)

    @admin.display(description="Stands", ordering="waits_since")
    def stands(self, rate: ExchangeRate) -> str:
        """Whether amounts are converted by it."""
        return "waits for a second person" if rate.waits_since else "in force"

    @action(description="Confirm")  # type: ignore[untyped-decorator]  # unfold ships no types
    def confirm(self, request: HttpRequest, queryset: QuerySet[ExchangeRate]) -> None:
        """Put those in force that wait, each with its event; or say why not."""
        for pk in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                rate = queryset.get(pk=pk)
                confirm_rate(rate=rate, user=person(request), now=timezone.now())
            except ExchangeRate.DoesNotExist:
                messages.error(request, "A rate has changed since you looked. Look again.")
            except NotYours as error:
                messages.error(request, f"{rate}: {error}")
            else:
                messages.success(request, f"In force: {rate}, {plain(rate.rate)}.")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Between which currencies a rate is does not change; add another one instead."""
        return ["workspace", "base", "quote"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A sheet is for adding."""
        return ["workspace", *ONE] if obj else ["workspace", *ONE, "sheet"]

    def save_model(self, request: HttpRequest, obj: ExchangeRate, form: Any, change: bool) -> None:
        """Keep what was typed, with its events."""
        changed = form.keep(by=person(request).actor)
        if changed:
            first = changed[0]
            obj.pk, obj.base, obj.quote, obj._state.adding = (
                first.pk,
                first.base,
                first.quote,
                False,
            )
            messages.success(request, f"Kept: {', '.join(map(str, changed))}.")
        if waiting := [str(rate) for rate in changed if rate.waits_since]:
            messages.warning(
                request,
                f"Not in force yet: {', '.join(waiting)}. What is new or has moved by more than "
                "5 % another owner or operator confirms here; until then a person decides.",
            )

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Told in the audit log instead: a sheet is many rows."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Told in the audit log instead."""

    def delete_model(self, request: HttpRequest, obj: ExchangeRate) -> None:
        """Remove it, with its event."""
        remove_rate(rate=obj, by=person(request).actor, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Remove each, with its event."""
        for rate in queryset:
            self.delete_model(request, rate)


def aged(as_of: date, today: date, most: int) -> str:
    """The age of a rate in words."""
    days = (today - as_of).days
    words = {0: "today", 1: "1 day"}.get(days, f"{days} days")
    return f"{words}, too old: a person decides" if days > most else words


class CurrencySettingForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable
    """In what the workspace counts; a code that is none is refused."""

    class Meta:
        model = CurrencySetting
        fields = ["workspace", "currency", "rates_max_age_days"]
        help_texts = {
            "currency": "Of all limits whose policy names none, e.g. EUR. Where these would let "
            "something new through, name the currency in the limits of their policy first.",
            "rates_max_age_days": "With older exchange rates a person decides. Of all limits whose "
            "policy does not say it itself.",
        }

    def clean_currency(self) -> str:
        """A code of ISO 4217."""
        code = str(self.cleaned_data["currency"]).strip().upper()
        try:
            minor_units(code)
        except UnknownCurrency as error:
            raise ValidationError(str(error)) from error
        return code

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be set, by setting it and taking it back."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            with transaction.atomic():
                self.set(by="admin")
                transaction.set_rollback(True)
        except (LoosensLimits, InvalidRate) as error:
            raise ValidationError(str(error)) from error
        return cleaned

    def set(self, *, by: str) -> CurrencySetting:
        """Set it."""
        workspace = self.cleaned_data.get("workspace") or self.instance.workspace
        return set_currency(
            workspace=workspace,
            currency=self.cleaned_data["currency"],
            rates_max_age_days=self.cleaned_data["rates_max_age_days"],
            by=by,
            now=timezone.now(),
        )


class CurrencySettingAdmin(WithinWorkspaces):
    """Saving takes effect with the next decision."""

    form = CurrencySettingForm
    list_display = ["workspace", "currency", "rates_max_age_days"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whose setting it is does not change."""
        return ["workspace"] if obj else []

    def save_model(
        self, request: HttpRequest, obj: CurrencySetting, form: Any, change: bool
    ) -> None:
        """Set it, with its event."""
        form.set(by=person(request).actor)
        obj._state.adding = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is changed, never gone."""
        return False
