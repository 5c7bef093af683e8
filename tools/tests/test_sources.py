"""What the sources promise of themselves."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Sources"


def tracked_files():
    """Mode and path of each tracked file; a tree without git has no modes to look at."""
    if not (ROOT / ".git").exists():
        pytest.skip("no clone of the repository")
    # Of another owner's clone, such as that of a container, git tells nothing unless it is named as safe.
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "--stage", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for entry in listing.split("\0")[:-1]:
        facts, _, path = entry.partition("\t")
        yield facts.split()[0], path


def test_every_script_is_executable():
    """A file that begins with `#!` can be called by its name, as documents and other scripts do."""
    closed = []
    for mode, path in tracked_files():
        file = ROOT / path
        if mode == "100644" and file.is_file() and file.open("rb").read(2) == b"#!":
            closed.append(f"{path}: git update-index --chmod=+x {path}")
    assert closed == []


def test_unchecked_types_say_what_makes_them_safe():
    silent = []
    for path in sorted(SOURCES.rglob("*.swift")):
        lines = path.read_text().splitlines()
        for index, line in enumerate(lines):
            if "@unchecked Sendable" not in line or line.lstrip().startswith("//"):
                continue
            near = lines[max(0, index - 12):index] + lines[index + 1:index + 5]
            if not any(re.search("//.*[Uu]nchecked", each) for each in near):
                silent.append(f"{path.relative_to(SOURCES)}:{index + 1}")
    assert not silent
