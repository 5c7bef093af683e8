"""The module tamis.records of the package in tools/python under its old name."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "python"))

from tamis.decisions import *  # noqa: E402, F401, F403
from tamis.records import *  # noqa: E402, F401, F403
