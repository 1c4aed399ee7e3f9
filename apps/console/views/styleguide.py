"""Every part of the console in every theme, made of the very templates the pages are made of."""

from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.presenters import contrast, samples

SHOWN = {  # theme -> the attributes that make it: (data-theme, data-contrast)
    "light": ("light", "auto"),
    "dark": ("dark", "auto"),
    "light, high contrast": ("light", "more"),
    "dark, high contrast": ("dark", "more"),
}


@require_safe
@seated
def show_styleguide(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """All parts with their states, and the tokens with their contrast."""
    themes = [{"name": name, "theme": theme, "contrast": strength}
              for name, (theme, strength) in SHOWN.items()]  # fmt: skip
    context = {"themes": themes, "figures": figures(), **samples.everything()}
    return page.show(request, seat, "console/styleguide.html", context)


@cache
def figures() -> list[dict[str, Any]]:
    """The tokens of each theme with every pair measured; read from the sheet once."""
    sheet = finders.find("css/tokens.css")
    palettes = contrast.palettes(Path(str(sheet)).read_text())
    return [measured(name, palette) for name, palette in palettes.items()]


def measured(name: str, palette: contrast.Palette) -> dict[str, Any]:
    """One theme: the pairs, and the poorest of words and of parts."""
    words = contrast.ENHANCED if "high" in name else contrast.TEXT
    rows = contrast.measure(palette, contrast.pairs(words=words))
    text = [row for row in rows if row.pair.least != contrast.PART]
    parts = [row for row in rows if row.pair.least == contrast.PART]
    poorest = [min(some, key=lambda row: row.ratio) for some in (text, parts)]
    return {"name": name, "rows": rows, "poorest": poorest, "palette": dict(palette)}
