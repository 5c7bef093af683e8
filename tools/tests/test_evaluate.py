"""The numbers of `tamis evaluate` against scikit-learn and SciPy, on the scores of `tamis score`.

Skipped where scikit-learn is not installed or the program is not built.
"""

import json
import pathlib
import subprocess

import numpy as np
import pytest

metrics = pytest.importorskip("sklearn.metrics")
stats = pytest.importorskip("scipy.stats")

TAMIS = pathlib.Path(__file__).resolve().parents[2] / ".build/release/tamis"
if not TAMIS.exists():
    pytest.skip("the program is not built", allow_module_level=True)


def tamis(*arguments):
    return subprocess.run([TAMIS, *map(str, arguments)], check=True, capture_output=True,
                          text=True).stdout


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate")
    for name, kind, count, seed in (("train", "background", 4000, 1),
                                    ("background", "background", 12000, 2),
                                    ("anomalies", "anomalies", 700, 3)):
        tamis("simulate", kind, "--events", count, "--seed", seed, "--out",
              folder / f"{name}.npy")
    # Hardly trained, so that the samples overlap, and with some events that tie or have no score.
    events = np.load(folder / "anomalies.npy") * 0.3
    events[::3] = np.load(folder / "background.npy")[: len(events[::3])]
    events[5, 7] = np.nan
    np.save(folder / "anomalies.npy", events.astype(np.float32))
    tamis("train", "--background", folder / "train.npy", "--out", folder / "m.safetensors",
          "--steps", 50, "--hidden", 32, "--blocks", 1)
    tamis("evaluate", "--model", folder / "m.safetensors", "--background",
          folder / "background.npy", "--training-background", folder / "train.npy",
          "--anomalies", f"s={folder / 'anomalies.npy'}", "--variable", "x=0+3",
          "--bootstrap", 100, "--report", folder / "report")
    report = json.loads((folder / "report/report.json").read_text())
    events = {name: np.load(folder / f"{name}.npy") for name in ("train", "background", "anomalies")}
    return report, scores_of(folder, events), events


def scores_of(folder, events):
    """Background and anomaly scores of everything that the report judges, made with NumPy."""
    sides = ("background", "anomalies")
    for side in sides:
        tamis("score", "--model", folder / "m.safetensors", "--input", folder / f"{side}.npy",
              "--scores", folder / f"{side}.scores.npy")
    train = events["train"].astype(float)
    mean, scale = (v.astype(np.float32).astype(float) for v in (train.mean(0), train.std(0)))
    z = {name: (rows.astype(float) - mean) / scale for name, rows in events.items()}
    centre, covariance = z["train"].mean(0), np.cov(z["train"].T)
    values, vectors = np.linalg.eigh(covariance)
    kept = np.searchsorted(np.cumsum(values[::-1]) / values.sum(), 0.9) + 1
    rest = vectors[:, ::-1][:, kept:]
    inverse = np.linalg.inv(covariance)
    functions = {
        "norm": lambda side: (z[side] ** 2).sum(1),
        "mahalanobis": lambda side: np.einsum("ij,jk,ik->i", z[side] - centre, inverse,
                                              z[side] - centre),
        "pca-residual": lambda side: (((z[side] - centre) @ rest) ** 2).sum(1),
        "x": lambda side: events[side][:, 0].astype(float) + events[side][:, 3],
        "m": lambda side: np.load(folder / f"{side}.scores.npy").astype(float)}
    return {name: [function(side) for side in sides] for name, function in functions.items()}


def test_metrics_are_those_of_scikit_learn(study):
    report, scores, _ = study
    assert [score["name"] for score in report["scores"]] == [
        "m", "norm", "mahalanobis", "pca-residual", "x"]
    for score in report["scores"]:
        background, signal = (values[~np.isnan(values)] for values in scores[score["name"]])
        found = score["signals"][0]
        assert found["not_scorable"] == (0 if score["name"] == "x" else 1)
        labels = np.r_[np.zeros(len(background)), np.ones(len(signal))]
        joined = np.r_[background, signal]
        # Baselines are made twice, in another order of additions: equal scores may come apart.
        tolerance = 1e-12 if score["name"] in ("m", "x") else 1e-6
        assert found["auroc"] == pytest.approx(
            metrics.roc_auc_score(labels, joined), abs=tolerance)
        assert found["average_precision"] == pytest.approx(
            metrics.average_precision_score(labels, joined), abs=tolerance)
        fpr, tpr, _ = metrics.roc_curve(labels, joined, drop_intermediate=False)
        for rate in found["tpr_at_fpr"]:
            expected = tpr[np.searchsorted(fpr, rate["target_fpr"], side="right") - 1]
            assert rate["tpr"] == pytest.approx(expected, abs=1.5 / len(signal)
                                                if tolerance > 1e-9 else 0)
            interval = stats.binomtest(rate["true_positives"], len(signal)).proportion_ci(0.95)
            assert rate["tpr_interval"] == pytest.approx(list(interval), rel=1e-9, abs=1e-12)
            above = (background > rate["threshold"]).sum() if tolerance < 1e-9 else None
            assert above in (rate["false_positives"], None)
            assert rate["too_few_events"] == (len(background) * rate["target_fpr"] < 10)


def test_feature_distances_are_those_of_scipy(study):
    report, _, events = study
    for feature in report["features"]["ks_distances"]:
        columns = [events[side][:, feature["feature"]] for side in ("background", "anomalies")]
        expected = stats.ks_2samp(columns[0], columns[1][np.isfinite(columns[1])]).statistic
        assert feature["signals"][0] == pytest.approx(expected, abs=1e-12)
    distances = [feature["signals"][0] for feature in report["features"]["ks_distances"]]
    assert distances == sorted(distances, reverse=True)


def test_rank_correlations_are_those_of_scipy(study):
    report, scores, _ = study
    for pair in report["correlations"]:
        expected = stats.spearmanr(scores[pair["model"]][0], scores[pair["other"]][0]).statistic
        assert pair["spearman"] == pytest.approx(expected, abs=1e-6)
