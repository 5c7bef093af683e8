"""docs/architecture.md, Package.swift and the imports in Sources say the same."""

import importlib.machinery
import importlib.util
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMPORT = re.compile(
    r"^(?:@\w+ )*(?:(?:public|package|internal|private|fileprivate) )?"
    r"import (?:(?:struct|class|enum|func|protocol|var|let|typealias) )?(\w+)",
    re.MULTILINE,
)

loader = importlib.machinery.SourceFileLoader("architecture", str(ROOT / "tools/architecture"))
architecture = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("architecture", loader)
)
loader.exec_module(architecture)

TARGETS = architecture.declared()
OTHERS = {each for names in TARGETS.values() for each in names} - set(TARGETS)


def folder(name):
    return ROOT / next(
        target.get("path") or f"Sources/{name}"
        for target in architecture.package()["targets"]
        if target["name"] == name
    )


def imported(name):
    """What the Swift files of a target import, of this package and of those it depends on."""
    found = set()
    for file in folder(name).rglob("*.swift"):
        found |= set(IMPORT.findall(file.read_text()))
    return sorted((found & (set(TARGETS) | OTHERS)) - {name})


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_module_declares_what_it_imports_and_no_more(name):
    assert imported(name) == TARGETS[name]


def test_the_picture_and_the_table_are_those_of_the_package():
    assert architecture.PICTURE.read_text() == architecture.picture()
    assert architecture.PAGE.read_text() == architecture.page()


def test_the_page_names_every_module_once_and_no_other():
    table = architecture.PAGE.read_text().split("## The way of an event")[0]
    rows = re.findall(r"^\| ((?:`[\w-]+`(?:, )?)+) \|", table, re.MULTILINE)
    assert sorted(re.findall(r"`([\w-]+)`", " ".join(rows))) == sorted(TARGETS)


def test_files_and_types_that_the_page_names_are_there():
    text = architecture.PAGE.read_text()
    sources = "\n".join(file.read_text() for file in (ROOT / "Sources").rglob("*.swift"))
    for name in set(re.findall(r"`([A-Z]\w+)(?:\.swift)?`", text)) - set(TARGETS) - {"Sources", "Package"}:
        assert re.search(rf"\b(?:struct|class|enum|protocol|actor|func) {name}\b", sources), name
    for path in re.findall(r"`(Sources/[\w/.]+)`", text):
        assert (ROOT / path).exists(), path
