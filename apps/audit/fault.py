"""Named points where the reliability harness may end the process. Nothing in production.

`AIOS_KILL_AT=point:n` kills this process with SIGKILL when it reaches the point the n-th time.
"""

import os
import signal

_point, _, _count = os.environ.get("AIOS_KILL_AT", "").partition(":")
_left = int(_count or 1)


def reach(point: str) -> None:
    """Mark a point; free unless the harness named it."""
    if not _point or point != _point:
        return
    global _left  # noqa: PLW0603  (a countdown of this process)
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
