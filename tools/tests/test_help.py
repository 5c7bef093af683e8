"""Every program for people tells its usage at once: it builds, installs and changes nothing first."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Those of packages and tests below these folders are called by others.
FOLDERS = (".ci", "Benchmarks", "Fuzz", "tools", "tools/collisions")
TOOLS = sorted(
    path.relative_to(ROOT)
    for folder in FOLDERS for path in (ROOT / folder).iterdir()
    if path.is_file() and path.open("rb").read(2) == b"#!")
# What a tool would begin its work with.
WORKERS = ("swift", "clang", "apt-get", "cmake", "sudo", "debootstrap", "dpkg-query", "mktemp")


@pytest.mark.parametrize("word", ["-h", "--help"])
@pytest.mark.parametrize("tool", TOOLS, ids=str)
def test_help_is_told_at_once(tool, word, tmp_path):
    begun = tmp_path / "begun"
    for name in WORKERS:
        stub = tmp_path / name
        stub.write_text(f'#!/bin/sh\necho "$0 $*" >>"{begun}"\nexit 1\n')
        stub.chmod(0o755)
    # The tests' Python has the packages that tools import.
    is_python = b"python" in (ROOT / tool).open("rb").readline()
    run = subprocess.run(
        [*([sys.executable] if is_python else []), ROOT / tool, word], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"})
    assert (run.returncode, run.stderr) == (0, ""), run
    assert "usage" in run.stdout.lower()
    assert not begun.exists(), begun.read_text()
