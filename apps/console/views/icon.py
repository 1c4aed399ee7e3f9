"""The icon browsers ask for by themselves, on pages that name none (admin, API documentation)."""

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe


@require_safe
def show_icon(_request: HttpRequest) -> HttpResponseRedirect:
    """To the logo, whatever name the static files give it."""
    return redirect(static("img/logo.svg"))
