"""Phrases that readers had to read twice do not come back."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PHRASES = re.compile(
    r"the so[- ]many[- ]th|every so[- ]many[- ]th|of which so many|so many of so many"
    r"|(?:one|once|each) in so many|at most so (?:many|long)|for so (?:many|long) "
    r"|(?:gone|goes|going|go) on with (?:it|the run|a run|what)"
    r"|hangs? on (?:it|the|what|data|that)\b|those that nothing keeps"
    r"|keeps a quarter away|where they could be more|is told of by"
)
MARKS = re.compile(r"\n[ \t]*(?:///|//|#)?[ \t]*")


def texts():
    for pattern in ("*.md", "docs/**/*.md", "etc/**/*.y*ml", "Sources/**/*.swift", "Sources/**/*.js"):
        yield from ROOT.glob(pattern)


def test_no_riddles():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in texts()
        for match in PHRASES.finditer(MARKS.sub(" ", path.read_text()))
    ]
    assert found == []
