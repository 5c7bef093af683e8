"""tools/adbench on a small folder of sets that are made here."""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "tools" / "adbench"
TAMIS = ROOT / ".build" / "release" / "tamis"


@pytest.fixture(scope="module")
def adbench():
    loader = importlib.machinery.SourceFileLoader("adbench", str(PROGRAM))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("adbench", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path):
    """One set as .npz, of integers, and one as .npy with labels beside it."""
    generator = np.random.default_rng(1)
    rows = np.r_[generator.normal(0, 10, (400, 3)), generator.normal(90, 10, (30, 3))]
    np.savez(tmp_path / "2_far.npz", X=rows.astype(np.int16), y=np.repeat([0, 1], [400, 30]))
    line = generator.normal(0, 1, (300, 1)) @ np.ones((1, 4))
    rows = np.r_[line + generator.normal(0, 0.1, (300, 4)), generator.normal(0, 1, (20, 4))]
    np.save(tmp_path / "10_line.npy", rows)
    np.save(tmp_path / "10_line.labels.npy", np.repeat([0, 1], [300, 20]))
    return tmp_path


def run(*arguments):
    return subprocess.run([sys.executable, PROGRAM, *map(str, arguments)], capture_output=True,
                          text=True, check=False, env={**os.environ, "TAMIS": str(TAMIS)})


@pytest.mark.skipif(not TAMIS.exists(), reason="the programs are not built")
def test_every_detector_finds_what_is_far(folder, tmp_path):
    done = run(folder, "--json", tmp_path / "r.json", "--markdown", tmp_path / "r.md", "--",
               "--steps", 200)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "r.json").read_text())
    # In the order of their numbers.
    assert list(found["sets"]) == ["2_far", "10_line"]
    far = found["sets"]["2_far"]
    assert (far["rows"], far["features"], far["anomalies"], far["tested"]) == (200, 3, 30, 230)
    assert {"Tamis", "kNN", "Mahalanobis", "PCA", "ECOD"} <= set(far["detectors"])
    for name, each in far["detectors"].items():
        if name != "PCA":
            assert each["auroc"] > 0.99 and each["ap"] > 0.95, name
    line = found["sets"]["10_line"]["detectors"]
    assert line["Tamis"]["auroc"] > 0.95 > line["ECOD"]["auroc"]
    assert any("training events" in each for each in line["Tamis"]["choices"])
    table = (tmp_path / "r.md").read_text()
    assert table.startswith("| detector | AUROC |") and "| 10_line | 150 | 4 |" in table
    assert table in done.stdout


def test_sets_and_detectors_are_chosen(folder):
    done = run(folder, "--sets", "10_line", "--detectors", "Mahalanobis", "kNN")
    assert done.returncode == 0 and "2_far" not in done.stdout and "Tamis" not in done.stdout


def test_measures_are_those_of_the_definitions(adbench):
    anomaly = np.array([False, True, False, True, True, False])
    scores = np.array([1.0, 1.0, 2.0, 3.0, 2.0, 0.0])
    # Nine pairs: (1 > 0), 1 = 1, (1 < 2); 3 above all; 2 above two and equal to one.
    assert adbench.area(anomaly, scores) == pytest.approx((1.5 + 3 + 2.5) / 9)
    # At 3: 1 of 1; at 2: 2 of 3; at 1: 3 of 5.
    assert adbench.average_precision(anomaly, scores) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    assert adbench.rate_found(anomaly, scores, 0.5) == pytest.approx(2 / 3)
    assert adbench.ranks([0.9, 0.5, 0.9, 0.1]) == [1.5, 3, 1.5, 4]


def test_the_split_is_half_of_the_normal_rows(adbench):
    rows = np.arange(22, dtype=np.float32).reshape(11, 2)
    anomaly = np.arange(11) % 5 == 0
    train, test, tested = adbench.split(rows, anomaly, 0, 100)
    assert len(train) == 4 and len(test) == 7 and tested.sum() == 3
    assert sorted(map(tuple, np.r_[train, test])) == sorted(map(tuple, rows))
    again = adbench.split(rows, anomaly, 0, 100)[0]
    assert (again == train).all()


@pytest.mark.parametrize("make, said", [
    (lambda f: None, "neither .npz nor .npy"),
    (lambda f: np.savez(f / "a.npz", X=np.ones((3, 2))), "X and y were expected"),
    (lambda f: np.savez(f / "a.npz", X=np.ones(3), y=np.ones(3)), r"shape (3,)"),
    (lambda f: np.savez(f / "a.npz", X=np.ones((3, 2)), y=np.ones(2)), "2 labels"),
    (lambda f: np.savez(f / "a.npz", X=np.full((9, 2), np.nan), y=np.ones(9)), "not finite"),
    (lambda f: np.savez(f / "a.npz", X=np.ones((9, 2)), y=np.zeros(9)), "0 anomalies"),
    (lambda f: np.save(f / "a.npy", np.ones((9, 2))), "no a.labels.npy beside it")])
def test_wrong_folders_are_told(tmp_path, make, said):
    make(tmp_path)
    done = run(tmp_path, "--detectors", "Mahalanobis")
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr


def test_an_unknown_set_and_a_missing_program_are_told(folder):
    assert "no set other" in run(folder, "--sets", "other").stderr
    done = subprocess.run([sys.executable, PROGRAM, folder, "--detectors", "Tamis"],
                          capture_output=True, text=True, check=False,
                          env={**os.environ, "TAMIS": "/nonexistent/tamis"})
    assert done.returncode == 1 and "/nonexistent/tamis" in done.stderr
