"""What docs/python.md says of CSV, done as it stands there; the programs without an installation."""

import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

import tamis
import tamis.__main__

ROOT = pathlib.Path(__file__).resolve().parents[3]
SECTION = re.search(r"\n### CSV\n(.*?)\n## ", (ROOT / "docs/python.md").read_text(), re.DOTALL)[1]
NAMES = ["pt (GeV)", "eta", "n muons"]


@pytest.fixture
def features(tmp_path, monkeypatch):
    """events.csv in the working folder, with an empty field in the last row."""
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(1).normal(size=(50, 3)).astype("f4")
    values[-1, 1] = np.nan
    lines = [",".join(["event", NAMES[0], "pileup", *NAMES[1:]])]
    for row, (a, b, c) in enumerate(values.tolist()):
        lines.append(f"{row + 7},{a!r},{row / 2},{'' if np.isnan(b) else repr(b)},{c!r}")
    pathlib.Path("events.csv").write_text("\n".join(lines) + "\n")
    return values


def test_a_run_with_the_names_of_the_columns(features):
    exec(re.search(r"```python\n(.*?)```", SECTION, re.DOTALL)[1], {})
    run = tamis.Run("events.run")
    assert run.feature_names == NAMES
    assert np.array_equal(run.features(), features, equal_nan=True)
    records = run.records()
    assert list(records["event"]) == list(range(7, 57))
    assert list(records["condition"]) == [row / 2 for row in range(50)]
    assert set(records["schema"]) == {tamis.schema_prefix(NAMES)}
    assert list(run.faults()) == []


def test_an_array(features):
    command = re.search(r"python3 -c '(.*?)'", SECTION, re.DOTALL)[1]
    np.savetxt("events.csv", features[:-1], delimiter=",", header="a,b,c", comments="", fmt="%.9g")
    subprocess.run([sys.executable, "-c", command], check=True)
    assert np.array_equal(np.load("events.npy").astype("f4"), features[:-1])


def test_the_program_says_where_to_read(features):
    program = subprocess.run(
        [sys.executable, "-m", "tamis", "convert", "events.csv", "--names", "names.json",
         "--out", "run"],
        capture_output=True, text=True, env={"PYTHONPATH": str(ROOT / "tools/python")},
        check=False)
    assert program.returncode == 1 and program.stderr.startswith("tamis-convert: ")
    assert "events.csv: begins with" in program.stderr and "docs/python.md" in program.stderr
    assert "Traceback" not in program.stderr


@pytest.mark.parametrize("name", [*tamis.__main__.PROGRAMS, "nothing", ""])
def test_every_program_runs_without_an_installation(name):
    program = subprocess.run(
        [sys.executable, "-m", "tamis", *([name, "--help"] if name else [])], capture_output=True,
        text=True, env={"PYTHONPATH": str(ROOT / "tools/python")}, check=False)
    if name in tamis.__main__.PROGRAMS:
        assert program.returncode == 0 and f"usage: tamis-{name} " in program.stdout
    else:
        assert program.returncode == 1 and "there are send, " in program.stderr
