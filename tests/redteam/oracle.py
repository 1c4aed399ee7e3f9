"""What caps over time have to say of a price move, worked out from a plain list of all moves."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

HOUR, DAY = 3600, 86400
LENGTH = {"1h": (HOUR, 300), "24h": (DAY, HOUR), "7d": (7 * DAY, 6 * HOUR)}  # and its buckets
CAPS = (
    "window('target', '24h').changes > 3",
    "window('target', '7d').drift_percent > 10 || window('target', '7d').drift_percent < -10",
    "window('key', '24h').alone_amount > 9",
    "window('workspace', '1h').changes > 5",
)


@dataclass
class Move:
    """One price move; `at` is when it was let through, None while a person decides."""

    variant: str
    key: str
    old: Decimal
    new: Decimal
    at: datetime | None = None
    alone: bool = False
    void: bool = False  # nothing has happened
    undone: bool = False  # or an undo: it has happened, but its money counts no longer


@dataclass
class Oracle:
    """All moves so far."""

    moves: list[Move] = field(default_factory=list)

    def since(self, span: str, now: datetime, **of: str) -> list[Move]:
        """What a window sees that ends now, its oldest bucket whole."""
        length, bucket = LENGTH[span]
        oldest = (int(now.timestamp()) - length) // bucket
        return [one for one in self.moves if one.at is not None and not one.void
                and int(one.at.timestamp()) // bucket >= oldest
                and all(getattr(one, name) == value for name, value in of.items())]  # fmt: skip

    def passes(self, move: Move, now: datetime) -> bool:
        """Whether a move may go through alone."""
        step = move.new - move.old
        day = self.since("24h", now, variant=move.variant)
        net = step + sum(m.new - m.old for m in self.since("7d", now, variant=move.variant))
        start = move.new - net if move.new > net else move.old
        money = abs(step) + sum(abs(m.new - m.old) for m in self.since("24h", now, key=move.key)
                                if m.alone and not m.undone)  # fmt: skip
        hour = self.since("1h", now)
        return (len(day) < 3 and abs(Fraction(net) * 100 / Fraction(start)) <= 10 and money <= 9
                and len(hour) < 5)  # fmt: skip
