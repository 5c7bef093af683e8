"""What the sources promise of themselves."""

import pathlib
import re

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "Sources"


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
