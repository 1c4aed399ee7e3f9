#!/usr/bin/env python
"""The one command line of AIOS: `uv run manage.py up` starts everything."""

import os
import sys

from django.core.management import execute_from_command_line

from aios import embedded


def main() -> None:
    """Run the management command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aios.settings")
    with embedded.provided(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
