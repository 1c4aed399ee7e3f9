"""Reading answers in OpenAI's protocol, whole or streamed: untrusted input, checked by a schema.

Pure. Whatever does not fit is `Malformed`, with a text that holds nothing of the answer.
"""

from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from apps.inference.providers.base import (
    BrokenOff,
    Completion,
    Malformed,
    Say,
    ToolCall,
    Usage,
)

MOST_BYTES = 4_000_000  # of one answer; the longest context any model has is a fraction of it
MOST_TOKENS = 10_000_000  # of one call; a larger count is a mistake, or meant to do harm
MOST_NAME = 100  # characters of a model's name
DONE = b"[DONE]"


def _without_nul(text: str) -> str:
    return text.replace("\0", "")


# PostgreSQL keeps every text but one with a NUL in it
Text = Annotated[str, AfterValidator(_without_nul)]
Name = Annotated[Text, AfterValidator(lambda text: text[:MOST_NAME])]


class Answer(BaseModel):
    """Base of the parts of an answer we rely on; anything else is dropped."""

    model_config = ConfigDict(extra="ignore")


class _Function(Answer):
    name: Text
    arguments: Text = ""


class _Call(Answer):
    id: Text = ""
    function: _Function


class _Said(Answer):
    content: Text | None = None
    tool_calls: list[_Call] | None = None


class _Choice(Answer):
    message: _Said
    finish_reason: Text | None = None


class Counted(Answer):
    """Tokens as the provider counts them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Chat(Answer):
    """A whole answer of `/chat/completions`."""

    model: Name = ""
    choices: list[_Choice]
    usage: Counted | None = None


class _FunctionPart(Answer):
    name: Text | None = None
    arguments: Text | None = None


class _CallPart(Answer):
    index: int | None = None
    id: Text | None = None
    function: _FunctionPart = _FunctionPart()


class _SaidPart(Answer):
    content: Text | None = None
    tool_calls: list[_CallPart] | None = None


class _ChoicePart(Answer):
    index: int = 0
    delta: _SaidPart = _SaidPart()
    finish_reason: Text | None = None


class _Chunk(Answer):
    model: Name | None = None
    choices: list[_ChoicePart] = []
    usage: Counted | None = None
    error: object = None


Shape = TypeVar("Shape", bound=Answer)


def read(content: bytes, shape: type[Shape]) -> Shape:
    """The JSON text as a shape. Raises `Malformed`."""
    try:
        return shape.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise Malformed(f"the answer does not fit at {where}: {first['type']}") from None


def completion(answer: Chat) -> Completion:
    """The first choice of a whole answer, if it is whole. Raises `Malformed`."""
    if not answer.choices:
        raise Malformed("the answer holds no choice")
    choice = answer.choices[0]
    if choice.finish_reason is None:
        raise Malformed("the answer was cut: it has no finish reason")
    calls = enumerate(choice.message.tool_calls or [])
    return Completion(
        text=choice.message.content or "",
        tool_calls=tuple(
            ToolCall(
                id=call.id or f"call_{number}",
                name=call.function.name,
                arguments=call.function.arguments,
            )
            for number, call in calls
        ),
        usage=usage(answer.usage),
        finish_reason=choice.finish_reason,
        model=answer.model,
    )


def usage(counted: Counted | None) -> Usage | None:
    """Tokens as counted by the provider; None if it counted nothing, or what cannot be."""
    if counted is None:
        return None
    tokens = Usage(
        input_tokens=max(0, counted.prompt_tokens), output_tokens=max(0, counted.completion_tokens)
    )
    return tokens if 0 < tokens.input_tokens + tokens.output_tokens <= MOST_TOKENS else None


@dataclass
class _Wish:
    """A tool call as it comes together."""

    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass
class Gathered:
    """A streamed answer as it comes together; `say` hears each piece of it at once."""

    say: Say
    text: list[str] = field(default_factory=list)
    wishes: dict[int, _Wish] = field(default_factory=dict)
    finish_reason: str | None = None
    model: str = ""
    counted: Counted | None = None

    def add(self, data: bytes) -> None:
        """Take the data of one server-sent event. Raises `Malformed`, `BrokenOff`."""
        chunk = read(data, _Chunk)
        if chunk.error:
            raise BrokenOff("the provider broke its answer off with an error")
        self.model = chunk.model or self.model
        self.counted = chunk.usage or self.counted
        for choice in chunk.choices:
            if choice.index:
                continue  # one choice was asked for
            self.finish_reason = choice.finish_reason or self.finish_reason
            if choice.delta.content:
                self.text.append(choice.delta.content)
                self.say(choice.delta.content)
            for part in choice.delta.tool_calls or ():
                self._call(part)

    def _call(self, part: _CallPart) -> None:
        """Take a piece of a tool call; one without a number continues or follows the last."""
        last = max(self.wishes, default=-1)
        number = part.index
        if number is None:
            number = last + 1 if part.id or last < 0 else last
        begun = number in self.wishes
        wish = self.wishes.setdefault(number, _Wish())
        wish.id = wish.id or part.id or ""
        wish.name = wish.name or part.function.name or ""
        wish.arguments += part.function.arguments or ""
        self.say("" if begun else f"\n→ {wish.name} ")
        self.say(part.function.arguments or "")

    def whole(self) -> Completion:
        """The answer, once the stream has ended. Raises `Malformed` if it was cut."""
        if self.finish_reason is None:
            raise Malformed("the answer was cut: it has no finish reason")
        wishes = [self.wishes[number] for number in sorted(self.wishes)]
        if not all(wish.name for wish in wishes):
            raise Malformed("the answer calls a tool without a name")
        return Completion(
            text="".join(self.text),
            tool_calls=tuple(
                ToolCall(id=wish.id or f"call_{n}", name=wish.name, arguments=wish.arguments)
                for n, wish in enumerate(wishes)
            ),
            usage=usage(self.counted),
            finish_reason=self.finish_reason,
            model=self.model,
        )
