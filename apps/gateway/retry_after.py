"""How long another side asks to be left alone: `Retry-After` (RFC 9110, section 10.2.3). Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(hours=1)  # that anybody may ask for


def asked_pause(header: str, *, now: datetime) -> timedelta | None:
    """The pause of a header, of seconds or a date, an hour at most; None where it asks for none."""
    header = header.strip()
    if header.isascii() and header.isdecimal():
        return min(timedelta(seconds=int(header[:6])), LONGEST)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), LONGEST)
