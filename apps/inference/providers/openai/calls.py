"""Calls of tools as they come together from whole messages or from fragments of a stream. Pure.

Fragments say by `index` to which call they belong, or by `id`, or not at all; many servers write
index 0 for every call (Ollama, Gemini, several proxies), repeat id and name in each fragment, or
invent a new id for each. A fragment begins a new call when it names a tool and the call before is
another one or complete; what it cannot be told from is a continuation.
"""

import json
from collections.abc import Collection
from typing import Any

from apps.inference.providers.base import Malformed, ToolCall
from apps.inference.providers.openai import texts

_CHECKED = 100_000  # characters of arguments; longer ones are refused later anyway
_KEPT = ("extra_content",)  # Gemini wants its thought's signature back with the call


class Wish:
    """A call as it comes together."""

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.id = ""
        self.name = ""
        self.extra: dict[str, Any] = {}
        self._pieces: list[str] = []

    @property
    def arguments(self) -> str:
        """What came so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def add(self, arguments: Any) -> str:
        """Take arguments; what is new of them as text. A whole object stands for all before."""
        if arguments is None:
            return ""
        if isinstance(arguments, str):
            # An empty object first, then the text in fragments
            if self._pieces and arguments.strip() and self.arguments.strip() in ("{}", "null"):
                self._pieces.clear()
            self._pieces.append(arguments)
            return arguments
        text = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
        if text == "{}" and self.arguments.strip():
            return ""
        told = "" if self._pieces else text
        self._pieces = [text]
        return told

    def complete(self) -> bool:
        """Whether the arguments are a whole JSON object already."""
        text = self.arguments.strip()
        if len(text) > _CHECKED or not (text[:1] == "{" and text[-1:] == "}"):
            return False
        try:
            json.loads(text, strict=False)
        except (ValueError, RecursionError):
            return False
        return True


class Calls:
    """The calls of one answer; `names` are the tools there are."""

    def __init__(self, names: Collection[str] = ()) -> None:
        self._names = names
        self.wishes: list[Wish] = []

    def add(self, part: Any, *, whole: bool = False) -> str:
        """Take a call, or a fragment of one; what is new of it, to be told as it comes."""
        if part is None:
            return ""
        if not isinstance(part, dict):
            raise Malformed("the answer does not fit at tool_calls: it is no call")
        function = part.get("function")
        # Some servers leave out the envelope
        function = function if isinstance(function, dict) else part
        name, arguments = _text(function.get("name")), function.get("arguments")
        wish = None if whole else self._continued(part, name, arguments)
        begun = wish is not None
        if wish is None:
            wish = Wish(_index(part))
            self.wishes.append(wish)
        wish.id = wish.id or _text(part.get("id"))
        wish.name = self._named(wish, name)
        wish.extra |= {
            key: texts.kept(part[key]) for key in _KEPT if isinstance(part.get(key), dict)
        }
        if name and begun and arguments is not None and arguments == wish.arguments:
            return ""  # the whole call, once more
        told = wish.add(arguments)
        return told if begun else f"\n→ {wish.name} {told}"

    def _continued(self, part: dict[str, Any], name: str, arguments: Any) -> Wish | None:
        """The call that this fragment goes on with; None if it begins one."""
        key = _text(part.get("id"))
        last = self._last(_index(part), key)
        if last is None or not name:
            return last
        if key and last.id and key != last.id:
            return None
        return last if self._goes_on(last, key, name, arguments) else None

    def _last(self, index: int | None, key: str) -> Wish | None:
        """The latest call of this index; without one, of this id; without that, of all."""
        if index is not None:
            found = [wish for wish in self.wishes if wish.index == index]
        else:
            found = [wish for wish in self.wishes if key and wish.id == key] or self.wishes
        return found[-1] if found else None

    def _goes_on(self, last: Wish, key: str, name: str, arguments: Any) -> bool:
        """Whether a fragment with a name, and with no other id, belongs to the call before."""
        if name != last.name and last.name and not self._is_rest_of_name(last, name):
            return False
        if not last.complete():
            return True
        text = arguments if isinstance(arguments, str) else None
        if text is not None and not text.strip():
            return True  # the name once more
        again = arguments == _value(last.arguments) or text == last.arguments
        return bool(key) and key == last.id and (again or last.arguments.strip() == "{}")

    def _is_rest_of_name(self, last: Wish, name: str) -> bool:
        """Whether a tool's name came in two pieces."""
        joined = last.name + name
        return not last.arguments and any(known.startswith(joined) for known in self._names)

    def _named(self, wish: Wish, name: str) -> str:
        """The call's name with this piece of it."""
        if not wish.name or wish.name == name or not name:
            return wish.name or name
        return wish.name + name if self._is_rest_of_name(wish, name) else wish.name

    def whole(self) -> tuple[ToolCall, ...]:
        """The calls, once nothing follows. Raises `Malformed` if one names no tool."""
        if not all(wish.name for wish in self.wishes):
            raise Malformed("the answer calls a tool without a name")
        taken: set[str] = set()
        found = []
        for number, wish in enumerate(self.wishes):
            key = _unique(wish.id or f"call_{number}", taken)
            arguments = texts.whole_json(wish.arguments)
            found.append(
                ToolCall(
                    id=key,
                    name=wish.name,
                    arguments="{}" if arguments.strip() in ("", "null") else arguments,
                    extra=wish.extra,
                )
            )
        return tuple(found)


def _unique(key: str, taken: set[str]) -> str:
    """The id, changed where another call of the answer has it: each result is sent to one."""
    found, number = key, 1
    while found in taken:
        number += 1
        found = f"{key}_{number}"
    taken.add(found)
    return found


def _index(part: dict[str, Any]) -> int | None:
    """The call's number; Ollama's own API has it inside."""
    function = part.get("function")
    index = part.get("index", function.get("index") if isinstance(function, dict) else None)
    return index if isinstance(index, int) and not isinstance(index, bool) else None


def _text(value: Any) -> str:
    """An id or a name as text."""
    if isinstance(value, str):
        return texts.whole(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _value(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
