"""One answer of Chat Completions, from a whole document or from a stream of chunks. Pure.

What is missing, null or wrapped otherwise is taken as it is meant; what cannot be is `Malformed`,
with a text that holds nothing of the answer.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from apps.inference.providers.base import BrokenOff, Completion, Malformed, ProviderError, Say
from apps.inference.providers.openai import finish, limits, parts, refusals, texts
from apps.inference.providers.openai.calls import Calls
from apps.inference.providers.openai.framing import Document
from apps.inference.providers.openai.reasoning import Thoughts
from apps.inference.providers.openai.thinking import Thinking
from apps.inference.providers.openai.usage import usage

BROKEN = "the provider broke its answer off with an error"


def silence(_text: str) -> None:
    """Where nobody listens."""


class ChatAnswer:
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
        self._headers = headers
        self._pieces = texts.Pieces()
        self._thinking = Thinking(unopened=unopened)
        self._thoughts = Thoughts()
        self._calls = Calls(names)
        self._legacy: dict[str, Any] | None = None
        self._refusal: list[str] = []
        self._reason: str | None = None
        self._seen = self._begun = self._ended = self._framed = self._streamed = False
        self._size = 0
        self._model = ""
        self._counted: Any = None

    @property
    def began_inside(self) -> bool:
        """Whether the answer began within a thought that nothing opened."""
        return self._thinking.began_inside

    def add(self, document: Document) -> None:
        """Take what came. Raises what the provider said went wrong, or `Malformed`."""
        if document.end:
            self._ended = True
            return
        body = document.value
        failed = refusals.of_body(body, self._headers)
        if isinstance(body, list) and len(body) == 1:
            body = body[0]
        if not isinstance(body, dict):
            raise Malformed("the answer does not fit: it is no object")
        unsaid = document.event == "error" if failed is None else str(failed) == refusals.UNSAID
        if unsaid and document.framed:
            failed = BrokenOff(BROKEN)
        self._framed = self._framed or document.framed
        self._take(body)
        if failed is not None and not self._is_cut():
            raise self._broken(failed)

    def _take(self, body: dict[str, Any]) -> None:
        """Model, tokens and the first choice of a document."""
        if isinstance(body.get("model"), str):
            self._model = texts.whole(body["model"])[: limits.MOST_NAME] or self._model
        choices = body.get("choices")
        choices = [choices] if isinstance(choices, dict) else choices
        groq = body.get("x_groq")
        counted = [body.get("usage"), groq.get("usage") if isinstance(groq, dict) else None]
        for choice in choices if isinstance(choices, list) else []:
            if isinstance(choice, dict):
                counted.append(choice.get("usage"))  # Moonshot
                if choice.get("index") in (None, 0):
                    self._choice(choice)
        self._counted = next((count for count in counted if count), self._counted)

    def _choice(self, choice: dict[str, Any]) -> None:
        """What a choice adds to the answer."""
        delta, message = choice.get("delta"), choice.get("message")
        said = delta if isinstance(delta, dict) and delta else message or delta
        self._seen = self._seen or "delta" in choice or isinstance(message, dict)
        if isinstance(said, dict):
            self._message(said, whole=said is message)
        reason = choice.get("finish_reason")
        if isinstance(reason, str):
            self._reason = reason or self._reason or ""
        error = choice.get("error")
        if error:
            failed = refusals.of_body({"error": error}, self._headers)
            raise self._broken(failed or BrokenOff(BROKEN))

    def _message(self, said: dict[str, Any], *, whole: bool) -> None:
        """Text, thoughts and calls of a message or of a piece of one."""
        heard: list[str] = []
        for thought, text in parts.said(said.get("content")):
            self._grow(text)
            if thought:
                self._thinking.thoughts.append(text)
            else:
                heard.append(self._thinking.take(self._pieces.take(text)))
        refusal = said.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._refusal.append(refusal)
        self._thoughts.add(said, whole=whole)
        heard += self._call(said, whole=whole)
        self._begun = self._begun or any(heard) or any(self._thoughts.text)
        if not whole:
            self._aloud(heard)

    def _call(self, said: dict[str, Any], *, whole: bool) -> list[str]:
        """The calls, in today's form or in the one before."""
        found = said.get("tool_calls")
        found = [found] if isinstance(found, dict) else found
        if found is not None and not isinstance(found, list):
            raise Malformed("the answer does not fit at tool_calls: it is no list")
        told = [self._calls.add(call, whole=whole) for call in found or ()]
        if not found and isinstance(said.get("function_call"), dict):
            told.append(self._calls.add({"index": 0, "function": said["function_call"]}))
        for piece in told:
            self._grow(piece)
        return told

    def _aloud(self, pieces: Iterable[str]) -> None:
        """Let who listens hear; an answer in one piece is not read out afterwards."""
        self._streamed = True
        for piece in pieces:
            if piece:
                self._say(texts.whole(piece))

    def _grow(self, text: str) -> None:
        self._size += len(text)
        if self._size > limits.MOST_BYTES:
            raise Malformed(f"the answer has no end: more than {limits.MOST_BYTES} characters")

    def _is_cut(self) -> bool:
        """Whether the limit was reached already: OpenRouter sends an error after that."""
        return finish.reason(self._reason or "") == finish.LENGTH

    def _broken(self, failed: ProviderError) -> ProviderError:
        """What said something before it failed may be billed."""
        return BrokenOff(BROKEN) if self._begun or self._size else failed

    def whole(self) -> Completion:
        """The answer, once nothing follows. Raises `Malformed` if it was cut."""
        if not self._seen:
            raise Malformed("the answer holds no choice")
        whole = self._ended or not self._framed
        if self._reason is None or (not self._reason and not whole):
            raise Malformed("the answer was cut: it has no finish reason")
        last = self._thinking.take(self._pieces.rest()) + self._thinking.rest()
        if self._streamed:
            self._aloud([last])
        calls = self._calls.whole()
        reason = finish.reason(texts.whole(self._reason)) or (
            finish.CALLS if calls else finish.STOP
        )
        if reason == finish.BROKEN:
            raise BrokenOff(BROKEN)
        thoughts = texts.whole("".join([*self._thoughts.text, *self._thinking.thoughts]))
        text = "".join(self._thinking.answer)
        return Completion(
            text=text or texts.whole("".join(self._refusal)),
            tool_calls=calls,
            usage=usage(self._counted),
            finish_reason=reason,
            model=self._model,
            reasoning=thoughts.strip(),
            replay=self._thoughts.replay(),
        )
