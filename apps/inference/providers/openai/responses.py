"""One answer of the Responses API, from a whole document or from a stream of events. Pure.

The last event of a stream usually holds the whole answer, which then counts; some servers leave
its output empty, so that what the events brought is kept as well.
"""

from collections.abc import Collection, Mapping
from typing import Any

from apps.inference.providers.base import (
    RESPONSE_ITEMS,
    BrokenOff,
    Completion,
    Malformed,
    ProviderError,
    Say,
)
from apps.inference.providers.openai import finish, limits, parts, refusals, texts
from apps.inference.providers.openai.calls import Calls
from apps.inference.providers.openai.chat import BROKEN, silence
from apps.inference.providers.openai.framing import Document
from apps.inference.providers.openai.thinking import Thinking
from apps.inference.providers.openai.usage import usage

_LAST = ("response.completed", "response.incomplete", "response.failed", "response.done")
_TEXT = ("response.output_text.delta", "response.refusal.delta")
_ARGUMENTS = "response.function_call_arguments."


class ResponsesAnswer:
    """An answer as it comes together; `say` hears each piece of it at once."""

    def __init__(
        self,
        say: Say | None,
        *,
        names: Collection[str] = (),
        headers: Mapping[str, str],
        unopened: bool = False,
    ) -> None:
        self._say: Say = say or silence
        self._names = names
        self._headers = headers
        self._pieces = texts.Pieces()
        self._heard = Thinking(unopened=unopened)
        self._items: dict[str, dict[str, Any]] = {}
        self._texts: dict[str, list[str]] = {}
        self._last: dict[str, Any] | None = None
        self._size = 0
        self.began_inside = False

    def add(self, document: Document) -> None:
        """Take what came. Raises what the provider said went wrong, or `Malformed`."""
        if document.end:
            return
        body = document.value
        kind = body.get("type") if isinstance(body, dict) else None
        kind = kind if isinstance(kind, str) else document.event
        if not isinstance(body, dict):
            raise Malformed("the answer does not fit: it is no object")
        if kind == "error" or (not kind and body.get("object") != "response"):
            failed = refusals.of_body(body, self._headers)
            if failed is None and kind != "error":
                raise Malformed("the answer does not fit: it holds no response")
            raise self._broken(failed)
        self._size += len(parts.plain(body.get("delta")))
        if self._size > limits.MOST_BYTES:
            raise Malformed(f"the answer has no end: more than {limits.MOST_BYTES} characters")
        if body.get("object") == "response":
            self._last = body
        elif kind in _LAST:
            self._last = body["response"] if isinstance(body.get("response"), dict) else {}
            self._last.setdefault("status", kind.removeprefix("response."))
        else:
            self._event(kind, body)

    def _event(self, kind: str, body: dict[str, Any]) -> None:
        """An event before the last."""
        item = body.get("item")
        named = item.get("id") if isinstance(item, dict) else body.get("item_id")
        key = str(body.get("output_index", named))[:100]
        delta = body.get("delta")
        if kind.startswith("response.output_item.") and isinstance(item, dict):
            self._items[key] = item
            if kind.endswith("added") and item.get("type") == "function_call":
                self._say(f"\n→ {parts.plain(item.get('name'))} ")
        elif kind in _TEXT and isinstance(delta, str):
            self._texts.setdefault(key, []).append(delta)
            if piece := self._heard.take(self._pieces.take(delta)):
                self._say(piece)
        elif kind == _ARGUMENTS + "delta" and isinstance(delta, str):
            self._texts.setdefault(key, []).append(delta)
            self._say(texts.whole(delta))
        elif kind == _ARGUMENTS + "done" and isinstance(body.get("arguments"), str):
            self._texts[key] = [body["arguments"]]

    def _broken(self, failed: ProviderError | None) -> ProviderError:
        """What said something before it failed may be billed."""
        if self._size or failed is None:
            return BrokenOff(BROKEN)
        return failed

    def _output(self, last: dict[str, Any]) -> list[dict[str, Any]]:
        """The items of the answer: as the end lists them, else as the events brought them."""
        output = last.get("output")
        if isinstance(output, list) and output:
            return [item for item in output if isinstance(item, dict)]
        found = []
        for key, item in self._items.items():
            text = "".join(self._texts.get(key, ()))
            name = {"function_call": "arguments", "message": "content"}.get(str(item.get("type")))
            found.append({**item, name: text} if name and not item.get(name) else item)
        known = self._items.keys()
        loose = ["".join(made) for key, made in self._texts.items() if key not in known]
        return [*found, *({"type": "message", "content": text} for text in loose)]

    def whole(self) -> Completion:
        """The answer, once nothing follows. Raises `Malformed` if it was cut."""
        last = self._last
        if last is None:
            raise Malformed("the answer was cut: it has no end")
        status = last.get("status")
        if last.get("error") or status in ("failed", "cancelled"):
            raise self._broken(refusals.of_body({"error": last.get("error")}, self._headers))
        if status not in ("completed", "incomplete", "done", None):
            raise Malformed("the answer was cut: it is not completed")
        thinking, calls, items = Thinking(), Calls(self._names), []
        for item in self._output(last):
            if item.get("type") == "message":
                _read(item, thinking)
            elif item.get("type") == "function_call":
                calls.add(_call(item), whole=True)
            elif item.get("type") == "reasoning":
                thinking.thoughts.append(
                    parts.plain(item.get("summary")) + parts.plain(item.get("content"))
                )
                items.append(_sendable(item))
        thinking.rest()
        self.began_inside = thinking.began_inside
        made = calls.whole()
        return Completion(
            text=texts.whole("".join(thinking.answer)),
            tool_calls=made,
            usage=usage(last.get("usage")),
            finish_reason=_reason(last, bool(made)),
            model=texts.whole(str(last.get("model") or ""))[: limits.MOST_NAME],
            reasoning=texts.whole("".join(thinking.thoughts)).strip(),
            replay={RESPONSE_ITEMS: kept} if (kept := [entry for entry in items if entry]) else {},
        )


def _read(item: dict[str, Any], thinking: Thinking) -> None:
    """The text of a message."""
    for thought, text in parts.said(item.get("content")):
        if thought:
            thinking.thoughts.append(text)
        else:
            thinking.take(texts.whole(text))


def _call(item: dict[str, Any]) -> dict[str, Any]:
    """A call as Chat Completions would have it."""
    function = {"name": item.get("name"), "arguments": item.get("arguments")}
    return {"id": item.get("call_id") or item.get("id"), "function": function}


def _sendable(item: dict[str, Any]) -> dict[str, Any] | None:
    """A reasoning item as it may be sent back: nothing is stored, so it must hold its content."""
    if not (item.get("encrypted_content") or item.get("content")):
        return None
    kept: dict[str, Any] = texts.kept(
        {name: value for name, value in item.items() if name != "status" and value is not None}
    )
    return {"summary": [], **kept}


def _reason(last: dict[str, Any], called: bool) -> str:
    """Why it stopped: `incomplete_details` where it is not complete."""
    if last.get("status") == "incomplete":
        details = last.get("incomplete_details")
        said = details.get("reason") if isinstance(details, dict) else None
        return finish.reason(texts.whole(said)) if isinstance(said, str) and said else finish.LENGTH
    return finish.CALLS if called else finish.STOP
