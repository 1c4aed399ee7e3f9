"""What every provider of models is: one question, one complete answer or one honest error.

Messages have the shape of OpenAI's chat API (`{"role": "user", "content": "..."}`): plain JSON, so
that a run can keep its conversation in a checkpoint. Errors never carry the prompt, the answer or
a key; their text may be logged and stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Protocol

Message = Mapping[str, Any]
Say = Callable[[str], None]  # hears an answer piece by piece, as it comes
RESPONSE_ITEMS = "response_items"  # member of a message: reasoning of the Responses API
LONGEST = 3  # a streamed answer may take this many times the time-out in all


class Outcome(StrEnum):
    """How an attempt to ask a model ended."""

    STARTED = "started"  # sent, or about to be; no answer yet
    OK = "ok"
    ERROR = "error"  # refused, failed or not reached
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    MALFORMED = "malformed"  # an answer came, but not a whole and well-formed one
    LOST = "lost"  # the asking process died; whether the model answered is not known


@dataclass(frozen=True, kw_only=True)
class Tool:
    """Something the model may ask for; `parameters` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """The model's wish to use a tool. `arguments` is its raw text: untrusted, maybe not JSON.

    `extra` are members the server wants back with the call.
    """

    id: str
    name: str
    arguments: str
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens the provider counted."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A whole answer. `usage` is None if the provider did not count.

    `finish_reason` is `stop`, `tool_calls`, `length` (cut at the limit), `content_filter` or the
    provider's own word. `reasoning` is what the model thought before: for nobody to read as its
    answer or reason. `replay` are the members of the message that its server wants back.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    finish_reason: str = "stop"
    model: str = ""
    reasoning: str = ""
    replay: Mapping[str, Any] = field(default_factory=dict)

    def as_message(self) -> dict[str, Any]:
        """The answer as the next message of the conversation."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text or None}
        message |= self.replay
        if self.tool_calls:
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                    **call.extra,
                }
                for call in self.tool_calls
            ]
        return message


@dataclass(frozen=True, kw_only=True)
class Embeddings:
    """One vector per text, in their order."""

    vectors: list[list[float]]
    usage: Usage | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """One request for a completion; `timeout_s` bounds connecting and each wait for data.

    An answer that keeps coming ends after `LONGEST` times as long.
    """

    model: str
    messages: Sequence[Message]
    tools: Sequence[Tool] = ()
    max_output_tokens: int
    timeout_s: float


class ProviderError(Exception):
    """An attempt failed. The class says how, whether to repeat, and whether it may be billed."""

    outcome: ClassVar[Outcome] = Outcome.ERROR
    repeatable: ClassVar[bool] = True
    may_be_billed: ClassVar[bool] = False

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RateLimited(ProviderError):
    """The provider asks to slow down (429)."""

    outcome = Outcome.RATE_LIMITED


class TimedOut(ProviderError):
    """No answer in time; the provider may have worked, and may charge, all the same."""

    outcome = Outcome.TIMEOUT
    may_be_billed = True


class Unreachable(ProviderError):
    """No connection to the provider: the question was never sent."""


class BrokenOff(ProviderError):
    """The connection broke after the question was sent."""

    may_be_billed = True


class Failed(ProviderError):
    """The provider failed by its own fault (5xx)."""


class Refused(ProviderError):
    """The provider will not answer this request (other 4xx): key, model name or size is wrong."""

    repeatable = False


class Malformed(ProviderError):
    """The answer is not one: broken JSON, a missing part, or cut before its finish reason."""

    outcome = Outcome.MALFORMED
    may_be_billed = True


class TooLong(Malformed):
    """The answer is longer than any answer is; the rest was not read."""

    repeatable = False


class Embedder(Protocol):
    """Turns texts into vectors. Raises only `ProviderError`."""

    def embed(
        self, texts: Sequence[str], *, model: str, dimensions: int, timeout_s: float
    ) -> Embeddings:
        """Vectors for the texts, asked once, without retries."""
        ...


class Provider(Embedder, Protocol):
    """Speaks one protocol to one endpoint. Both methods raise only `ProviderError`."""

    def complete(self, question: Question, say: Say | None = None) -> Completion:
        """Ask once, without retries. `say` hears the model's words as they come, if they do."""
        ...
