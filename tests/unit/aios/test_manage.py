"""The command line itself."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_ctrl_c_while_modules_are_imported_just_ends_it() -> None:
    """Python would show the line at which an import was cut short."""
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", str(ROOT / "manage.py"), "help"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    assert any("aios.embedded.failures" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    assert "Traceback" not in process.stderr.read()
    assert process.wait(30) in {-signal.SIGINT, 130}  # 130: all was imported already
