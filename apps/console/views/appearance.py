"""How the console looks for a person: light or dark, and how strong the contrast is."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.accounts import operations as accounts
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated

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
    """The choices; a POST with `theme` and `contrast` takes them."""
    context: dict[str, Any] = {"themes": THEMES, "contrasts": CONTRASTS}
    if request.method != "POST":
        return page.show(request, seat, "console/appearance.html", context)
    theme, contrast = (request.POST.get(name, "") for name in ("theme", "contrast"))
    try:
        accounts.set_appearance(user=seat.user, theme=theme, contrast=contrast)
    except accounts.UnknownAppearance as error:
        context["mishap"] = str(error)
        return page.show(request, seat, "console/appearance.html", context, status=422)
    return redirect("console:appearance")
