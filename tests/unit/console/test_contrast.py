"""Colours: what the tokens promise holds in every theme."""

from pathlib import Path

import pytest
from django.conf import settings

from apps.console.presenters import contrast

SHEET = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
THEMES = contrast.palettes(SHEET)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21.0), ("#ffffff", "#000000", 21.0), ("#777777", "#ffffff", 4.48),
     ("#767676", "#ffffff", 4.54), ("#0000ff", "#ffffff", 8.59), ("#123456", "#123456", 1.0)],
)  # fmt: skip
def test_the_ratio_is_that_of_the_standard(one, other, expected):
    """Known pairs: black on white, the greys around the limit, pure blue."""
    assert contrast.ratio(one, other) == expected


@pytest.mark.parametrize("theme", THEMES)
def test_colours_stand_apart_in_every_theme(theme):
    """Words 4.5:1, lines and rings 3:1; in high contrast words 7:1."""
    words = contrast.ENHANCED if "high" in theme else contrast.TEXT
    measured = contrast.measure(THEMES[theme], contrast.pairs(words=words))
    poor = [f"{m.pair.front} on {m.pair.behind}: {m.ratio}" for m in measured if not m.is_enough]
    assert poor == []


def test_a_poor_pair_is_found():
    """Grey on grey is not enough."""
    pair = contrast.Pair(front="ink", behind="page", least=4.5)
    [measured] = contrast.measure({"ink": "#999999", "page": "#aaaaaa"}, [pair])
    assert not measured.is_enough


def test_high_contrast_is_the_same_for_who_asks_here_and_whose_system_asks():
    """The two blocks of tokens say the same, so neither is forgotten in a change."""
    found = [block for block in contrast.blocks(SHEET) if "--page" in block["body"]]
    here, system = (block["body"].split() for block in found[1:])
    assert found[1]["name"] == '[data-contrast="more"]'
    assert here == system


def test_high_contrast_names_every_colour():
    """No colour is left as pale as before by oversight."""
    usual, more = (set(contrast.COLOUR.findall(b["body"])) for b in contrast.blocks(SHEET)[:2])
    assert {name for name, *_ in usual} == {name for name, *_ in more}


def test_no_other_sheet_names_a_colour_of_its_own():
    """Colours come from the tokens alone, or a theme would miss one."""
    sheets = set(Path(settings.BASE_DIR).glob("static/css/*.css"))
    for sheet in sheets - {Path(settings.BASE_DIR) / "static/css/tokens.css"}:
        found = [line for line in sheet.read_text().splitlines() if "#" in line and ": #" in line]
        assert found == [], sheet.name
