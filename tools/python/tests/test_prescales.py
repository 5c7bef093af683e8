"""Prescales by section and by time offline: score, verify, redecide, the reference and the rates agree."""

import json

import numpy as np
import pytest

import tamis
from tamis import records as formats
from tamis.commands import rates

TABLES = {
    "section": """
prescales:
  by: section
  rows:
    - {from: 3, points: {loose: 7}}
    - {from: 6, points: {loose: 0, tight: 2}}
    - {from: 9, points: {}}
""",
    "time": """
prescales:
  by: time
  rows:
    - {from: 2026-11-27T20:00:01Z, points: {loose: 2, tight: 3}}
    - {from: 2026-11-27T20:00:02Z, points: {loose: 5, tight: 0}}
""",
}
START_NS = 1_795_809_600_000_000_000  # 2026-11-27T20:00:00Z


@pytest.fixture
def stream(tamis_program, study, write_changed, tmp_path):
    """Events in twelve sections and three seconds, some simulated; a calibration; configurations."""
    def change(events):
        events["lumi"] = np.arange(len(events)) * 12 // len(events)
        events["time_ns"] = START_NS + np.arange(len(events), dtype=np.uint64) * np.uint64(
            3_000_000_000 // len(events))
        events["flags"][5::40] = formats.SIMULATED_FLAG

    write_changed(change)
    tamis_program(
        "calibrate", "--model", study / "model.safetensors", "--background", study / "test",
        "--working-point", "loose=0.3", "--working-point", "tight=0.05", "--prescale", "loose=3",
        "--out", tmp_path / "c.json")
    for name, table in TABLES.items():
        (tmp_path / f"{name}.yaml").write_text(
            f"model: {study}/model.safetensors\ncalibration: c.json\njournal: {{path: j}}\n"
            "input: {bind: ['tcp://127.0.0.1:*']}\noutput: {bind: ['tcp://127.0.0.1:*']}\n" + table)
    return tmp_path


def expected_table(by):
    own = {"section": [(None, [3, 1]), (3, [7, 1]), (6, [0, 2]), (9, [3, 1])],
           "time": [(None, [3, 1]), (START_NS + 10**9, [2, 3]), (START_NS + 2 * 10**9, [5, 0])]}
    return {"by": by, "rows": [{"from": start, "prescales": row} for start, row in own[by]]}


def scored(tamis_program, study, stream, by, *more):
    return json.loads(tamis_program(
        "score", "--model", study / "model.safetensors", "--calibration", stream / "c.json",
        "--input", stream / "events", "--unbiased-prescale", 20, "--flagged", stream / "flagged",
        "--prescales", stream / f"{by}.yaml", "--force", "--json", *more))


@pytest.mark.parametrize("by", TABLES)
def test_score_verify_and_the_reference_are_one(tamis_program, study, stream, by):
    found = scored(tamis_program, study, stream, by)
    theirs = tamis.Run(stream / "flagged").records()
    calibration = tamis.Calibration.read(stream / "c.json")
    events = tamis.Run(stream / "events").select(kind=formats.EVENT)
    ours = tamis.flag(tamis.Model.read(study / "model.safetensors"), calibration, events, 20,
                      exact=True, prescales=expected_table(by),
                      received_ns=theirs["received_ns"], decided_ns=theirs["decided_ns"])
    assert len(ours) == len(theirs) > 50
    for name in ("event", "reasons", "working_points", "weight", "threshold", "score"):
        assert ours[name].tobytes() == theirs[name].tobytes(), name
    # The rate is that of firing; events that the sender simulated are in no rate.
    fair = theirs["event"]["flags"] & formats.SIMULATED_FLAG == 0
    for bit, point in enumerate(found["working_points"]):
        kept = (theirs["working_points"] >> bit & 1 == 1) & fair
        assert point["flagged"] == kept.sum() < point["fired"]
        assert point["rate"] == pytest.approx(point["fired"] / (len(events) - found["simulated"]))
    said = json.loads(tamis_program(
        "verify", "--model", study / "model.safetensors", "--calibration", stream / "c.json",
        "--input", stream / "events", "--flagged", stream / "flagged", "--json"))
    assert said["verify"] == "identical" and said["flagged"] == len(theirs)
    # Without the table no file of its own is left behind.
    tamis_program(
        "score", "--model", study / "model.safetensors", "--calibration", stream / "c.json",
        "--input", stream / "events", "--flagged", stream / "flagged", "--force")
    assert not (stream / "flagged/decisions.jsonl").exists()


@pytest.mark.parametrize("by", TABLES)
def test_redecide_counts_by_the_table(tamis_program, study, stream, by):
    scored(tamis_program, study, stream, by)
    arguments = ["redecide", stream / "flagged", "--model", study / "model.safetensors",
                 "--calibration", stream / "c.json", "--old-calibration", stream / "c.json", "--json"]
    with_table = json.loads(tamis_program(*arguments, "--prescales", stream / f"{by}.yaml"))
    records = tamis.Run(stream / "flagged").records()
    records = records[records["event"]["flags"] & formats.SIMULATED_FLAG == 0]
    prescales = tamis.decisions.prescales_of(expected_table(by), records["event"])
    calibration = tamis.Calibration.read(stream / "c.json")
    for index, point in enumerate(with_table["working_points"][:2]):
        fired = records["score"] > calibration.working_points[index].threshold
        weights = np.where(prescales[index] == 0, np.inf, prescales[index])
        assert point["kept"] == pytest.approx((records["weight"] / weights)[fired].sum())
        assert point["only_old"]["records"] == point["only_new"]["records"] == 0
        # What was prescaled away, and not found in the sample, has a bound.
        assert point["only_old"]["interval"][1] > 0
    without = json.loads(tamis_program(*arguments))
    assert all(point["kept"] is None for point in without["working_points"][:2])


def test_rates_go_by_the_table(tamis_program, study, stream, capsys):
    def shown():
        rates.main(["--flagged", str(stream / "flagged"), "--calibration", str(stream / "c.json"),
                    "--input", str(stream / "events")])
        return capsys.readouterr().out.splitlines()

    scored(tamis_program, study, stream, "section")
    loose, tight = shown()
    assert "prescale 0, 3, 7, rate at least" in loose and "prescale 1, 2, rate" in tight
    records = tamis.Run(stream / "flagged").records()
    events = tamis.Run(stream / "events").select(kind=formats.EVENT)
    records, events = (each[flags & formats.SIMULATED_FLAG == 0] for each, flags in (
        (records, records["event"]["flags"]), (events, events["flags"])))
    own = tamis.decisions.prescales_of(expected_table("section"), records["event"])[1]
    rate = own[records["working_points"] >> 1 & 1 == 1].sum() / len(events)
    assert f"rate {rate:.4g}," in tight


def test_arrays_have_no_times(tamis_program, study, stream):
    features = tamis.Run(stream / "events").select(kind=formats.EVENT)["features"]
    np.save(stream / "rows.npy", features)
    arguments = ["score", "--model", study / "model.safetensors", "--calibration", stream / "c.json",
                 "--input", stream / "rows.npy", "--prescales"]
    tamis_program(*arguments, stream / "section.yaml")
    with pytest.raises(Exception) as failed:
        tamis_program(*arguments, stream / "time.yaml")
    assert "no times" in f"{failed.value} {getattr(failed.value, 'stderr', '')}"
