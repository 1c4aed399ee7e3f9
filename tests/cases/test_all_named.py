"""No recorded fault is without a test."""

import re
from pathlib import Path

HERE = Path(__file__).parent
MARK = re.compile(r"""mark\.case\(\s*["']([\w.-]+)["']""")


def test_every_recorded_fault_has_a_test_of_its_name() -> None:
    """What is in `data` is what the tests are marked with."""
    recorded = {path.stem for path in (HERE / "data").glob("*.json")}
    named = {name for path in HERE.glob("test_*.py") for name in MARK.findall(path.read_text())}
    assert named == recorded
