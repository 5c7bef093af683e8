"""Runs a program of the package where it is not installed: python3 -m tamis convert --help."""

from __future__ import annotations

import importlib
import sys

PROGRAMS = {"send": "send", "receive": "receive", "catch-up": "catch_up", "read-run": "read_run",
            "rates": "rates", "convert": "convert", "export": "export", "dask": "farm"}


def run() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in PROGRAMS:
        found = f"{name!r} is no program" if name else "no program was named"
        sys.exit(f"tamis: {found}; there are {', '.join(PROGRAMS)}")
    del sys.argv[1]
    sys.argv[0] = f"tamis-{name}"
    importlib.import_module(f"tamis.commands.{PROGRAMS[name]}").run()


if __name__ == "__main__":
    run()
