"""Working points of the low side: the reference against the program, to the bit, and the rule alone."""

import json

import numpy as np
import pytest

import tamis
from tamis import decisions, records as formats


def test_the_rule_is_the_mirror_image():
    scores = np.float32([0, 0.999, 1, 1.001, 5, 9.999, 10, 10.001, np.nan, np.inf])
    hashes = np.zeros(len(scores), np.uint64)
    reasons, mask, weight = decisions.decide(
        scores, hashes, [(10, 3), (1, 2)], sides=["high", "low"])
    assert reasons.tolist() == [8, 8, 0, 0, 0, 0, 0, 1, 4, 1]
    assert mask.tolist() == [2, 2, 0, 0, 0, 0, 0, 1, 0, 1]
    assert weight.tolist() == [2, 2, 0, 0, 0, 0, 0, 3, 1, 3]
    # With the opposite sign the sides change places.
    turned = decisions.decide(-scores, hashes, [(-10, 3), (-1, 2)], sides=["low", "high"])
    assert turned[1].tolist() == mask.tolist() and turned[2].tolist() == weight.tolist()
    # Without sides all points are high.
    plain = decisions.decide(scores, hashes, [(10, 3), (1, 2)])
    assert plain[1].tolist() == [0, 0, 0, 2, 2, 2, 2, 3, 0, 3]


@pytest.fixture(scope="module")
def quiet(tamis_program, study):
    """A calibration of the small study with a quiet point."""
    path = study / "quiet.json"
    tamis_program("calibrate", "--model", study / "model.safetensors", "--background",
                  study / "train", "--working-point", "loose=5e-2", "--quiet-point", "calm=3e-2",
                  "--prescale", "calm=2", "--out", path)
    return path


def test_the_records_are_the_programs(tamis_program, study, quiet, tmp_path):
    tamis_program("score", "--model", study / "model.safetensors", "--calibration", quiet, "--input",
                  study / "test", "--flagged", tmp_path / "flagged", "--unbiased-prescale", 30)
    model, calibration = tamis.Model.read(study / "model.safetensors"), tamis.Calibration.read(quiet)
    calibration.check(model)
    assert calibration.sides == ["high", "low"] and calibration.quiet is not None
    assert calibration.quiet_threshold < calibration.loosest_threshold
    theirs = tamis.Run(tmp_path / "flagged").records().copy()
    ours = tamis.flag(model, calibration, tamis.Run(study / "test").select(kind=formats.EVENT), 30,
                      exact=True)
    for records in (ours, theirs):
        records["received_ns"] = records["decided_ns"] = records["instance"] = 0
        records["number"] = 1 + np.arange(len(records))
        formats.seal(records)
    assert ours.tobytes() == theirs.tobytes()
    low = theirs["reasons"] & formats.BELOW_THRESHOLD != 0
    assert 10 < low.sum() < len(theirs)
    assert tamis.flagged_faults(theirs) == []
    assert (theirs["threshold"][low] == calibration.quiet_threshold).all()
    assert (theirs["background_rate"][low] > 0).all()
    order = np.argsort(theirs["score"][low])
    assert (np.diff(theirs["background_rate"][low][order]) >= 0).all()


def test_the_means_are_those_of_background(tamis_program, study, quiet, tmp_path):
    calibration = tamis.Calibration.read(quiet)
    tamis_program("score", "--model", study / "model.safetensors", "--calibration", quiet, "--input",
                  study / "train", "--attributions", tmp_path / "a.npy", "--scores", tmp_path / "s.npy")
    parts, scores = np.load(tmp_path / "a.npy"), np.load(tmp_path / "s.npy")
    means = parts.astype(np.float64).mean(axis=0)
    assert np.allclose(calibration.quiet.attribution_means, means, rtol=2e-7, atol=0)
    # The threshold is the score of its rank.
    rank = int((len(scores) + 1) * 0.03 + 1e-9)
    assert np.sort(scores)[rank - 1] == calibration.quiet_threshold
    shown = calibration.quiet.estimate(float(np.sort(scores)[5]))
    assert shown.rate == pytest.approx(7 / (len(scores) + 1)) and not shown.extrapolated


@pytest.mark.parametrize("change", [
    {"format": "tamis-calibration/1"}, {"format": "tamis-calibration/3"}, {"quiet": None}])
def test_files_that_cannot_be_are_refused(quiet, change):
    content = json.loads(quiet.read_text())
    content.update(change)
    with pytest.raises(tamis.FileFault):
        tamis.Calibration(content)
