"""A provider for any endpoint that speaks OpenAI's protocol, in either of its APIs."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from apps.inference.providers.base import (
    LONGEST,
    Completion,
    Embeddings,
    Question,
    Refused,
    Say,
)
from apps.inference.providers.openai import dialect as dialects
from apps.inference.providers.openai import framing, messages, refusals, transport, vectors
from apps.inference.providers.openai.chat import ChatAnswer
from apps.inference.providers.openai.dialect import AUTO, CHAT, MOST_PROBES, RESPONSES, Dialect
from apps.inference.providers.openai.refusals import NotTaken
from apps.inference.providers.openai.responses import ResponsesAnswer
from apps.outbound.addresses import Network

_PATHS = {CHAT: "/chat/completions", RESPONSES: "/responses"}
_ENCRYPTED = "reasoning.encrypted_content"


class OpenAIProvider:
    """`base_url` empty means OpenAI itself; `api_key` may be empty for a local server.

    `api` is `chat`, `responses` or `auto`: Chat Completions, and Responses once the endpoint says
    that it knows only those for the model. `allowed` are the networks beside the outside world in
    which the endpoint may lie; elsewhere nothing is sent.
    """

    def __init__(
        self, *, base_url: str, api_key: str, allowed: Sequence[Network], api: str = AUTO
    ) -> None:
        self._base_url = base_url
        self._endpoint = transport.Endpoint(
            base_url=base_url, api_key=api_key, allowed=tuple(allowed)
        )
        self._api = api

    def complete(self, question: Question, say: Say | None = None) -> Completion:
        """Ask once, streamed if somebody listens; the `ProviderError` that fits is raised.

        A request the endpoint does not take as it is is changed and sent again, within the time
        of one answer; what was learned is remembered for the endpoint and the model.
        """
        key = (self._base_url, question.model, "complete")
        until = time.monotonic() + question.timeout_s * LONGEST
        start = dialects.known(key, self._default())
        first: NotTaken | None = None
        dialect = start
        for _ in range(MOST_PROBES + 1):
            body = self._body(question, dialect, stream=say is not None)
            try:
                answer, began_inside = self._answer(question, dialect, body, say, until)
            except NotTaken as refusal:
                first = first or refusal
                changed = self._changed(refusal, dialect, body)
                if changed is None:
                    break
                dialect = changed
                continue
            kept = dialect.unopened and not answer.text
            dialect = replace(dialect, unopened=began_inside or kept)
            if dialect != start:
                dialects.remember(key, dialect)
            return answer
        raise Refused(str(first)) from None

    def _default(self) -> Dialect:
        """Before anything is learned."""
        if self._api == RESPONSES:
            return Dialect(api=RESPONSES, limit="max_output_tokens")
        # OpenAI's newer models refuse `max_tokens`; most compatible servers know nothing else
        return Dialect(limit="max_tokens" if self._base_url else "max_completion_tokens")

    def _changed(self, refusal: NotTaken, dialect: Dialect, body: dict[str, Any]) -> Dialect | None:
        """How to ask instead of what was refused."""
        other = dialects.other_api(refusal, dialect.api) if self._api == AUTO else None
        if other is not None:
            return Dialect(api=RESPONSES, limit="max_output_tokens")
        return dialect.learn(refusal, body)

    def _body(self, question: Question, dialect: Dialect, *, stream: bool) -> dict[str, Any]:
        """The request in this dialect."""
        body: dict[str, Any] = {"model": question.model}
        if dialect.limit:
            body[dialect.limit] = question.max_output_tokens
        if dialect.api == CHAT:
            body["messages"] = messages.for_chat(question.messages, dialect)
            tools = [messages.tool_for_chat(tool) for tool in question.tools]
            body |= {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
        else:
            body["input"] = messages.for_responses(question.messages)
            tools = [messages.tool_for_responses(tool) for tool in question.tools]
            body |= {"store": False, "include": [_ENCRYPTED]}
            body |= {"stream": True} if stream else {}
        if tools:
            body["tools"] = tools
        return dialects.without(body, dialect)

    def _answer(
        self,
        question: Question,
        dialect: Dialect,
        body: dict[str, Any],
        say: Say | None,
        until: float,
    ) -> tuple[Completion, bool]:
        """One request and its answer, and whether the answer began within a thought."""
        kind = ChatAnswer if dialect.api == CHAT else ResponsesAnswer
        with transport.ask(
            self._endpoint,
            _PATHS[dialect.api],
            body,
            timeout_s=question.timeout_s,
            until=until,
        ) as reply:
            answer = kind(
                say,
                names=frozenset(tool.name for tool in question.tools),
                headers=reply.headers,
                unopened=dialect.unopened,
            )
            for document in framing.documents(reply.pieces):
                answer.add(document)
            return answer.whole(), answer.began_inside

    def embed(
        self, texts: Sequence[str], *, model: str, dimensions: int, timeout_s: float
    ) -> Embeddings:
        """Vectors in the order of the texts. Raises the `ProviderError` that fits."""
        key = (self._base_url, model, "embed")
        until = time.monotonic() + timeout_s * LONGEST
        start = dialect = dialects.known(key, Dialect())
        first: NotTaken | None = None
        wanted = {
            "model": model,
            "input": list(texts),
            "dimensions": dimensions,
            "encoding_format": "float",
        }
        for _ in range(MOST_PROBES + 1):
            body = dialects.without(wanted, dialect)
            try:
                found = self._vectors(body, len(texts), timeout_s=timeout_s, until=until)
            except NotTaken as refusal:
                first = first or refusal
                changed = dialect.learn(refusal, body)
                if changed is None:
                    break
                dialect = changed
                continue
            if dialect != start:
                dialects.remember(key, dialect)
            return found
        raise Refused(str(first)) from None

    def _vectors(
        self, body: dict[str, Any], texts: int, *, timeout_s: float, until: float
    ) -> Embeddings:
        """One request for vectors."""
        with transport.ask(
            self._endpoint, "/embeddings", body, timeout_s=timeout_s, until=until
        ) as reply:
            for document in framing.documents(reply.pieces):
                failed = refusals.of_body(document.value, reply.headers)
                if failed is not None:
                    raise failed
                return vectors.embeddings(document.value, texts=texts)
        return vectors.embeddings(None, texts=texts)
