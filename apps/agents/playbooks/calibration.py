"""How often readers were right, as people judged it. Pure.

A proposal counts once people have decided it: approved as it was proposed, its reader was right;
edited, rejected or undone, it was wrong. What passed alone was judged by nobody and says nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

FEWEST = 20  # judgements; fewer say nothing
NEEDED = 0.9  # share that must at least be right before words of a model need nobody
Z = 1.959964  # of a 95 % interval
RULES = "rules"
READ = "read"  # key in the case of a proposal: who read it, and as what


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many were judged, and how many of them were right."""

    judged: int = 0
    right: int = 0

    @property
    def is_enough(self) -> bool:
        """Whether it says anything."""
        return self.judged >= FEWEST

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares (0 to 1) the true one lies, with 95 % confidence (Wilson)."""
        return wilson(self.right, self.judged)

    @property
    def is_proven(self) -> bool:
        """Whether enough were judged, and surely enough of them are right."""
        return self.is_enough and self.interval[0] >= NEEDED

    def beats(self, other: "Tally") -> bool:
        """Whether both are measured, and this one is surely right more often."""
        return self.is_enough and other.is_enough and self.interval[0] > other.interval[1]

    def in_words(self) -> str:
        """The tally for a person."""
        if not self.is_enough:
            return f"Too few judged yet: {self.judged} of the {FEWEST} that are needed."
        low, high = self.interval
        return (
            f"{self.right} of {self.judged} were approved as they were: between {low:.0%} and "
            f"{high:.0%} are right."
        )


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Tallies by (reader, intent); of what nobody judged there is an empty one."""

    tallies: Mapping[tuple[str, str], Tally] = field(default_factory=dict)

    def of(self, reader: str, intent: str) -> Tally:
        """How often this reader was right about this intent."""
        return self.tallies.get((reader, intent), Tally())


def wilson(right: int, judged: int) -> tuple[float, float]:
    """The 95 % score interval of a share; (0, 1) where nothing was judged."""
    if not judged:
        return 0.0, 1.0
    share, spread = right / judged, Z * Z / judged
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / judged + spread / (4 * judged)) / (1 + spread)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def read_by(by: str, *, name: str, rules: str = "", model: str | None = "") -> dict[str, str]:
    """What a case keeps of its readers: who is followed (`rules`, `model`, `both`), the model's
    name, and what rules and model read; None where the model read nothing.
    """
    read = {"by": by, "name": name, RULES: rules}
    return read if model is None else read | {"model": model}


def measure(judged: Iterable[tuple[Mapping[str, Any], bool]]) -> Calibration:
    """The calibration from judged proposals, each as its case and whether it was right."""
    counts: dict[tuple[str, str], list[int]] = {}
    for case, right in judged:
        for reader, intent, was_right in labels(case, right=right):
            count = counts.setdefault((reader, intent), [0, 0])
            count[0] += 1
            count[1] += was_right
    tallies = {key: Tally(judged=n, right=right) for key, (n, right) in counts.items()}
    return Calibration(tallies=tallies)


def labels(case: Mapping[str, Any], *, right: bool) -> Iterator[tuple[str, str, bool]]:
    """What a judged case says of its readers: (reader, what it read, whether that was right).

    Where a proposal was wrong, a reader nobody followed may still be: it says nothing of them.
    """
    intent, read = str(case.get("intent") or ""), case.get(READ)
    if not isinstance(read, dict):
        yield RULES, intent, right
        return
    name, by = str(read.get("name") or ""), read.get("by")
    if by in ("model", "both"):
        yield (own_words(name) if by == "model" else both(name)), intent, right
    for reader, said in ((RULES, read.get("rules")), (name, read.get("model"))):
        if said is not None and (right or said == intent):
            yield reader, str(said), right and said == intent


def own_words(model: str) -> str:
    """The reader whose words are the model's own."""
    return f"{model}, in its own words"


def both(model: str) -> str:
    """The reader that is rules and model, of one mind."""
    return f"{RULES} and {model}"
