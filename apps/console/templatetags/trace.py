"""Template tags of the trace: bars whose length says how much."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.console.presenters.runs import share_of

register = template.Library()


@register.simple_tag
def bar(part: object, whole: object, name: str) -> SafeString:
    """A bar as long as `part` is of `whole`; the words beside it carry the meaning."""
    return format_html(
        '<svg class="bar {}" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false"><rect class="all" width="100" height="4"></rect>'
        '<rect class="part" width="{}" height="4" data-{}="{}"></rect></svg>',
        name,
        share_of(Decimal(str(part)), Decimal(str(whole))),
        name,
        part,
    )
