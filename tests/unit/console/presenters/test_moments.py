"""From where somebody acted, beside who and when."""

import pytest

from apps.audit.kinds import Kind
from apps.console.presenters.events import in_words
from apps.console.presenters.moments import moments


@pytest.mark.parametrize(
    ("actor", "fields", "words"),
    [
        ("user:1", {"via": "console"}, "in the console"),
        ("user:1", {"via": "api"}, "through the API"),
        ("user:1", {"via": "mcp"}, "over MCP"),
        ("user:1", {"via": "chat"}, "via chat"),
        ("policy", {}, ""),
        ("key:abc", {}, "through the API"),
        ("user:1", {}, ""),
    ],
)
def test_a_moment_says_from_where(happened, actor, fields, words):
    """What was recorded counts; else what the actor is says it."""
    event = happened(Kind.REVIEW_RECORDED, actor=actor, verdict="approve", **fields)
    [moment] = moments([in_words(event, {})])
    assert moment.whence == words
