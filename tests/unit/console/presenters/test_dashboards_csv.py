"""Cells no spreadsheet takes for a formula."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.console.presenters.dashboards_csv import STARTS, line, lines, safe


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_what_begins_like_a_formula_becomes_a_text(text):
    """OWASP's list, also behind blanks."""
    assert safe(text) == f"'{text}"


@given(st.text())
def test_no_text_acts(text):
    """Whatever an agent wrote, its cell begins with nothing that acts, and is read back whole."""
    [[cell]] = csv.reader(io.StringIO(line([text]), newline=""))
    assert not cell.lstrip(" ").startswith(STARTS)
    assert cell.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(("text", "written"), [
    ("Mug;=HYPERLINK(1);", "Mug;'=HYPERLINK(1);"),
    ("Mug; \t@SUM(A1)", "Mug; \t'@SUM(A1)"),
    ("Mug\n=1+1", "Mug\n'=1+1"),
    (";=1+1", ";'=1+1"),
    ("a; b - c = d\n\ne", "a; b - c = d\n\ne"),
])  # fmt: skip
def test_what_stands_behind_a_semicolon_does_not_act_either(text, written):
    """Many Excels end a cell there, whatever the quotes say."""
    assert safe(text) == written


def test_numbers_stay_numbers():
    """A negative one is no formula; moments are ISO 8601."""
    moment = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    written = line([-1.5, 3, None, date(2026, 11, 21), moment])
    assert written == "-1.5,3,,2026-11-21,2026-11-21T09:00:00.000+00:00\r\n"


def test_a_file_begins_with_a_mark():
    """Without it Excel would not read UTF-8."""
    assert "".join(lines(["Größe"], [["ä"]])) == "\ufeffGröße\r\nä\r\n"
