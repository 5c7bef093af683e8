"""Thresholds by condition: the reference, and the program's flagged records, to the bit."""

import json

import numpy as np
import pytest

import tamis
from tamis import records as formats


@pytest.fixture
def binned(tamis_program, study, write_changed, tmp_path):
    """A calibration with thresholds by condition, and events of every condition."""
    def change(events):
        generator = np.random.default_rng(8)
        events["condition"] = generator.uniform(20, 50, len(events))
        events["condition"][::7] = np.nan
        events["condition"][1::50], events["condition"][2::50] = np.inf, -np.inf
        events["condition"][3::50], events["condition"][4::50] = 30, np.nextafter(np.float32(30), 0)

    write_changed(change)
    tamis_program(
        "calibrate", "--model", study / "model.safetensors", "--background", tmp_path / "events",
        "--working-point", "loose=0.2", "--working-point", "tight=0.05", "--prescale", "loose=3",
        "--condition-edges", "30,40", "--out", tmp_path / "binned.json")
    return tmp_path


def test_flagged_records_are_the_programs(tamis_program, study, binned):
    tamis_program(
        "score", "--model", study / "model.safetensors", "--calibration", binned / "binned.json",
        "--input", binned / "events", "--unbiased-prescale", 20, "--flagged", binned / "flagged")
    theirs = tamis.Run(binned / "flagged").records()
    calibration = tamis.Calibration.read(binned / "binned.json")
    bins = calibration.condition_bins
    assert bins is not None and len(np.unique(bins.thresholds)) > 2
    events = tamis.Run(binned / "events").select(kind=formats.EVENT)
    ours = tamis.flag(tamis.Model.read(study / "model.safetensors"), calibration, events, 20,
                      exact=True, received_ns=theirs["received_ns"],
                      decided_ns=theirs["decided_ns"])
    assert len(ours) == len(theirs) > 50 and len(np.unique(ours["threshold"])) > 1
    for name in ours.dtype.names:
        if name not in ("crc32c", "background_rate"):
            assert ours[name].tobytes() == theirs[name].tobytes(), name
    # NumPy's exponential may differ in the last bit beyond the sample.
    within = theirs["background_rate"] > 0
    assert (ours["background_rate"][within] == theirs["background_rate"][within]).all()
    assert np.allclose(ours["background_rate"], theirs["background_rate"], rtol=2e-7, atol=0)


def test_what_is_no_bins_is_refused(binned):
    content = json.loads((binned / "binned.json").read_text())
    content["condition_bins"]["edges"].pop()
    (binned / "bad.json").write_text(json.dumps(content))
    with pytest.raises(tamis.FileFault, match="condition_bins"):
        tamis.Calibration.read(binned / "bad.json")
