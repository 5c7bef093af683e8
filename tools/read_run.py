#!/usr/bin/python3
"""The program tamis-read-run of the package in tools/python, see `read_run.py --help`."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "python"))

from tamis.commands import read_run as program  # noqa: E402

if __name__ == "__main__":
    program.run()
sys.modules[__name__] = program
