"""What the red-team suites share: the demo, and figures to close with."""

from collections.abc import Callable, Iterator

import pytest

from tests.contract.shops import demo_shop
from tests.redteam import attacks
from tests.redteam.demo import Demo, seeded
from tests.redteam.tasks import TASKS

FIGURES: list[str] = []


@pytest.fixture
def say() -> Callable[[str], None]:
    """Add a line of figures to the end of the run."""
    return FIGURES.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures before the runner's own last line."""
    if FIGURES:
        terminalreporter.section("red-team figures")
        for line in FIGURES:
            terminalreporter.line(line)


@pytest.fixture
def demo(db: None, tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demo]:
    """The demo, with the orders of all tasks and attacks."""
    file = tmp_path / "ledger.sqlite"
    with demo_shop(file) as shop:
        found = seeded(shop, file, monkeypatch)
        for task in TASKS:
            task.prepare(found)
        attacks.plant(found)
        yield found
