"""The geometry of charts."""

import pytest

from apps.console.presenters.dashboards_charts import HEIGHT, WIDTH, bars, lines, path


def test_stacked_bars_fill_their_place():
    """The highest day reaches the top, each day stands on the ground, series on each other."""
    drawn, highest = bars([("one", [1, 0, 3]), ("two", [1, 0, 1])])
    assert highest == 4
    assert [bar.tone for bar in drawn] == ["one", "two", "one", "two"]
    assert sum(float(bar.height) for bar in drawn[2:]) == pytest.approx(HEIGHT)
    assert float(drawn[0].y) + float(drawn[0].height) == pytest.approx(HEIGHT)
    assert float(drawn[1].y) + float(drawn[1].height) == pytest.approx(float(drawn[0].y))
    assert all(float(b.x) >= 0 and float(b.x) + float(b.width) <= WIDTH for b in drawn)


def test_nothing_happened():
    """No bar and no line, and no division by zero."""
    assert bars([("one", [0, 0])]) == ([], 0)
    assert lines([("one", [None, None])]) == ([], 0)


def test_a_line_breaks_where_nothing_is_known():
    """A lone day is a dot: a stroke without length."""
    drawn = path([1, 2, None, 2, None, 1, 2], 2)
    assert drawn.count("M") == 3
    assert drawn.count("h0.01") == 1
    assert path([2, 2], 2) == "M250 0L750 0"
