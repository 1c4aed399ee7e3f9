"""Template tags that print keys, all from the map of the person who looks."""

from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from apps.accounts.models import User
from apps.console import keymap
from apps.console.keymap import Bound

register = template.Library()


@register.simple_tag(takes_context=True)
def key(context: Context, name: str) -> SafeString:
    """The key of a command as `<kbd>`; nothing where the person has none for it."""
    bound = keys_of(context)[name]
    if not bound.key:
        return mark_safe("")
    return format_html('<kbd aria-hidden="true">{}</kbd>', bound.shown)


@register.simple_tag(takes_context=True)
def keymap_json(context: Context) -> dict[str, dict[str, str]]:
    """The map for the scripts: command to its key and words."""
    return {
        name: {"key": shortcut.key, "shown": shortcut.shown, "words": shortcut.command.words}
        for name, shortcut in keys_of(context).items()
    }


@register.simple_tag(takes_context=True)
def key_groups(context: Context) -> list[tuple[str, list[Bound]]]:
    """The commands that have a key, by where they work."""
    return keymap.grouped(shortcut for shortcut in keys_of(context).values() if shortcut.key)


def keys_of(context: Context) -> dict[str, Bound]:
    """The keys of the person who looks, worked out once a page."""
    request: Any = context["request"]
    if not hasattr(request, "bound_keys"):
        user = request.user
        chosen = user.keymap if isinstance(user, User) else {}
        request.bound_keys = keymap.bind(chosen)
    bound: dict[str, Bound] = request.bound_keys
    return bound
