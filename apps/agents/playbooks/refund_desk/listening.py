"""Who says what a message is like: a model if the extra `embeddings` is installed, else nobody."""

from collections.abc import Sequence

from apps.agents.playbooks.refund_desk.examples import Example
from apps.agents.playbooks.refund_desk.heard import Heard
from apps.agents.playbooks.refund_desk.languages import told_by_words
from apps.inference.operations import OFFLINE_INSTALLED

__all__ = ["hear", "hear_words"]


def hear_words(
    texts: Sequence[str],
    *,
    own: Sequence[Example] = (),  # noqa: ARG001  (asked like the model)
) -> list[Heard]:
    """The language of each text as far as its telling words go; rules and people do the rest."""
    return [Heard(language=told_by_words(text)) for text in texts]


if OFFLINE_INSTALLED:
    from apps.agents.playbooks.refund_desk.hearing import hear
else:
    hear = hear_words
