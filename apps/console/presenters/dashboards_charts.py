"""Days as bars and lines: the geometry of inline SVG, drawn without text. Pure.

The drawing is 1000 wide and 100 high and stretched to its place; words stand beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

WIDTH, HEIGHT = 1000.0, 100.0
GAP = 0.2  # of the width of a day, between bars


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A rectangle; `tone` names the series it belongs to."""

    x: str
    y: str
    width: str
    height: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One or more strokes of a series; a lone day is a stroke without length."""

    path: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A drawing with its words: what a person who cannot see it is told is `told`."""

    name: str
    title: str
    told: str
    top: str
    first: date
    last: date
    legend: list[tuple[str, str]]
    bars: list[Bar] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    empty: bool = False


def bars(series: Sequence[tuple[str, Sequence[float]]]) -> tuple[list[Bar], float]:
    """Stacked bars, the first series at the bottom, and the highest stack."""
    days = len(series[0][1])
    highest = max((sum(values[day] for _, values in series) for day in range(days)), default=0.0)
    drawn: list[Bar] = []
    step = WIDTH / max(days, 1)
    for day in range(days):
        floor = HEIGHT
        for tone, values in series:
            height = HEIGHT * values[day] / highest if highest else 0.0
            if height:
                floor -= height
                drawn.append(
                    Bar(
                        x=number(day * step + step * GAP / 2),
                        y=number(floor),
                        width=number(step * (1 - GAP)),
                        height=number(height),
                        tone=tone,
                    )
                )
    return drawn, highest


def lines(series: Sequence[tuple[str, Sequence[float | None]]]) -> tuple[list[Line], float]:
    """A line each, broken on days without a value, and the highest value."""
    known = [value for _, values in series for value in values if value is not None]
    highest = max(known, default=0.0)
    return [
        Line(path=path(values, highest), tone=tone) for tone, values in series if any(values)
    ], highest


def path(values: Sequence[float | None], highest: float) -> str:
    """The strokes through the values that are there."""
    step = WIDTH / max(len(values), 1)
    said: list[str] = []
    pen = "M"
    for day, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        x, y = number((day + 0.5) * step), number(HEIGHT - HEIGHT * value / (highest or 1))
        lone = pen == "M" and (day + 1 == len(values) or values[day + 1] is None)
        said.append(f"{pen}{x} {y}" + ("h0.01" if lone else ""))
        pen = "L"
    return "".join(said)


def number(value: float) -> str:
    """A coordinate in few characters."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
