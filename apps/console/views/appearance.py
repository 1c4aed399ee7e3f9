"""How the console looks for a person: light or dark, how strong, and how figures are written."""

from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.accounts import operations as accounts
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.money import display

THEMES = (
    ("auto", "As the system asks", "system", "Follows your computer, also when it gets dark."),
    ("light", "Light", "sun", "Dark words on light ground."),
    ("dark", "Dark", "moon", "Light words on dark ground."),
)
CONTRASTS = (
    ("auto", "As the system asks", "system", "Usual, or high if your computer asks for it."),
    ("more", "High", "contrast", "Black and white, with strong lines and rings."),
)


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def show_appearance(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The choices; a POST with `theme`, `contrast` and perhaps `locale` takes them."""
    context: dict[str, Any] = {"themes": THEMES, "contrasts": CONTRASTS, "locales": locales()}
    if request.method != "POST":
        return page.show(request, seat, "console/appearance.html", context)
    theme, contrast = (request.POST.get(name, "") for name in ("theme", "contrast"))
    locale = request.POST.get("locale")
    try:
        accounts.set_appearance(user=seat.user, theme=theme, contrast=contrast, locale=locale)
    except accounts.UnknownAppearance as error:
        context["form_error"] = str(error)
        return page.show(request, seat, "console/appearance.html", context, status=422)
    return redirect("console:appearance")


def locales() -> list[tuple[str, str]]:
    """The locales there are, each with an amount as it is written there."""
    example = Decimal("1234567.50")
    own = [
        (code, f"{name}: {display.amount(example, 'EUR', code)}")
        for code, name in display.LOCALES.items()
    ]
    return [("", "As the browser asks"), *own]
