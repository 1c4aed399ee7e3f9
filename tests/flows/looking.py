"""Whether everybody can use a page, as far as a machine can tell: axe, at each width and theme."""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# a theme changes colours only (`test_a_theme_changes_colours_only`), so only those are asked again
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
GRAVE = {"serious", "critical"}
LIGHT: dict[str, Any] = {"color_scheme": "light", "contrast": "no-preference"}
DARK: dict[str, Any] = {"color_scheme": "dark", "contrast": "no-preference"}
HIGH_CONTRAST: dict[str, Any] = {"color_scheme": "dark", "contrast": "more"}
RUN = """(options) => axe.run(document, options).then((found) => found.violations.map((fault) => ({
  id: fault.id, impact: fault.impact, help: fault.help,
  nodes: fault.nodes.slice(0, 3).map(({ target, failureSummary }) => [target, failureSummary]),
})))"""


def find_faults(page: Page, asked: object = TAGS) -> list[dict[str, Any]]:
    """What axe holds against the page as it stands: each with id, impact, help and nodes.

    `asked`: its tags or rules; None for all it has.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"]} | ({"runOnly": asked} if asked else {})
    found: list[dict[str, Any]] = page.evaluate(RUN, options)
    return found


def look_over(page: Page, *, widths: Sequence[int] = (1280, 375), tags: object = TAGS) -> None:
    """Fail if anything is amiss at these widths, in light or dark, or is wider than the screen."""
    size = page.viewport_size
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        where = f"{page.url} at {width} px"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, where
        for look, asked in ((LIGHT, tags), (DARK, COLOURS)):
            page.emulate_media(reduced_motion="reduce", **look)
            faults = find_faults(page, asked)
            assert not faults, f"{where}, {look['color_scheme']}: {faults}"
    if size:
        page.set_viewport_size(size)
