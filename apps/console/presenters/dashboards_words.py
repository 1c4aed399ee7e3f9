"""Figures in words: durations, shares with their intervals, and how they moved. Pure."""

from apps.console import reader
from apps.console.presenters import values
from apps.insights.figures import Times
from apps.insights.histogram import ENOUGH, Percentile, Share

TOO_FEW = "too few"
NOTHING = "–"
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


def duration(ms: float | None) -> str:
    """A duration as a person says it: `850 ms`, `4.2 s`, `14 min`, `3 h 10 min`, `2 d 4 h`."""
    if ms is None:
        return NOTHING
    if ms < SECOND:
        return f"{ms:.0f} ms"
    if ms < 1.5 * MINUTE:
        return f"{reader.number(ms / SECOND, 1 if ms < 10 * SECOND else 0)} s"
    if ms < 1.5 * HOUR:
        return f"{ms / MINUTE:.0f} min"
    return (
        two(round(ms / MINUTE), 60, "h", "min") if ms < DAY else two(round(ms / HOUR), 24, "d", "h")
    )


def two(amount: int, size: int, large: str, small: str) -> str:
    """An amount in a large and a small unit; without a small part only the large."""
    whole, part = divmod(amount, size)
    return f"{whole} {large} {part} {small}" if part else f"{whole} {large}"


def percent(value: float) -> str:
    """A share as a percentage."""
    return reader.percent(100 * value)


def shared(share: Share) -> str:
    """A share, or that it would mislead."""
    if share.n == 0:
        return NOTHING
    return TOO_FEW if share.too_few else percent(share.value)


def between(share: Share) -> str:
    """The interval of a share in words; empty where the share is not shown."""
    if share.too_few:
        return ""
    return f"{reader.number(100 * share.low, 1)}–{reader.percent(100 * share.high)}"


def timed(percentile: Percentile) -> str:
    """A percentile, or that it would mislead."""
    if percentile.n == 0:
        return NOTHING
    return TOO_FEW if percentile.too_few else duration(percentile.ms)


def around(percentile: Percentile) -> str:
    """The interval of a percentile in words; empty where it is not shown."""
    return "" if percentile.too_few else f"{duration(percentile.low)} – {duration(percentile.high)}"


def dollars(amount: float | None) -> str:
    """Money in US dollars, small amounts with more places."""
    return NOTHING if amount is None else values.dollars(amount)


def count(n: int) -> str:
    """A number with separated thousands."""
    return reader.number(n)


def plural(n: int, singular: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{reader.number(n)} {singular if n == 1 else many or singular + 's'}"


def moved_share(now: Share, before: Share | None) -> str:
    """How a share moved, in points."""
    if before is None or now.too_few:
        return ""
    if before.too_few:
        return f"before: {TOO_FEW} (n = {reader.number(before.n)})"
    points = 100 * (now.value - before.value)
    if abs(points) < 0.05:
        return f"unchanged from {percent(before.value)}"
    return f"{signed(points, 1)} points, {way(points)} from {percent(before.value)}"


def moved_time(now: Percentile, before: Percentile | None) -> str:
    """How a duration moved."""
    if before is None or now.too_few or now.ms is None:
        return ""
    if before.too_few or before.ms is None:
        return f"before: {TOO_FEW} (n = {reader.number(before.n)})"
    change = 100 * (now.ms / before.ms - 1)
    if abs(change) < 5:  # within what two buckets can tell apart
        return f"about the same as before ({duration(before.ms)})"
    word = "longer" if change > 0 else "shorter"
    return f"{signed(change)} %, {word} than before ({duration(before.ms)})"


def moved_money(now: float | None, before: float | None) -> str:
    """How an amount of US dollars moved."""
    return "" if now is None else moved_amount(now, before, said=dollars(before))


def moved_amount(now: float, before: float | None, *, said: str) -> str:
    """How an amount moved that was said in these words."""
    if before is None:
        return ""
    if now == before:
        return f"unchanged from {said}"
    if not before:
        return f"up from {said}"
    change = 100 * (now / before - 1)
    return f"{signed(change)} %, {way(change)} from {said}"


def signed(change: float, places: int = 0) -> str:
    """A change with its sign."""
    return reader.number(change, places, signed=True)


def way(change: float) -> str:
    """The direction of a change."""
    return "up" if change > 0 else "down"


def of_times(times: Times) -> str:
    """What most of the durations are within."""
    if times.n < ENOUGH:
        return ""
    return f"95 of 100 within {duration(times.most.ms)}"
