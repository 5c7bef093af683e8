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
    done = run(folder, "--json", tmp_path / "r.json", "--markdown", tmp_path / "r.md",
               "--most-steps", 20, "--", "--steps", 200)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "r.json").read_text())
    # In the order of their numbers.
    assert list(found["sets"]) == ["2_far", "10_line"]
    far = found["sets"]["2_far"]
    assert (far["rows"], far["features"], far["anomalies"], far["tested"]) == (200, 3, 30, 230)
    assert {"Tamis", "kNN", "Mahalanobis", "PCA", "ECOD", "COPOD"} <= set(far["detectors"])
    for name, each in far["detectors"].items():
        assert each["train_seconds"] >= 0 and each["score_us"] >= 0
        # 20 steps of K-DSM teach nothing.
        if name not in ("PCA", "K-DSM"):
            assert each["auroc"] > 0.99 and each["ap"] > 0.95, name
    line = found["sets"]["10_line"]["detectors"]
    assert line["Tamis"]["auroc"] > 0.95 > line["ECOD"]["auroc"]
    assert any("training events" in each for each in line["Tamis"]["choices"])
    table = (tmp_path / "r.md").read_text()
    assert table.startswith("| detector | AUROC |") and "| 10_line | 150 | 4 |" in table
    for title in ("AUROC:", "Average precision:", "TPR at 1e-2:"):
        assert f"\n{title}\n" in table
    assert table in done.stdout


def test_sets_and_detectors_are_chosen(folder):
    done = run(folder, "--sets", "10_line", "--detectors", "Mahalanobis", "kNN")
    assert done.returncode == 0 and "2_far" not in done.stdout and "Tamis" not in done.stdout


def test_a_run_in_parts_is_the_run_at_once(folder, tmp_path):
    whole, first, second, parts = (tmp_path / name for name in "whole first second parts".split())
    assert run(folder, "--detectors", "kNN", "ECOD", "--json", whole).returncode == 0
    run(folder, "--detectors", "ECOD", "--sets", "10_line", "--json", first)
    run(folder, "--detectors", "ECOD", "--sets", "2_far", "--json", second)
    done = run(folder, "--detectors", "kNN", "ECOD", "--with", first, second, "--json", parts)
    assert done.returncode == 0, done.stderr
    found, expected = (json.loads(path.read_text())["sets"] for path in (parts, whole))
    for name, each in expected.items():
        for detector, measures in each["detectors"].items():
            same = found[name]["detectors"][detector]
            assert all(same[key] == measures[key] for key in ("auroc", "ap", "tpr_at_1e-2"))
    # What was found is not run again: its time is that of the first run.
    known = json.loads(first.read_text())["sets"]["10_line"]["detectors"]["ECOD"]
    assert found["10_line"]["detectors"]["ECOD"] == known


@pytest.mark.parametrize("content, said", [
    ("[]", "not what --json writes"), ("{}", "not what --json writes"),
    ('{"sets": [], "options": {"seed": 0, "most": 50000, "train": []}}', "not what --json writes"),
    ('{"sets": {}, "options": {"seed": 1, "most": 50000, "train": []}}', "'seed': 1"),
    (None, "No such file")])
def test_wrong_earlier_results_are_told(folder, tmp_path, content, said):
    if content is not None:
        (tmp_path / "earlier.json").write_text(content)
    done = run(folder, "--detectors", "norm", "--with", tmp_path / "earlier.json")
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr


def test_what_a_detector_lacks_is_said(folder, tmp_path):
    # Modules that cannot be imported, in the place of those that may be there.
    for package in ("torch", "sklearn"):
        (tmp_path / "none" / package).mkdir(parents=True)
        (tmp_path / "none" / package / "__init__.py").write_text("raise ImportError")
    done = subprocess.run(
        [sys.executable, PROGRAM, folder, "--detectors", "K-DSM", "GMM", "norm"],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "none")})
    assert done.returncode == 0
    assert "no PyTorch, so without K-DSM" in done.stderr
    assert "no scikit-learn, so without GMM" in done.stderr
    assert "| norm |" in done.stdout
    assert run(folder, "--most-steps", 0).returncode == 2


