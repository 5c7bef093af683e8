"""Rules, board and runbook: each is whole, and they agree with each other and with /metrics."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "etc/prometheus/tamis.rules.yml"
BOARD = ROOT / "etc/grafana/tamis.json"
RUNBOOK = ROOT / "docs/runbook.md"

needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not here")


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def alert_names():
    return re.findall(r"^ +- alert: (\w+)$", RULES.read_text(), re.M)


def exported_names():
    """Families of the metrics page, as its golden file has them."""
    golden = ROOT / "Tests/MonitoringTests/Golden/metrics.txt"
    return set(re.findall(r"^# TYPE (\S+) ", golden.read_text(), re.M))


def recorded_names():
    return set(re.findall(r"^ +- record: (\S+)$", RULES.read_text(), re.M))


def names_in(text):
    return set(re.findall(r"\b(?:tamis|process)(?:_[a-z0-9]+)+\b", text))


def family(name, families):
    short = re.sub(r"_(bucket|sum|count)$", "", name)
    return name if name in families else short


def board_expressions():
    board = json.loads(BOARD.read_text())
    found = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    return found + [each["expr"] for each in board["annotations"]["list"]]


@needs_promtool
def test_promtool_takes_rules_and_example():
    promtool("check", "rules", RULES)
    promtool("check", "config", "--syntax-only", RULES.parent / "prometheus.example.yml")


@needs_promtool
def test_each_alert_fires_and_clears_when_it_should():
    promtool("test", "rules", RULES.parent / "tamis.rules.test.yml")


def test_each_alert_has_a_scenario():
    scenarios = (RULES.parent / "tamis.rules.test.yml").read_text()
    for name in alert_names():
        assert f'alertname="{name}"' in scenarios, name


def test_each_alert_has_its_section_and_each_section_its_alert():
    headings = re.findall(r"^## (\w+)$", RUNBOOK.read_text(), re.M)
    assert sorted(headings) == sorted(set(alert_names()))


def test_each_section_says_what_to_look_at_what_to_do_and_when_to_ask():
    for section in re.split(r"^## ", RUNBOOK.read_text(), flags=re.M)[1:]:
        for word in ("**Look at**", "**Do**", "**Escalate**"):
            assert word in section, (section.split()[0], word)


def test_each_alert_is_labelled_and_linked():
    blocks = re.split(r"^ +- (?=alert:|record:)", RULES.read_text(), flags=re.M)[1:]
    alerts = [block for block in blocks if block.startswith("alert:")]
    assert len(alerts) == len(alert_names())
    for block in alerts:
        name = block.split()[1]
        assert re.search(r"severity: (critical|warning)\}", block), name
        assert f"runbook_url: docs/runbook.md#{name.lower()}\n" in block, name
        assert "summary: " in block and "description: " in block, name


@pytest.mark.parametrize("path", [RULES, BOARD, RUNBOOK], ids=lambda path: path.name)
def test_each_metric_is_on_the_page(path):
    exported = exported_names()
    text = path.read_text().replace('"uid": "tamis"', "")
    unknown = {name for name in names_in(text) if family(name, exported) not in exported}
    # A group's name is not a metric's; nor is the placeholder for two suffixes.
    unknown -= set(re.findall(r"- name: (\w+)", RULES.read_text()))
    assert not unknown


def test_recorded_series_exist():
    text = RULES.read_text() + BOARD.read_text() + RUNBOOK.read_text()
    used = set(re.findall(r"\btamis:[a-z0-9_:]+[a-z0-9]", text))
    assert used == recorded_names()


def test_the_board_is_well_formed():
    board = json.loads(BOARD.read_text())
    assert board["schemaVersion"] >= 36 and "id" not in board
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    cells = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        own = {(x, y) for x in range(place["x"], place["x"] + place["w"])
               for y in range(place["y"], place["y"] + place["h"])}
        assert not own & cells, panel["title"]
        cells |= own
        if panel["type"] != "row":
            assert panel["targets"] and panel["datasource"]["uid"] == "${datasource}"
            letters = [target["refId"] for target in panel["targets"]]
            assert len(set(letters)) == len(letters), panel["title"]
    variables = [each["name"] for each in board["templating"]["list"]]
    assert variables == ["datasource", "stream", "instance"]
    used = set(re.findall(r"\$\{?([a-z]\w*)", BOARD.read_text()))
    assert used == set(variables)


@needs_promtool
def test_each_expression_of_the_board_parses(tmp_path):
    lines = ["groups:", "- name: board", "  rules:"]
    for number, expression in enumerate(board_expressions()):
        for name, value in (("$__rate_interval", "1m"), ("$__interval", "1m"),
                            ("$stream", "a"), ("$instance", "a")):
            expression = expression.replace(name, value)
        assert "$" not in expression
        lines += [f"  - record: board:{number}", f"    expr: {json.dumps(expression)}"]
    rules = tmp_path / "board.yml"
    rules.write_text("\n".join(lines) + "\n")
    promtool("check", "rules", rules)
