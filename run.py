"""Starts Klangbild from a checkout: `python run.py` is `klangbild live`; any other command works as well."""

import sys

from visualizer.cli import main

if __name__ == "__main__":
    sys.exit(main())
