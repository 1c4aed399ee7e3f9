"""Where tallies of what is over are kept, so that they are counted once: the broker's memory.

Losing them costs counting again. A broker that does not answer is left alone for a moment.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import redis

from apps.audit import bell
from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.insights.spans import HOUR, Span
from apps.insights.tally import Tally, pack, unpack

log = logging.getLogger(__name__)

FORMAT = 4  # of the facts and their packing; a new one makes all be counted again
KEPT = timedelta(days=40)  # since somebody last counted it
REMEMBERED = 400  # tallies in this process
WANTED = "aios:insights:wanted"
AHEAD = "aios:insights:ahead"

_known: OrderedDict[str, Tally] = OrderedDict()
_lock = threading.Lock()  # a web process serves each request in a thread


def prefix(workspace_id: UUID) -> str:
    """What the keys of a workspace begin with; another once its demo data was removed."""
    removed = Event.objects.filter(
        subject_kind="workspace", subject_id=str(workspace_id), kind=Kind.DEMO_REMOVED
    )
    last = removed.order_by("-at").values_list("at", flat=True).first()
    return f"aios:insights:{FORMAT}:{workspace_id.hex}:{last.timestamp() if last else 0:.0f}"


def key_of(start: str, span: Span) -> str:
    """The key of a span."""
    return f"{start}:{span.since:%Y%m%d%H}:{span.length.total_seconds():.0f}"


def fetch(keys: Sequence[str]) -> dict[str, Tally]:
    """The tallies that are kept, by key; one round trip."""
    with _lock:
        found = {key: _known[key] for key in keys if key in _known}
    asked = [key for key in keys if key not in found]
    if asked and not bell.is_quiet():
        try:
            packed = bell.client().mget(asked)
        except (redis.RedisError, OSError) as error:
            bell.leave_alone()
            log.warning("Tallies cannot be fetched (%s); they are counted again.", error)
        else:
            for key, blob in zip(asked, packed, strict=True):
                if isinstance(blob, bytes):
                    found[key] = unpack(blob)
    remember(found)
    return found


def store_tallies(tallies: Mapping[str, Tally]) -> None:
    """Keep tallies of spans that are over."""
    remember(tallies)
    if not tallies or bell.is_quiet():
        return
    try:
        with bell.client().pipeline(transaction=False) as pipe:
            for key, tally in tallies.items():
                pipe.set(key, pack(tally), ex=KEPT)
            pipe.execute()
    except (redis.RedisError, OSError) as error:
        bell.leave_alone()
        log.warning("Tallies cannot be kept (%s); they are counted again.", error)


def remember(tallies: Mapping[str, Tally]) -> None:
    """Keep the most recently used tallies in this process as well."""
    with _lock:
        for key, tally in tallies.items():
            _known[key] = tally
            _known.move_to_end(key)
        while len(_known) > REMEMBERED:
            _known.popitem(last=False)


def want(*jobs: str) -> None:
    """Have a worker count what a page had no time for, or will soon be asked for."""
    if not jobs or bell.is_quiet():
        return
    try:
        bell.client().sadd(WANTED, *jobs)
    except (redis.RedisError, OSError):
        bell.leave_alone()
        log.debug("The broker does not answer; the next look counts further.")
    else:
        bell.ring("insights.fill")


def is_first_look(now: datetime) -> bool:
    """Whether nobody has looked in this hour; the broker keeps who was first."""
    if bell.is_quiet():
        return False
    try:
        return bool(bell.client().set(f"{AHEAD}:{now:%Y%m%d%H}", 1, nx=True, ex=2 * HOUR))
    except (redis.RedisError, OSError):
        bell.leave_alone()
        return False


def take_wanted() -> str | None:
    """One of the jobs somebody wants done; None when there is none."""
    try:
        job = bell.client().spop(WANTED)
    except (redis.RedisError, OSError):
        bell.leave_alone()
        return None
    return job.decode() if isinstance(job, bytes) else None
