"""Titles as they should be written, where that is sure. Pure, and what is tidy stays as it is.

A mark is never moved: a full stop may begin a number or end an abbreviation, and a blank before a
colon is right in French. Capitals are only written as names where every word is an ordinary one.
"""

import re
from dataclasses import dataclass

from apps.agents.playbooks.product_texts.capitals import quiet

BLANKS = re.compile(r"[ \t\r\n\f\v]+")  # not those that keep words together
BEFORE_COMMA = re.compile(r"(?<=[^\W_]) +,(?= )")
# One mark after a blank, or a comma that nothing follows; `+ -` and the like may be meant
AT_THE_END = re.compile(r"(?:(?<![+/±&\s])\s+[.,;:–—-]|[,;])+\s*$")


@dataclass(frozen=True, kw_only=True)
class Tidied:
    """A title as it should be, and what was done to it, in words; nothing where it was tidy.

    `is_only_spacing`: nothing but blanks was changed, so that it cannot mean anything else.
    """

    title: str
    done: tuple[str, ...]
    is_only_spacing: bool = False


def tidy(title: str, *, quieten: bool) -> Tidied:
    """White space in order, nothing left over at the end, and no shouting."""
    steps = [("put white space in order", spaced(title))]
    spacing = steps[0][1]
    steps.append(("took away what was left over at the end", AT_THE_END.sub("", spacing)))
    if quieten:
        steps.append(("wrote capitals as names", quiet(steps[-1][1])))
    before, done = title, []
    for words, after in steps:
        if after != before:
            done.append(words)
        before = after
    if not before:
        return Tidied(title=title, done=())
    return Tidied(title=before, done=tuple(done), is_only_spacing=before == spacing)


def spaced(title: str) -> str:
    """One blank between words, none before a comma or around the whole."""
    return BEFORE_COMMA.sub(",", BLANKS.sub(" ", title)).strip()
