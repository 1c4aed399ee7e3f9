"""Template tags of the console: icons, badges, times."""

from datetime import datetime, timedelta
from functools import cache

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

register = template.Library()
UNITS = (("year", 31_536_000), ("month", 2_592_000), ("week", 604_800), ("day", 86_400),
         ("hour", 3_600), ("minute", 60), ("second", 1))  # fmt: skip


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon of the sprite; words beside it carry the meaning."""
    return drawn(name)


@cache
def drawn(name: str) -> SafeString:
    """The icon's element; a page has dozens, and they never change."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("img/icons.svg"),
        name,
    )


@register.filter
def breakable(text: str) -> SafeString:
    """A text whose addresses may break behind the `@`, rather than anywhere."""
    return format_html_join(mark_safe("@<wbr>"), "{}", ((part,) for part in str(text).split("@")))


@register.simple_tag
def ago(moment: datetime) -> SafeString:
    """A moment as the browser counts it (`5 minutes ago`); exactly in its title."""
    return relative(moment, "long")


@register.simple_tag
def ago_short(moment: datetime) -> SafeString:
    """The same in few letters (`5m ago`)."""
    return relative(moment, "narrow")


def relative(moment: datetime, style: str) -> SafeString:
    """The element that counts time in the browser."""
    local = localtime(moment)
    return format_html(
        '<relative-time datetime="{}" title="{}" format="relative" format-style="{}">{}'
        "</relative-time>",
        moment.isoformat(),
        format_date(local, "Y-m-d H:i:s T"),
        style,
        count(moment - timezone.now(), style),
    )


def count(left: timedelta, style: str) -> str:
    """A span as the browser counts it, so that nothing moves when it does: `5m ago`."""
    seconds = abs(int(left.total_seconds()))
    unit, size = next((known for known in UNITS if seconds >= known[1]), UNITS[-1])
    number = seconds // size
    if style == "narrow":
        words = f"{number}{'mo' if unit == 'month' else unit[0]}"
    else:
        words = f"{number} {unit}{'' if number == 1 else 's'}"
    return f"in {words}" if left > timedelta(0) else f"{words} ago"


@register.simple_tag
def clock(moment: datetime) -> SafeString:
    """A moment as a time of day; the date is in its title."""
    local = localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        format_date(local, "Y-m-d H:i:s T"),
        format_date(local, "H:i:s"),
    )
