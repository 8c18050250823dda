#!/usr/bin/env python3
"""Django's command line for GoPimi."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gopimi.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit("GoPimi's dependencies aren't installed: run `make run` or `make setup` first.") from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
