"""What a model says, told while it says it to whoever watches the run; kept nowhere.

The broker carries it, fire and forget, on a channel per workspace: lost words are harmless, since
the finished call arrives as an event of the audit log. Only the model's words are told, never what
it was asked. A channel to which nobody listens is tried once a second, so that a call nobody
watches costs nothing to speak of.

A message is JSON: {run, call, purpose, at, text, done}. `at` is the character at which `text`
begins, so that a listener sees a gap; `done` says that nothing follows.
"""

import json
import logging
import time
from collections.abc import Callable
from uuid import UUID

import redis

from apps.audit import bell

log = logging.getLogger(__name__)

CHANNEL = "aios:tokens"
COALESCE_SECONDS = 0.04
NOBODY_SECONDS = 1.0  # after nobody listened
MOST_AT_ONCE = 4_000  # characters; of what was said to nobody only the end is kept
MOST = 40_000  # characters told of one call


def channel_of(workspace_id: UUID) -> str:
    """Where the words of a workspace's models are told."""
    return f"{CHANNEL}:{workspace_id}"


class Voice:
    """The words of one call. Not for several threads at once."""

    def __init__(
        self,
        *,
        workspace_id: UUID,
        run_id: UUID,
        call_id: UUID,
        purpose: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is said yet."""
        self._channel = channel_of(workspace_id)
        self._names = {"run": str(run_id), "call": str(call_id), "purpose": purpose}
        self._clock = clock
        self._untold = ""
        self._said = 0
        self._next = 0.0
        self._heard = False

    def say(self, text: str) -> None:
        """Take words; tell them once enough time has gone by."""
        if not text or self._said >= MOST:
            return
        self._said += len(text)
        self._untold = (self._untold + text)[-MOST_AT_ONCE:]
        if (now := self._clock()) >= self._next:
            self._tell(now, done=False)

    def end(self) -> None:
        """Tell the rest, to those who heard the beginning."""
        if self._heard or (self._said and self._clock() >= self._next):
            self._tell(self._clock(), done=True)

    def _tell(self, now: float, *, done: bool) -> None:
        """Publish what is untold; what nobody hears stays untold."""
        at = self._said - len(self._untold)
        words = {**self._names, "at": at, "text": self._untold, "done": done}
        listeners = publish(self._channel, json.dumps(words, ensure_ascii=False))
        self._heard = listeners > 0
        if self._heard:
            self._untold = ""
        self._next = now + (COALESCE_SECONDS if self._heard else NOBODY_SECONDS)


def publish(channel: str, message: str) -> int:
    """Hand a message to the broker; how many listened, 0 also while it does not answer."""
    if bell.is_quiet():
        return 0
    try:
        return int(bell.client().publish(channel, message))
    except (redis.RedisError, OSError):
        bell.leave_alone()
        log.debug("The broker does not answer; the words of a model are lost on the way.")
        return 0
