#!/usr/bin/python3
"""The program tamis-rates of the package in tools/python, see `rates.py --help`."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "python"))

from tamis.commands import rates as program  # noqa: E402

if __name__ == "__main__":
    program.run()
sys.modules[__name__] = program
