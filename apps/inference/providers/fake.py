"""A provider that says what it was told to say: for tests and demonstrations, in one process."""

import re
from collections import deque
from collections.abc import Sequence
from threading import Lock

from apps.inference.providers.base import (
    Completion,
    Embeddings,
    Question,
    Refused,
    Say,
)

_lock = Lock()
_script: deque[Completion | BaseException] = deque()
questions: list[Question] = []


def script(*answers: Completion | BaseException) -> None:
    """Replace what will be said, in this order; an exception is raised instead of said.

    Also forgets the `questions` heard so far.
    """
    with _lock:
        _script.clear()
        _script.extend(answers)
        questions.clear()


class FakeProvider:
    """Answers from the script; refuses when it has come to its end."""

    def complete(self, question: Question, say: Say | None = None) -> Completion:
        """The next line of the script, said word by word."""
        with _lock:
            questions.append(question)
            if not _script:
                raise Refused("the script of the fake provider has come to its end")
            answer = _script.popleft()
        if isinstance(answer, BaseException):
            raise answer
        if say is not None:
            for word in re.findall(r"\s*\S+", answer.text):
                say(word)
        return answer

    def embed(
        self, texts: Sequence[str], *, model: str, dimensions: int, timeout_s: float
    ) -> Embeddings:
        """Refused: the offline model is the fake of embeddings."""
        raise Refused("the fake provider makes no embeddings")
