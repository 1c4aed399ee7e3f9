"""Numbers as pictures: SVG coordinates worked out on the server. Pure.

Every picture carries its numbers in words too (`legend`, `desc`): it may be left unseen. What a
mark is shows in its shape as well as in its colour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

WIDTH = 320
EDGE = 10  # free space on each side, so that no shape is cut


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One number: `tone` is what it is (past, now, proposed, rival, cost, other, own, outlier)."""

    label: str
    value: Decimal
    words: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A mark as the data of an SVG path."""

    d: str
    tone: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """A straight line from one point to another."""

    x1: float
    y1: float
    x2: float
    y2: float
    tone: str


@dataclass(frozen=True, kw_only=True)
class Box:
    """A part of a bar."""

    x: float
    width: float
    tone: str


@dataclass(frozen=True, kw_only=True)
class Key:
    """A line of the legend: the shape, what it stands for, and the number in words."""

    d: str
    tone: str
    label: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What `_components/picture.html` draws; `points` is a polyline, `desc` tells it all."""

    title: str
    desc: str
    width: int = WIDTH
    height: int = 40
    points: str = ""
    strokes: list[Stroke] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    legend: list[Key] = field(default_factory=list)


def outline(tone: str, x: float, y: float) -> str:
    """The path of a mark around a point: a diamond, a triangle, a bar, or a disc."""
    if tone in ("proposed", "own"):
        return f"M{x:g} {y - 6:g}l6 6-6 6-6-6z"
    if tone == "rival":
        return f"M{x:g} {y - 5:g}l5.5 9.5h-11z"
    if tone == "cost":
        return f"M{x - 1.25:g} {y - 6:g}h2.5v12h-2.5z"
    radius = {"past": 2.5, "now": 4.5, "outlier": 4}.get(tone, 3)
    return f"M{x - radius:g} {y:g}a{radius:g} {radius:g} 0 1 0 {2 * radius:g} 0" \
           f"a{radius:g} {radius:g} 0 1 0 {-2 * radius:g} 0z"  # fmt: skip


def shape(mark: Mark, x: float, y: float) -> Shape:
    """A mark at a place, rounded to a tenth."""
    place = outline(mark.tone, round(x, 1), round(y, 1))
    return Shape(d=place, tone=mark.tone, title=f"{mark.label}: {mark.words}")


def keys(marks: Iterable[Mark]) -> list[Key]:
    """The legend of these marks."""
    return [Key(d=outline(m.tone, 7, 7), tone=m.tone, label=m.label, words=m.words) for m in marks]


def alternative_text(marks: Iterable[Mark]) -> str:
    """The marks in one sentence."""
    return "; ".join(f"{mark.label} {mark.words}" for mark in marks) + "."


def along(value: Decimal, low: Decimal, high: Decimal, *, length: float, start: float) -> float:
    """Where a value lies on an axis; in its middle if all values are the same."""
    if high == low:
        return start + length / 2
    return start + float((value - low) / (high - low)) * length


def ends(marks: Sequence[Mark]) -> tuple[Decimal, Decimal]:
    """The smallest and the largest value."""
    values = [mark.value for mark in marks]
    return min(values), max(values)


def scale(title: str, ours: Sequence[Mark], others: Sequence[Mark]) -> Picture | None:
    """Numbers on a line: ours above it, joined in their order, others below; None for fewer than 2.

    At most one of `ours` moves to the next, so the stroke between them is the change.
    """
    marks = [*ours, *others]
    if len(marks) < 2:
        return None
    low, high = ends(marks)
    place = [along(m.value, low, high, length=WIDTH - 2 * EDGE, start=EDGE) for m in marks]
    strokes = [Stroke(x1=EDGE, y1=24, x2=WIDTH - EDGE, y2=24, tone="axis")]
    for start, end in pairwise(place[: len(ours)]):
        strokes.append(Stroke(x1=round(start, 1), y1=12, x2=round(end, 1), y2=12, tone="move"))
    return Picture(
        title=title,
        desc=alternative_text(marks),
        height=44,
        strokes=strokes,
        shapes=[
            shape(mark, x, 12 if n < len(ours) else 35)
            for n, (mark, x) in enumerate(zip(marks, place, strict=True))
        ],
        legend=keys(marks),
    )


def sparkline(title: str, course: Sequence[Mark], rival: Mark | None) -> Picture | None:
    """How a number went over time, oldest first, against a rival's; None for fewer than 3 steps.

    The legend has the past alone: what is now and what is proposed stands beside it already.
    """
    if len(course) < 3:
        return None
    marks = [*course, *([rival] if rival else [])]
    low, high = ends(marks)
    height, step = 64, (WIDTH - 2 * EDGE) / (len(course) - 1)
    spots = [
        (EDGE + n * step, height - along(m.value, low, high, length=height - 2 * EDGE, start=EDGE))
        for n, m in enumerate(course)
    ]
    strokes = []
    if rival:
        y = round(height - along(rival.value, low, high, length=height - 2 * EDGE, start=EDGE), 1)
        strokes.append(Stroke(x1=EDGE, y1=y, x2=WIDTH - EDGE, y2=y, tone="rival"))
    return Picture(
        title=title,
        desc=alternative_text(marks),
        height=height,
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in spots),
        strokes=strokes,
        shapes=[shape(m, x, y) for m, (x, y) in zip(course, spots, strict=True)],
        legend=keys(mark for mark in course if mark.tone == "past"),
    )


def strip(title: str, marks: Sequence[Mark], desc: str) -> Picture:
    """Where many numbers lie: equal ones are stacked, the own one is drawn last, on top."""
    low, high = ends(marks)
    ordered = sorted(marks, key=lambda mark: (mark.tone == "own", mark.value))
    taken: list[tuple[float, int]] = []
    spots: list[tuple[Mark, float, int]] = []
    for mark in ordered:
        x = along(mark.value, low, high, length=WIDTH - 2 * EDGE, start=EDGE)
        floor = 0 if mark.tone == "own" else lowest_free(x, taken)
        taken.append((x, floor))
        spots.append((mark, x, floor))
    base = 14 + 7 * max(floor for _, _, floor in spots)
    return Picture(
        title=title,
        desc=desc,
        height=base + 12,
        strokes=[Stroke(x1=EDGE, y1=base + 8, x2=WIDTH - EDGE, y2=base + 8, tone="axis")],
        shapes=[shape(mark, x, base - 7 * floor) for mark, x, floor in spots],
    )


def lowest_free(x: float, taken: Sequence[tuple[float, int]], *, most: int = 8) -> int:
    """The lowest floor on which nothing lies within a shape's width of `x`."""
    near = {floor for other, floor in taken if abs(other - x) < 7}
    return next((floor for floor in range(most) if floor not in near), most)


def level(title: str, parts: Sequence[Mark], whole: Decimal) -> Picture | None:
    """Parts of a whole as one bar; what is left over stays empty. None where the whole is nothing.

    Parts that exceed the whole share the bar as far as it goes.
    """
    if whole <= 0:
        return None
    boxes, x = [], 0.0
    for part in parts:
        width = min(float(max(part.value, Decimal(0)) / whole) * WIDTH, WIDTH - x)
        boxes.append(Box(x=round(x, 1), width=round(width, 1), tone=part.tone))
        x += width
    return Picture(
        title=title, desc=alternative_text(parts), height=14, boxes=boxes,
        legend=[Key(d="M2 3h10v8h-10z", tone=p.tone, label=p.label, words=p.words) for p in parts],
    )  # fmt: skip
