"""The module tamis.curve of the package in tools/python under its old name."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "python"))

from tamis.curve import *  # noqa: E402, F401, F403