def test_copod_takes_the_longer_tail_and_the_mean_of_both(adbench):
    # Skewed to the right: the right tail counts, or the mean of both where it is larger.
    train = np.array([[0.0], [1.0], [2.0], [9.0]])
    score = adbench.copod(train)(np.array([[10.0], [-1.0], [1.0]]))
    last, first = -np.log(1 / 5), 0  # Beyond all four, and before none.
    middle = max(-np.log(4 / 5), -np.log(3 / 5) / 2 - np.log(4 / 5) / 2)
    assert score == pytest.approx([last, max(first, last / 2), middle])
    # Without skewness both tails count.
    even = adbench.copod(np.array([[-1.0], [0.0], [1.0]]))(np.array([[0.0]]))
    assert even == pytest.approx([-2 * np.log(3 / 4)])


def test_copod_is_that_of_pyod(adbench):
    copod = pytest.importorskip("pyod.models.copod").COPOD
    rows = np.random.default_rng(3).exponential(1, (500, 6)) * [1, -1, 2, -3, 1, 1]
    theirs = copod().fit(rows).decision_scores_
    # pyod divides a rank by the number of rows, and we add one to both.
    assert np.corrcoef(adbench.copod(rows)(rows), theirs)[0, 1] > 0.999


@pytest.fixture(scope="module")
def kdsm():
    pytest.importorskip("torch")
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import kdsm
    finally:
        sys.path.pop(0)
    return kdsm


def test_sigma_of_a_feature_grows_with_its_kurtosis(kdsm):
    generator = np.random.default_rng(2)
    rows = np.stack([
        generator.normal(0, 1, 20_000), generator.uniform(-1, 1, 20_000),
        generator.standard_t(2, 20_000), generator.integers(0, 2, 20_000),
        np.full(20_000, 7.0), generator.normal(1e9, 1, 20_000).round(-3)], axis=1)
    gauss, flat, heavy, binary, constant, rounded = kdsm.noise_sizes(rows)
    # Of a Gaussian without its outermost 4 %, the kurtosis is below 3.
    assert 0.3 < gauss < 0.5
    assert kdsm.SIGMA_LEAST <= flat < gauss < heavy <= kdsm.SIGMA_MOST
    assert binary == pytest.approx(0.5 * (1 + 0.33 * (1.8 - 3)))
    assert constant == rounded == 3


def test_kurtosis_is_about_the_mode(kdsm):
    # Two far bins of which one is more frequent are neighbours: places 0 and 1.
    values = np.repeat([2.0, 500.0], [900, 100])
    place = np.repeat([0.0, 1.0], [900, 100]) - 0.1
    assert kdsm.kurtosis_about_the_mode(values) == pytest.approx(
        (place**4).mean() / (place**2).mean() ** 2)


def test_kdsm_learns_and_its_training_is_bounded(kdsm, adbench, monkeypatch):
    monkeypatch.setattr(kdsm, "WIDTH", 64)
    monkeypatch.setattr(kdsm, "BLOCKS", 2)
    generator = np.random.default_rng(4)
    line = generator.normal(0, 1, (200, 1)) @ np.ones((1, 3))
    train = line + generator.normal(0, 0.1, (200, 3))
    test = np.r_[train[:100] + generator.normal(0, 0.01, (100, 3)), [[2, -2, 2]] * 20]
    detector = kdsm.Detector(train.astype(np.float32), most_steps=60)
    assert (detector.steps, detector.all_steps) == (60, 1_000)
    scores = detector.score(test.astype(np.float32))
    assert adbench.area(np.arange(120) >= 100, scores) > 0.95
    # The same again to the bit; one row alone is enough.
    again = kdsm.Detector(train.astype(np.float32), most_steps=60)
    assert (again.score(test.astype(np.float32)) == scores).all()
    assert kdsm.Detector(train[:1].astype(np.float32), most_steps=2).score(test).shape == (120,)


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
