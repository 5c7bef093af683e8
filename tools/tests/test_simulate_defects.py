"""Known defects can still be put back: the source has what they take the place of."""

import collections
import importlib.machinery
import importlib.util
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADER = importlib.machinery.SourceFileLoader("simulate_defects", str(ROOT / "tools/simulate-defects"))
defects = importlib.util.module_from_spec(importlib.util.spec_from_loader("simulate_defects", LOADER))
LOADER.exec_module(defects)


@pytest.mark.parametrize("name,edits", [(name, edits) for name, _, edits in defects.DEFECTS])
def test_the_source_has_it(name, edits):
    for file, old, new in edits:
        assert (ROOT / file).read_text().count(old) == 1, f"{name}: {file}: {old}"
        assert new != old


def test_names():
    names = collections.Counter(name for name, _, _ in defects.DEFECTS)
    assert max(names.values()) == 1
    assert defects.NOT_SEEN <= set(names)
    code = "".join(new for _, _, edits in defects.DEFECTS for _, _, new in edits)
    assert all(f'hasDefect("{name}")' in code for name in names)


def test_what_takes_its_place_calls_what_there_is():
    """A name that has gone from the source keeps all defects from being built."""
    source = "\n".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift"))
    known = set(re.findall(r"\b(?:func|var|let|case) (\w+)", source)) | {"init"}
    for name, _, edits in defects.DEFECTS:
        for _, old, new in edits:
            called = set(re.findall(r"(?<=\.)([a-z]\w+)\(", new)) - set(re.findall(r"(?<=\.)([a-z]\w+)\(", old))
            assert called <= known, f"{name}: {called - known}"
