"""The module tamis.catchup of the package in tools/python under its old name."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "python"))

from tamis.catchup import *  # noqa: E402, F401, F403
