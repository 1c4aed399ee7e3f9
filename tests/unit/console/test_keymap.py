"""The keys: one list, a person's own choices, and clashes told in words."""

import pytest

from apps.console import keymap


def test_no_two_commands_share_a_key() -> None:
    """Neither as they are, nor where one key begins a sequence."""
    keys = [command.key for command in keymap.COMMANDS]
    assert len(set(keys)) == len(keys)
    assert keymap.PREFIX not in keys
    assert keymap.check({}) == []


def test_a_persons_own_key_replaces_the_usual_one() -> None:
    """What they leave empty has no key; what is not free stays."""
    bound = keymap.bind({"skip": "y", "ask": "", "palette": "q"})
    assert (bound["skip"].key, bound["ask"].key) == ("y", "")
    assert bound["palette"].shown == "Ctrl K"
    assert keymap.differing({"skip": "y", "reject": "r"}) == {"skip": "y"}


@pytest.mark.parametrize(
    ("chosen", "problem"),
    [
        ({"skip": "r"}, "“r” is already: reject with a reason."),
        ({"skip": "y", "ask": "y"}, "“y” is already: ask the agent."),
        ({"skip": "g"}, "Write one letter or sign"),
        ({"skip": "7"}, "Write one letter or sign"),
        ({"send": "m"}, "This key cannot be changed."),
    ],
)
def test_what_cannot_be_a_key_is_told(chosen: dict[str, str], problem: str) -> None:
    """Each problem names its command; nothing is dropped silently."""
    [first, *_] = keymap.check(chosen)
    assert first["field"] in chosen
    assert problem in first["problem"]
