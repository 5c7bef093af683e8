"""Runs and journals: filters, jumps, what lies beside the segments."""

import json
import struct

import numpy as np
import pytest

import tamis
from tamis import records as formats

NAMES = ["pt", "eta"]


def some_flagged(count, numbers=None):
    events = formats.seal(formats.new_events(
        count, 2, run=1 + np.arange(count) % 3, source=np.arange(count) % 2,
        sequence=1 + np.arange(count), time_ns=2**63 + np.arange(count, dtype=np.uint64),
        features=np.ones((count, 2))))
    return formats.seal(formats.new_flagged(
        events, np.ones((count, 2)), reasons=1, working_points=1 << (np.arange(count) % 16),
        weight=1, number=1 + np.arange(count) if numbers is None else numbers))


@pytest.fixture
def journal(tmp_path):
    numbers = np.concatenate([np.arange(1, 51), np.arange(60, 110)]).astype(np.uint64)
    records = some_flagged(100, numbers)
    with tamis.RunWriter(tmp_path / "journal", "flagged", 2, NAMES) as writer:
        writer.append(records[:30])
        writer.next_segment()
        writer.append(records[30:])
    return tamis.Journal(tmp_path / "journal"), records


def test_filters(journal):
    run, records = journal
    events = records["event"]
    for found, mask in (
            (run.select(), np.ones(100, bool)), (run.select(run=2), events["run"] == 2),
            (run.select(run=[1, 3]), events["run"] != 2),
            (run.select(run=2, source=0), (events["run"] == 2) & (events["source"] == 0)),
            (run.select(working_point=15), records["working_points"] == 1 << 15),
            (run.select(working_point=[0, 1]), records["working_points"] <= 2),
            (run.select(time_ns=(2**63 + 10, 2**63 + 40)),
             (np.arange(100) >= 10) & (np.arange(100) < 40)),
            (run.select(time_ns=(2**63 + 98, None)), np.arange(100) >= 98),
            (run.select(reason=2), np.zeros(100, bool)),
            (run.select(where=lambda block: block["number"] > 100), records["number"] > 100)):
        assert found.tobytes() == records[mask].tobytes()
    assert run.records().tobytes() == records.tobytes() and len(run) == 100
    assert run.jumps() == [(51, 59)] and list(run.faults()) == []


def test_events_have_no_working_points(tmp_path):
    with tamis.RunWriter(tmp_path / "run", "events", 2) as writer:
        writer.append(formats.seal(formats.new_events(3, 2)))
    with pytest.raises(tamis.RunFault, match="of flagged records"):
        tamis.Run(tmp_path / "run").select(working_point=0)
    with pytest.raises(tamis.RunFault, match="flagged segments"):
        tamis.Journal(tmp_path / "run")


def line(entry, checked=True):
    text = json.dumps(entry)[:-1]
    checksum = formats.crc32c(text.encode())
    return f'{text}, "crc32c": "{checksum:08x}"}}\n' if checked else text + "}\n"


def test_ledger_lines_with_and_without_checksums(journal):
    run, _ = journal
    entry = {"run": 2**32 - 1, "source": 1, "opened_ns": 2**63 + 1, "closing": "shutdown"}
    later = {**entry, "closing": "end_of_run"}
    wrong = line({**entry, "run": 5}).replace("shutdown", "shutdawn")
    (run.path / "ledger.jsonl").write_text(
        line(entry, False) + line(later) + wrong + "\n[1]\nnonsense\n" + line(entry)[:40])
    found = run.ledger()
    assert found.entries == [entry, later] and run.closed_runs() == [later]
    places = [each.split(": ", 1)[0].rsplit(" ", 1)[1] for each in found.faults]
    assert places == ["3", "5", "6", "7"]
    assert "checksum" in found.faults[0] and found.faults[3].endswith("torn")
    assert len(list(run.faults())) == 4
    assert run.decisions() == ([], [])


def test_parts_of_a_run_and_what_was_refused(journal):
    run, _ = journal

    def entry(closing, number=1, **more):
        return {"run": number, "source": 2, "opened_ns": 7, "closing": closing, **more}

    lines = [entry("shutdown"), entry("silence", refused={"repeated": 3}), entry("refused",
             refused={"repeated": 4, "crc": 1}), entry("shutdown"), entry("end_of_run"),
             entry("next_run", 5), {"run": None, "source": None, "closing": "refused",
             "opened_ns": 0, "refused": {"crc": 2}}]
    (run.path / "ledger.jsonl").write_text("".join(map(line, lines)))
    assert run.closed_runs() == [lines[1], lines[4], lines[5]]
    assert run.refused() == {(1, 2): {"repeated": 7, "crc": 1}, (None, None): {"crc": 2}}


def test_cursors(journal):
    run, _ = journal
    assert run.published == 0 and run.deleted == (0, 0, 0, 0)
    (run.path / "published").write_bytes(struct.pack("<Q", 2**64 - 1))
    (run.path / "deleted").write_bytes(struct.pack("<4Q", 1, 2, 3, 4))
    assert run.published == 2**64 - 1
    assert run.deleted == tamis.journals.Deleted(1, 2, 3, 4)
    (run.path / "published").write_bytes(b"123")
    with pytest.raises(tamis.RunFault, match="3 bytes"):
        run.published


@pytest.mark.parametrize("text, said", [
    ("{", "not JSON"), ("[]", "an object"), ('{"format": "x"}', "tamis-run/1"),
    ('{"features": 0}', "1 to 65535"), ('{"features": "64"}', "1 to 65535")])
def test_broken_manifests(journal, text, said):
    run, _ = journal
    (run.path / "manifest.json").write_text(text)
    with pytest.raises(tamis.RunFault, match=said):
        tamis.Run(run.path)


@pytest.mark.parametrize("array, said", [
    (np.zeros(3), "shape"), (np.zeros((2, 3), np.int32), "float32 or float64"),
    (np.zeros((2, 3), ">f4"), "float32 or float64"), (np.zeros((2, 0)), "shape"),
    (np.asfortranarray(np.zeros((2, 3))), "Fortran")])
def test_arrays_that_are_no_events(tmp_path, array, said):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(tamis.RunFault, match=said):
        tamis.read_npy(tmp_path / "a.npy")


def test_the_version_is_the_programs(tamis_program):
    assert tamis_program("--version").split()[1] == tamis.__version__
