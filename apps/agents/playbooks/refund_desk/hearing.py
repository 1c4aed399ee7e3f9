"""Asking the embedding model what messages are like."""

import logging
from collections.abc import Sequence
from functools import lru_cache

from apps.agents.playbooks.refund_desk import vectors
from apps.agents.playbooks.refund_desk.examples import Example, shipped
from apps.agents.playbooks.refund_desk.heard import Heard, Near
from apps.agents.playbooks.refund_desk.languages import detect
from apps.agents.playbooks.refund_desk.nearest import Fitted, fit
from apps.inference.operations import OFFLINE_MODEL

log = logging.getLogger(__name__)

SHOWN = 3  # nearest examples that are kept


def hear(texts: Sequence[str], *, own: Sequence[Example] = ()) -> list[Heard]:
    """What each text is like, by the shipped examples and the workspace's own.

    The same text is read once in a process: a message that waits is met by every run.
    A model that fails is reported in the log and costs nothing but its opinion.
    """
    if not texts:
        return []
    languages = [detect(text) for text in texts]
    try:
        fitted = learned(tuple(own))
        found = vectors.of(texts)
    except Exception:  # whatever ails it: rules and people go on
        log.exception("The embedding model cannot read messages; rules and people do")
        return [Heard(language=language) for language in languages]
    scored = zip(fitted.score(found), fitted.nearest(found, SHOWN), languages, strict=True)
    return [as_heard(scores, near, language) for scores, near, language in scored]


def as_heard(
    scores: dict[str, float], near: Sequence[tuple[Example, float]], language: str | None
) -> Heard:
    """What was heard, as the checkpoint keeps it."""
    return Heard(
        model=OFFLINE_MODEL,
        scores=scores,
        nearest=[as_near(example, likeness) for example, likeness in near],
        language=language,
    )


@lru_cache(maxsize=8)
def learned(own: tuple[Example, ...]) -> Fitted:
    """The shipped examples and these; fitted once in a process for each set."""
    every = [*shipped(), *own]
    return fit(every, vectors.of([example.text for example in every]))


def as_near(example: Example, likeness: float) -> Near:
    """An example as the checkpoint keeps it."""
    return Near(
        text=example.text,
        intent=example.intent.value,
        language=example.language,
        likeness=likeness,
        own=example.own,
    )
