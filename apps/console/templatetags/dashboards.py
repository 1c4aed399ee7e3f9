"""Template tags of the pages of figures."""

from collections.abc import Sequence

from django import template

from apps.console.presenters.dashboards_asked import Asked
from apps.console.presenters.dashboards_tables import Cell

register = template.Library()


@register.filter
def beside(heads: Sequence[str], cells: Sequence[Cell]) -> list[tuple[str, Cell]]:
    """Each cell with the head of its column."""
    return list(zip(heads, cells, strict=True))


@register.simple_tag
def exported(asked: Asked, table: str) -> str:
    """Where a table of the page is to be had for a spreadsheet."""
    return asked.address("insights-export", table=table)
