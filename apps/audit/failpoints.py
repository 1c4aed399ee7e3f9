"""Named points where the reliability harness may end the process. Nothing in production.

`AIOS_KILL_AT=point:n` (or `arm`) kills this process with SIGKILL when it reaches the point the
n-th time.
"""

import os
import signal

_armed: dict[str, int] = {}


def arm(point: str, count: int = 1) -> None:
    """Have this process killed when it reaches the point the `count`-th time."""
    _armed[point] = count


def reach(point: str) -> None:
    """Mark a point; free unless the harness named it."""
    if not _armed or point not in _armed:
        return
    _armed[point] -= 1
    if _armed[point] == 0:
        os.kill(os.getpid(), signal.SIGKILL)


if _named := os.environ.get("AIOS_KILL_AT"):
    arm(_named.partition(":")[0], int(_named.partition(":")[2] or 1))
