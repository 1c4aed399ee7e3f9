"""Numbers as pictures: every shape inside, in order, and told in words too."""

import re
from decimal import Decimal

import pytest

from apps.console.presenters.svg_charts import (
    WIDTH,
    Mark,
    Picture,
    level,
    outline,
    scale,
    sparkline,
    strip,
)


def mark(value, label="Now", tone="now"):
    return Mark(label=label, value=Decimal(str(value)), words=f"{value} EUR", tone=tone)


def places(picture: Picture) -> list[tuple[float, float]]:
    """Where each shape begins."""
    found = (re.match(r"M(-?[\d.]+) (-?[\d.]+)", one.d) for one in picture.shapes)
    return [(float(one[1]), float(one[2])) for one in found if one]


def test_a_scale_orders_numbers_and_draws_the_move():
    """Left is less; one stroke leads from now to proposed, and another is the axis."""
    picture = scale("Price", [mark(30), mark(20, "Proposed", "proposed")],
                    [mark(10, "Cost", "cost"), mark(25, "shop", "rival")])  # fmt: skip
    assert picture is not None
    (now, _), (proposed, _), (cost, _), (rival, _) = places(picture)
    assert cost < proposed < rival < now
    [move] = [one for one in picture.strokes if one.tone == "move"]
    assert move.x1 > move.x2
    assert picture.desc == "Now 30 EUR; Proposed 20 EUR; Cost 10 EUR; shop 25 EUR."
    assert [(key.label, key.words) for key in picture.legend][1] == ("Proposed", "20 EUR")


@pytest.mark.parametrize("values", [[5, 5], [0, 0], [-3, 3], ["0.01", 1_000_000]])
def test_everything_lies_inside(values):
    """Also where all numbers are the same, negative, or far apart."""
    picture = scale("x", [mark(value) for value in values], [])
    assert picture is not None
    assert all(0 <= x <= WIDTH and 0 <= y <= picture.height for x, y in places(picture))


def test_one_number_is_no_picture():
    """Nothing to compare, nothing to draw."""
    assert scale("x", [mark(1)], []) is None
    assert sparkline("x", [mark(1), mark(2)], None) is None
    assert level("x", [mark(1)], Decimal(0)) is None


def test_a_course_rises_upwards():
    """Later is further right, more is further up; the rival is a line across."""
    picture = sparkline("Price", [mark(10), mark(20), mark(30)], mark(15, "shop", "rival"))
    assert picture is not None
    points = [tuple(map(float, pair.split(","))) for pair in picture.points.split()]
    assert points == sorted(points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
    [line] = picture.strokes
    assert line.y1 == line.y2
    assert min(y for _, y in points) < line.y1 < max(y for _, y in points)


def test_equal_numbers_are_stacked_and_the_own_is_on_top():
    """Nothing hides another, but the own one is drawn last, on the ground."""
    picture = strip("x", [mark(1, "own", "own"), mark(1, "a", "other"), mark(1, "b", "other"),
                          mark(9, "c", "outlier")], "words")  # fmt: skip
    assert [one.tone for one in picture.shapes] == ["other", "other", "outlier", "own"]
    (_, first), (_, second) = places(picture)[:2]
    assert first != second
    assert picture.desc == "words"


def test_a_thousand_equal_numbers_stay_in_the_picture():
    """The pile has an end."""
    picture = strip("x", [mark(1, str(n), "other") for n in range(1000)], "")
    assert picture.height < 120
    assert all(0 <= y <= picture.height for _, y in places(picture))


def test_a_bar_is_shared_by_its_parts():
    """As wide as their part of the whole, and never wider than the bar."""
    picture = level("Stock", [mark(25), mark(75, "Comes", "proposed")], Decimal(100))
    assert picture is not None
    assert [box.width for box in picture.boxes] == [80, 240]
    over = level("Stock", [mark(90), mark(90)], Decimal(100))
    assert over is not None
    assert sum(box.width for box in over.boxes) == WIDTH


def test_kinds_differ_in_shape():
    """Colour is never the only difference."""
    shapes = {tone: outline(tone, 7, 7) for tone in ("now", "proposed", "rival", "cost", "past")}
    assert len(set(shapes.values())) == len(shapes)
