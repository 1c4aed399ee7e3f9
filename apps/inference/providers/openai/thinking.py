"""Thoughts a model writes into its answer between tags, kept apart while they come. Pure.

Some chat templates open the tag in the prompt, so that only its end comes: all before is thought.
"""

import re

_NAMES = ("think", "thinking", "thought", "thoughts", "reasoning", "seed:think")
_NAME = "|".join(map(re.escape, _NAMES))
_OPEN = re.compile(rf"<(?:{_NAME})(?:\s[^<>]{{0,100}})?>|\[THINK\]|◁think▷", re.IGNORECASE)
_CLOSE = re.compile(rf"</(?:{_NAME})\s*>|\[/THINK\]|◁/think▷", re.IGNORECASE)
_LONGEST = 120
_STARTS = (
    *(f"<{slash}{name}>" for name in _NAMES for slash in ("", "/")),
    "[think]",
    "[/think]",
    "◁think▷",
    "◁/think▷",
)
_ATTRIBUTES = re.compile(rf"</?(?:{_NAME})\s[^<>]*$", re.IGNORECASE)


def _could_be_tag(text: str) -> bool:
    """Whether this may become a tag with what follows."""
    low = text.lower()
    return any(start.startswith(low) for start in _STARTS) or bool(_ATTRIBUTES.match(text))


def _safe(text: str) -> int:
    """How many characters can be no part of a tag that is still coming."""
    for place in range(max(0, len(text) - _LONGEST), len(text)):
        if text[place] in "<[◁" and _could_be_tag(text[place:]):
            return place
    return len(text)


class Thinking:
    """Takes a text in pieces and tells answer from thought.

    `unopened` is what was learned of this model before: it begins inside of a thought. Then
    nothing is said until the thought ends. `began_inside` says whether this one did.
    """

    def __init__(self, *, unopened: bool = False) -> None:
        self.answer: list[str] = []
        self.thoughts: list[str] = []
        self.began_inside = False
        self._silent = unopened
        self._opened = False
        self._inside = False
        self._after = False  # nothing but space since the last thought
        self._left = ""

    def take(self, piece: str) -> str:
        """The part of the answer that is now certain, to be told as it comes."""
        return self._advance(self._left + piece, final=False)

    def rest(self) -> str:
        """The end of the answer, once nothing follows; all of it if it was held back in vain."""
        silent = self._silent
        said = self._advance(self._left, final=True)
        if silent and self._silent:
            return "".join(self.answer)
        return said

    def _advance(self, text: str, *, final: bool) -> str:
        said: list[str] = []
        while found := self._next(text):
            self._put(text[: found.start()], said)
            if _CLOSE.fullmatch(found.group()):
                self._close(said)
            else:
                self._open()
            text = text[found.end() :]
        place = len(text) if final else _safe(text)
        self._put(text[:place], said)
        self._left = text[place:]
        return "" if self._silent else "".join(said)

    def _next(self, text: str) -> re.Match[str] | None:
        """The next tag that means something here; a thought may speak of the tag that opens it."""
        closing = _CLOSE.search(text)
        opening = None if self._inside else _OPEN.search(text)
        if opening and (not closing or opening.start() < closing.start()):
            return opening
        return closing

    def _open(self) -> None:
        if not any(text.strip() for text in self.answer[:4]):  # space before the first thought
            self.answer.clear()
        self._opened = self._inside = True
        self._silent = False

    def _close(self, said: list[str]) -> None:
        """End a thought; if none was open, all before was one."""
        if not self._inside:
            self.thoughts += self.answer
            self.answer.clear()
            said.clear()
            self.began_inside = self.began_inside or not self._opened
        self._inside = self._silent = False
        self._after = True

    def _put(self, text: str, said: list[str]) -> None:
        if self._inside:
            self.thoughts.append(text)
            return
        if self._after:
            text = text.lstrip()
            self._after = not text
        self.answer.append(text)
        said.append(text)
