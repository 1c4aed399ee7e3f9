"""What an endpoint takes for one model, learned from how it refuses. Pure but for its memory.

A refusal is answered by one change: the field it names is renamed or left out. What then worked
is remembered by this process for the endpoint and the model; a probe that was refused cost nothing.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from apps.inference.providers.openai import refusals
from apps.inference.providers.openai.reasoning import FIELDS
from apps.inference.providers.openai.refusals import NotTaken

CHAT, RESPONSES, AUTO = "chat", "responses", "auto"
MOST_PROBES = 6  # requests for one answer beyond the first
_MOST_KEPT = 500
_LIMITS = ("max_tokens", "max_completion_tokens")
_OPTIONAL = ("stream_options", "stream", "dimensions", "encoding_format", "include", "store")
_TOO_MUCH = re.compile(
    r"too (?:large|long|many|big)|at most|maximum context|exceed|less than or equal|must be <",
    re.IGNORECASE,
)
_FINAL = {"context_length_exceeded", "model_not_found", "invalid_api_key", "content_filter",
          "content_policy_violation", "string_above_max_length"}  # fmt: skip
_WANTED = re.compile(r"must be (?:passed|sent|provided)|missing|required|is needed", re.IGNORECASE)
_NO_SYSTEM = re.compile(
    r"system[^.]{0,30} (?:role|message|prompt)s?[^.]{0,30}"
    r"(?:not supported|unsupported|not allowed|must be)|only user(?:,| and) assistant",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(r"v1/responses|/responses\b|responses api", re.IGNORECASE)
_MODEL = re.compile(r"\bmodels?\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """`limit` names the field that bounds an answer ('' if none is taken), `without` the fields
    that are left out; `reasoning` is whether earlier thoughts go back (as they came), stay here,
    or must be there ('' where a message has none)."""

    api: str = CHAT
    limit: str = "max_tokens"
    without: frozenset[str] = frozenset()
    reasoning: str = "given"  # given | stripped | demanded
    system: bool = True
    empty_content: bool = False  # "" where content would be null
    unopened: bool = False  # the model's thoughts begin in its prompt

    def learn(self, refusal: NotTaken, sent: Collection[str]) -> "Dialect | None":
        """How to ask instead; None if there is nothing to change. `sent` are the body's fields."""
        if refusal.status not in (400, 404, 405, 415, 422, 500):
            return None
        if _FINAL.intersection(refusals.words(refusal.body)):
            return None
        text = refusals.said(refusal.body)
        names = _named(refusal.body, text, (*sent, *FIELDS, "messages"))
        return (
            self._without_limit(names, text)
            or self._without(names, sent)
            or self._with_reasoning(names, text)
            or self._with_messages(refusal, text)
            or (None if names else self._blindly(refusal, sent))
        )

    def _without_limit(self, names: Collection[str], text: str) -> "Dialect | None":
        """The limit under its other name, in the end without one."""
        if self.limit not in names or _TOO_MUCH.search(text):
            return None
        tried = self.without & set(_LIMITS) | {self.limit}
        other = next((name for name in _LIMITS if name not in tried), "")
        if self.api == RESPONSES:
            other = ""
        return replace(self, limit=other, without=self.without | tried)

    def _without(self, names: Collection[str], sent: Collection[str]) -> "Dialect | None":
        """Without the first optional field that is named."""
        for name in _OPTIONAL:
            if name in names and name in sent:
                more = {name, "stream_options"} if name == "stream" else {name}
                return replace(self, without=self.without | more)
        return None

    def _with_reasoning(self, names: Collection[str], text: str) -> "Dialect | None":
        """Without the thoughts of earlier turns, or never without."""
        if not set(FIELDS).intersection(names):
            return None
        wanted = "demanded" if _WANTED.search(text) else "stripped"
        return replace(self, reasoning=wanted) if wanted != self.reasoning else None

    def _with_messages(self, refusal: NotTaken, text: str) -> "Dialect | None":
        """Messages in a shape that more templates take."""
        if self.system and _NO_SYSTEM.search(text):
            return replace(self, system=False)
        content = re.compile(r"messages.*content")
        told = any(content.search(name) for name in refusals.params(refusal.body))
        if told and not self.empty_content:
            return replace(self, empty_content=True)
        return None

    def _blindly(self, refusal: NotTaken, sent: Collection[str]) -> "Dialect | None":
        """A refusal that names nothing may be about what the fewest servers take."""
        if refusal.status not in (400, 422, 500):
            return None
        for group in ({"stream", "stream_options"}, {"dimensions", "encoding_format"}):
            if group.intersection(sent):
                return replace(self, without=self.without | group)
        return None


def _named(body: Any, text: str, candidates: Collection[str]) -> set[str]:
    """Which of these fields an error is about: as it says in a field, else in words."""
    told = {part for param in refusals.params(body) for part in re.split(r"[.\[\]]+", param)}
    found = told.intersection(candidates)
    if found:
        return found
    return {name for name in candidates if re.search(rf"(?<![\w-]){name}(?![\w-])", text)} - {
        "model",
        "messages",
        "input",
        "tools",
    }


def other_api(refusal: NotTaken, api: str) -> str | None:
    """The API to try instead, if the server says so or does not know the path; else None."""
    if api != CHAT:
        return None
    text = refusals.said(refusal.body)
    if _ELSEWHERE.search(text):
        return RESPONSES
    if refusal.status not in (404, 405) or _MODEL.search(text):
        return None
    return RESPONSES


_learned: dict[tuple[str, str, str], Dialect] = {}


def known(key: tuple[str, str, str], default: Dialect) -> Dialect:
    """What was learned of an endpoint, a model and a kind of request."""
    return _learned.get(key, default)


def remember(key: tuple[str, str, str], dialect: Dialect) -> None:
    """Keep what worked; bounded, and forgotten with the process."""
    if len(_learned) >= _MOST_KEPT:
        _learned.clear()
    _learned[key] = dialect


def forget_all() -> None:
    """Begin anew (tests)."""
    _learned.clear()


def without(body: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """The body without the fields this endpoint does not take."""
    return {name: value for name, value in body.items() if name not in dialect.without}
