"""What a line of the log looks like: plain for a person's eyes, or JSON, one object a line.

All of it goes through `logging`, structlog's lines too, so that the levels hold for every one. No
line has the token of a link: who reads a log opens nothing with it.
"""

import logging
import re
from collections.abc import Sequence
from typing import Any, Literal

import structlog
from structlog.typing import Processor

# addresses whose next part lets somebody in: an invitation, a new password
TOKEN = re.compile(r"(/invitations/|/password/reset/key/)[^/\s'\"?\\]+(/[^/\s'\"?\\]+)?")
OWN: Sequence[Processor] = (
    structlog.stdlib.filter_by_level,
    structlog.contextvars.merge_contextvars,
    structlog.processors.format_exc_info,
)
COMMON: Sequence[Processor] = (
    structlog.contextvars.merge_contextvars,  # request_id, task_id
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
)


def without_tokens(line: str) -> str:
    """The line with nothing in it that lets somebody in."""
    return TOKEN.sub(r"\1…", line)


class Plain(logging.Formatter):
    """`2026-12-01 03:00:00,000 WARNING apps.gateway said what`."""

    def __init__(self) -> None:
        """Begin a line with when, how grave and where."""
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line, a traceback included."""
        return without_tokens(super().format(record))


class Json(structlog.stdlib.ProcessorFormatter):
    """`{"event", "level", "logger", "at", "request_id", ...}`; a traceback is `exception`."""

    def __init__(self) -> None:
        """Treat lines of every library alike."""
        super().__init__(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
            foreign_pre_chain=COMMON,
        )

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return without_tokens(super().format(record))


def configuration(form: Literal["plain", "json"], level: str) -> dict[str, Any]:
    """Django's `LOGGING`; configures structlog as well."""
    last: Sequence[Processor] = (
        [*COMMON[1:], structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
        if form == "json"
        else [structlog.processors.KeyValueRenderer(key_order=["event"])]
    )
    structlog.configure(
        processors=[*OWN, *last],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {"plain": Plain, "json": Json}[form]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django_structlog": {"level": "WARNING"},
            "httpx2": {"level": "WARNING"},
            "uvicorn": {"handlers": [], "propagate": True},  # which has made handlers of its own
        },
    }
