"""tools/detector_study.py: what networks and levels cost, and what they find."""

import argparse
import importlib.util
import json
import pathlib
import struct
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TAMIS = ROOT / ".build" / "release" / "tamis"


@pytest.fixture
def study():
    path = ROOT / "tools" / "detector_study.py"
    module = importlib.util.module_from_spec(
        spec := importlib.util.spec_from_file_location("detector_study", path))
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module


def test_the_first_layer_is_multiplied_once(study):
    assert study.multiplications(64, 256, 3, 3) == 655_360
    assert study.multiplications(64, 128, 2, 1) == 64 * 128 + 2 * 128**2 + 128 * 64


def test_levels_that_score_are_neighbours(study):
    assert [tuple(each) for each in study.neighbouring(3)] == [
        (0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)]


def test_tensors_are_read_from_a_model_file(study, tmp_path):
    header = json.dumps({
        "scaler.mean": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "sigmas": {"dtype": "F32", "shape": [3], "data_offsets": [8, 20]}}).encode()
    values = np.array([7, 8, 0.65, 0.39, 0.23], "<f4")
    (tmp_path / "m").write_bytes(struct.pack("<Q", len(header)) + header + values.tobytes())
    assert (study.sigmas(tmp_path / "m") == values[2:]).all()
    assert (study.tensor(tmp_path / "m", "scaler.mean") == [7, 8]).all()


def test_each_norm_is_divided_by_its_mean_on_background(study, monkeypatch):
    norms = {("b", 0): [1, 2, 3], ("b", 1): [100, 300, 200], ("a", 0): [2, 9], ("a", 1): [250, 1]}
    monkeypatch.setattr(study, "sigmas", lambda model: [1, 0.1])
    monkeypatch.setattr(
        study, "scores", lambda model, path, level: np.array(norms[path, level], float))
    found = study.rates_by_levels("m", "b", {"signal": "a"}, [0.5])
    # Background's medians are 2, 200 and, summed over the means, 0.5 + 0.5, 1 + 1.5, 1.5 + 1.
    assert found == {(0,): [{"signal": 0.5}], (1,): [{"signal": 0.5}], (0, 1): [{"signal": 0.5}]}


@pytest.mark.skipif(not TAMIS.exists(), reason="the programs are not built")
def test_the_table_has_a_row_for_each_network_and_levels(study, tmp_path, monkeypatch):
    def samples(folder, seed):
        folder.mkdir(parents=True, exist_ok=True)
        paths = [study.ensure(folder / name, "simulate", "background", "--events", 100, "--seed",
                              number, "--process-seed", seed)
                 for number, name in enumerate(("t.npy", "b.npy", "h.npy"))]
        return paths[0], paths[1], {"half": paths[2]}

    monkeypatch.setattr(study, "TAMIS", str(TAMIS))
    monkeypatch.setattr(study, "reference_samples", samples)
    study.cost(argparse.Namespace(
        work=tmp_path, data=None, seeds=[1, 2], networks=[study.network("1x16x4")], train=[],
        markdown=tmp_path / "table.md"))
    lines = (tmp_path / "table.md").read_text().splitlines()
    assert lines[0] == ("| blocks, width, steps | scores at | multiplications | half, seed 1 "
                        "| half, seed 2 |")
    assert [line.split(" | ")[1] for line in lines[2:]] == [
        "0.65", "0.39", "0.23", "0.65, 0.39", "0.39, 0.23", "0.65, 0.39, 0.23"]
    assert all(line.startswith("| 1, 16, 4 | ") and line.count("|") == 6 for line in lines[2:])


@pytest.mark.skipif(not TAMIS.exists(), reason="the programs are not built")
def test_outputs_are_those_of_the_engine(study, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "TAMIS", str(TAMIS))
    events = study.ensure(tmp_path / "events.npy", "simulate", "background", "--events", 100)
    model = study.ensure(tmp_path / "m", "train", "--background", events, "--steps", 20,
                         "--hidden", 16, "--blocks", 2, "--noise-levels", 3, "--distance", "none")
    rows = study.standardised_rows(model, events, np.zeros(64, bool), clip=np.inf)
    for level in range(3):
        norms = (study.forward(model, rows, level) ** 2).sum(1)
        assert np.allclose(norms, study.scores(model, events, level), rtol=1e-4)


def test_weights_of_one_change_nothing_and_less_of_the_filter_is_less(study):
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((500, 4))
    # What the best network puts out for one Gaussian: the linear filter's own output.
    outputs = 0.5 * rows @ np.linalg.inv(np.cov(rows.T) + 0.25 * np.eye(4))
    sums = {name: score(outputs, rows)
            for name, score in study.other_sums(outputs, rows, 0.5).items()}
    norm = sums["squared norm"]
    assert np.allclose(norm, (outputs**2).sum(1))
    assert np.allclose(sums["less 0.1 of the linear filter"], 0.81 * norm)
    assert np.allclose(sums["sum of magnitudes"], np.abs(outputs).sum(1))
    product = (outputs * rows).sum(1)
    assert np.allclose(sums["less 0.1 of the product with the event"], norm - 0.1 * product)
    # The axes of a unit Gaussian are alike.
    ratio = sums["axes times their mean squares to the 0.4"] / norm
    assert np.ptp(ratio) < 0.1 * ratio.mean()
