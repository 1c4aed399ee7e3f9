"""What can go wrong at an outside system; the class says what is known about the effect."""

from datetime import datetime, timedelta


class ConnectorError(Exception):
    """Something went wrong at the outside system; the subclass says what is known.

    `connector` is the name of the workspace's connection to it, where that is known.
    """

    connector = ""


class Unreachable(ConnectorError):
    """The call was certainly not carried out (no connection, never sent). It may be repeated."""


class Away(Unreachable):
    """Nothing was sent: the back end is being left alone `until` then."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class Busy(Away):
    """Nothing was sent: the rate allowed for the back end is used up `until` then."""


class Throttled(Unreachable):
    """The back end itself said that it is called too often, and did nothing.

    `pause` is how long it asks to be left alone; None if it does not say.
    """

    def __init__(self, message: str, *, pause: timedelta | None = None) -> None:
        super().__init__(message)
        self.pause = pause


class Stopped(Unreachable):
    """Nothing was sent: a kill switch was engaged, or the worker no longer held the execution."""


class Refused(ConnectorError):
    """The back end answered no, or would; nothing was changed. `code` is its own word for it.

    `field` names the parameter that cannot be, where it is one.
    """

    def __init__(self, message: str, *, code: str = "", field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field


class Unproven(ConnectorError):
    """The call may or may not have been carried out; read back before anything else."""


class CannotTell(ConnectorError):
    """A read-back cannot prove whether the effect is there; a person has to look."""


class BadAnswer(ConnectorError):
    """A read got an answer that does not fit the schema; nothing was taken from it."""
