#!/usr/bin/env python
"""The one command line of AIOS: `uv run manage.py up` starts everything."""

import os
import signal
import sys


def main() -> None:
    """Run the management command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aios.settings")
    # Until all is imported Ctrl-C just ends it: Python would show where an import was cut short
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    from aios import embedded  # noqa: PLC0415
    from apps.audit import acting  # noqa: PLC0415

    signal.signal(signal.SIGINT, on_interrupt)
    acting.run_as(sys.argv[1] if len(sys.argv) > 1 else "help")
    with embedded.provided(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
