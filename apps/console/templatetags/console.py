"""Template tags of the console: icons, badges, times."""

from datetime import datetime

from django import template
from django.templatetags.static import static
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon of the sprite; words beside it carry the meaning."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def ago(moment: datetime) -> SafeString:
    """A moment as the browser counts it (`5 minutes ago`), and exactly without JavaScript."""
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
        format_date(local, "j M Y, H:i"),
    )


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
