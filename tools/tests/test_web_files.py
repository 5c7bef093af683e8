"""The daemon's page as what it is: eslint reads its script, a browser its style sheet."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import browser
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB = ROOT / "Sources/CPageFiles/Web"
SCRIPTS = sorted(WEB.glob("*.js"))
SHEET = WEB / "page.css"
# Browsers on phones know it, the one of the tests does not.
PHONES_ALONE = {"-webkit-text-size-adjust"}


def order():
    """The files of the script in the order in which the page joins them."""
    text = (WEB.parent / "page_files.c").read_text()
    return [WEB / name for name in re.findall(r'#embed "Web/([\w-]+\.js)"', text)]


def test_every_file_of_the_script_is_joined_once():
    assert sorted(order()) == SCRIPTS


def test_eslint_finds_nothing(tmp_path):
    eslint = shutil.which("eslint")
    assert eslint, "there is no eslint; tools/setup --tests installs it"
    lines, places = ['"use strict"; (() => {'], [None]
    for file in order():
        for number, line in enumerate(file.read_text().splitlines(), 1):
            lines.append(line)
            places.append(f"{file.name}:{number}")
    joined = tmp_path / "joined.js"
    joined.write_text("\n".join([*lines, "})();", ""]))
    run = subprocess.run(
        [eslint, "--no-eslintrc", "--config", ROOT / "tools/tests/eslintrc.json",
         "--format", "json", joined],
        capture_output=True, text=True, cwd=tmp_path,
        # Where Debian's modules lie: another node than Debian's does not look there.
        env=os.environ | {"NODE_PATH": "/usr/share/nodejs"})
    assert run.stdout, run.stderr
    found = [
        f"{places[message['line'] - 1] if message['line'] <= len(places) else 'end'}: "
        f"{message['message']} ({message['ruleId']})"
        for message in json.loads(run.stdout)[0]["messages"]
    ]
    assert found == []


def rules(text):
    """Selector and declarations of each rule, those within @media too."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert text.count("{") == text.count("}")
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text):
        pairs = [each.split(":", 1) for each in re.split(r";(?![^(]*\))", body) if each.strip()]
        yield selector.strip(), [tuple(part.strip() for part in pair) for pair in pairs]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    opened = browser.Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


def test_a_browser_takes_every_rule_and_declaration_of_the_sheet(page):
    refused = []
    for selector, pairs in rules(SHEET.read_text()):
        one = json.dumps(selector)
        if not page.evaluate(
                f"(() => {{try {{document.querySelector({one}); return true}}"
                "catch (error) {return false}})()"):
            refused.append(selector)
        for pair in pairs:
            assert len(pair) == 2, f"{selector}: {pair} is no declaration"
            name, value = pair
            if name in PHONES_ALONE:
                continue
            if not page.evaluate(f"CSS.supports({json.dumps(name)}, {json.dumps(value)})"):
                refused.append(f"{selector}: {name}: {value}")
    assert refused == []


def test_every_colour_that_is_used_is_defined_and_the_other_way_round():
    text = SHEET.read_text()
    scripts = "".join(file.read_text() for file in SCRIPTS)
    used = set(re.findall(r"var\((--[\w-]+)", text + scripts))
    assert used == set(re.findall(r"(--[\w-]+):", text))


def test_every_class_and_place_of_the_sheet_is_on_the_page():
    written = (WEB / "body.html").read_text() + "".join(file.read_text() for file in SCRIPTS)
    # A name may be put together from parts, as in `state-${state}`.
    starts = tuple(set(re.findall(r"([a-zA-Z][\w-]*)\$\{", written)))
    named = {
        name
        for selector, _ in rules(SHEET.read_text())
        for name in re.findall(r"[.#]([a-zA-Z][\w-]*)", selector)
    }
    missing = {name for name in named if not re.search(rf"\b{name}\b", written)}
    assert {name for name in missing if not name.startswith(starts)} == set()
