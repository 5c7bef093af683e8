"""`tamis verify --decided-only` of a journal of one of several daemons, over a kill.

A start after a kill leaves out the numbers and the names of segments that were reserved. Segments that
are not there leave the same gap.
"""

import json
import shutil
import signal

import numpy as np
import pytest
import zmq

from launched import BIN, Daemon, configuration, make_chain, tamis, until
import tamis_formats as formats
import tamis_runs

if not (BIN / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)

RECORD = formats.flagged_dtype(64)


def decided(daemon):
    """Events that are decided, with their records in the journal; -1 while some are not."""
    status = json.loads(daemon.get("/status"))
    return status["ledger"]["scored"] if status["ring"]["records"] == 0 else -1


def send(daemon, messages):
    before = decided(daemon)
    events = sum(int((message["kind"] == 1).sum()) for message in messages)
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.linger = 10_000
    socket.connect(daemon.address("input"))
    for message in messages:
        socket.send(message.tobytes())
    until(lambda: decided(daemon) == before + events, "all is decided")
    socket.close()


def journal_of(chain, folder, messages, restarts=True):
    """Of a daemon that gets `messages`, and is killed half way."""
    folder.mkdir()
    path = configuration(
        chain, folder, journal="{path: journal, segment_bytes_max: 65536}", unbiased="{prescale: 3}",
        input='{bind: ["tcp://127.0.0.1:*"], shared: true}')
    half = len(messages) // 2
    with Daemon(path) as daemon:
        send(daemon, messages[:half])
        daemon.process.send_signal(signal.SIGKILL)
        daemon.process.wait()
    with Daemon(path) as daemon:
        send(daemon, messages[half:])
        if restarts:
            assert daemon.end() == 0
        else:
            daemon.end(signal.SIGKILL)
    return folder / "journal"


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return make_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="module")
def messages(chain):
    records = np.concatenate(list(tamis_runs.Run(chain / "background.run").blocks()))
    return [records[start:start + 20] for start in range(0, len(records), 20)]


@pytest.fixture(scope="module")
def shared(chain, messages, tmp_path_factory):
    """Of every other message: 150 ranges, of which the ledger keeps the last 64. Orderly at the end."""
    return journal_of(chain, tmp_path_factory.mktemp("shared") / "a", messages[::2])


@pytest.fixture(scope="module")
def open_ended(chain, messages, tmp_path_factory):
    """The same with a kill at its end, so that there is no manifest."""
    return journal_of(chain, tmp_path_factory.mktemp("open") / "a", messages[::2], restarts=False)


def verify(chain, journal, *options):
    done = tamis("verify", "--model", chain / "model.safetensors", "--calibration",
                 chain / "calibration.json", "--input", chain / "background.run", "--flagged", journal,
                 "--json", *options)
    return done.returncode, json.loads(done.stdout)


def segments(journal):
    """The segments before the kill, and those behind it."""
    names = sorted(journal.glob("*.flagged*"))
    last = [int(path.name.split(".")[0]) for path in names]
    jump = next(place for place in range(1, len(last)) if last[place] - last[place - 1] > 1)
    assert jump >= 4 and len(names) - jump >= 3
    return names[:jump], names[jump:]


def numbers(path):
    return np.fromfile(path, RECORD, count=path.stat().st_size // RECORD.itemsize)["number"]


@pytest.mark.parametrize("which", ["shared", "open_ended"])
def test_numbers_that_a_start_left_out_are_no_missing_segments(chain, which, request):
    journal = request.getfixturevalue(which)
    before, behind = segments(journal)
    assert numbers(behind[0])[0] - numbers(before[-1])[-1] > 1_000
    status, facts = verify(chain, journal, "--decided-only")
    assert (status, facts["verify"]) == (0, "identical"), facts
    assert facts["flagged"] > 900 and "missing" not in facts
    assert facts["not_known_whether_decided"] > 100


def test_an_event_that_went_elsewhere_is_no_missing_segment_either(chain, shared):
    """Without --decided-only it should have been flagged."""
    status, facts = verify(chain, shared)
    assert (status, facts["verify"]) == (1, "different"), facts


@pytest.mark.parametrize("place", ["first", "middle", "before the kill", "behind the kill", "last"])
@pytest.mark.parametrize("which", ["shared", "open_ended"])
def test_a_segment_that_is_not_there_is_missing(chain, which, place, request, tmp_path):
    journal = shutil.copytree(request.getfixturevalue(which), tmp_path / "journal")
    before, behind = segments(journal)
    gone = {"first": before[0], "middle": before[1], "before the kill": before[-1],
            "behind the kill": behind[0], "last": behind[-1]}[place]
    lost = numbers(gone)
    gone.unlink()
    status, facts = verify(chain, journal, "--decided-only")
    assert status == 1
    if (which, place) == ("open_ended", "last"):
        # Nothing tells of it.
        return
    assert facts["verify"] == "incomplete", facts
    assert facts["not_compared_for_missing"] > 0
    text = facts["missing"][0]
    assert len(facts["missing"]) == 1, facts
    first, last = map(int, text.split("numbers ")[1].split(" are ")[0].split(" to "))
    assert first <= lost[0] and lost[-1] <= last
    # A name tells where a process did not begin behind the gap.
    if (which, place) != ("open_ended", "before the kill"):
        assert "left out" not in text
    else:
        assert "a start after an end that was not orderly left out some of these" in text


def test_an_event_that_the_ledger_has_is_missing_with_its_segment(chain, messages, tmp_path):
    """Of one daemon alone the ledger knows of each event: no sum is needed."""
    journal = journal_of(chain, tmp_path / "a", messages)
    assert verify(chain, journal, "--decided-only")[1]["verify"] == "identical"
    assert verify(chain, journal)[1]["verify"] == "identical"
    before, _ = segments(journal)
    (journal / "manifest.json").unlink()
    before[-1].unlink()
    status, facts = verify(chain, journal, "--decided-only")
    assert (status, facts["verify"]) == (1, "incomplete"), facts


def cut_out(segment, indices):
    """Takes records out of a segment; returns their numbers."""
    records = np.fromfile(segment, RECORD, count=segment.stat().st_size // RECORD.itemsize)
    np.delete(records, indices).tofile(segment)
    return records["number"][indices]


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize("where", ["before the kill", "behind the kill", "last"])
def test_records_that_were_cut_out_of_a_segment_are_missing(chain, open_ended, where, count, tmp_path):
    """Within a segment numbers have no gap: no ledger is needed to tell."""
    journal = shutil.copytree(open_ended, tmp_path / "journal")
    assert tamis("inspect", journal).returncode == 0
    before, behind = segments(journal)
    segment = {"before the kill": before[1], "behind the kill": behind[0], "last": behind[-1]}[where]
    first = 5
    lost = cut_out(segment, np.arange(first, first + count))
    words = (f"numbers {lost[0]} to {lost[-1]} are missing inside {segment.name}, before its record "
             f"{first}")
    for options in [("--decided-only",), ()]:
        status, facts = verify(chain, journal, *options)
        assert (status, facts["missing"]) == (1, [words]), facts
        # Without --decided-only what went to the other daemon is a difference.
        assert facts["verify"] == ("incomplete" if options else "different"), facts
    assert verify(chain, journal, "--decided-only")[1]["not_compared_for_missing"] >= count
    for path in (journal, segment):
        done = tamis("inspect", path)
        assert done.returncode == 1 and f"problem: {words}\n" in done.stdout, done.stdout


def test_each_place_inside_a_segment_is_told_and_damage_beside_it(chain, open_ended, tmp_path):
    journal = shutil.copytree(open_ended, tmp_path / "journal")
    segment = segments(journal)[0][1]
    first = int(numbers(segment)[0])
    cut_out(segment, [3, 10, 11])
    with segment.open("r+b") as file:
        # The number of the record right before the second place.
        file.seek(8 * RECORD.itemsize + 20)
        file.write(b"\xff\xff")
    status, facts = verify(chain, journal, "--decided-only")
    assert (status, facts["verify"]) == (1, "damaged")
    assert facts["missing"] == [
        f"numbers {first + 3} to {first + 3} are missing inside {segment.name}, before its record 3",
        f"2 of the numbers {first + 9} to {first + 11} are missing inside {segment.name}, before its "
        "record 9"]
    told = tamis("inspect", journal).stdout
    assert f"{facts['missing'][0]}; in 1 further place numbers do not follow, either" in told


@pytest.mark.parametrize("end", ["beginning", "end"])
def test_records_that_were_cut_off_between_two_segments_are_missing(chain, open_ended, end, tmp_path):
    journal = shutil.copytree(open_ended, tmp_path / "journal")
    before, _ = segments(journal)
    assert int(before[2].name[:6]) == int(before[1].name[:6]) + 1
    count = len(numbers(before[1]))
    lost = (cut_out(before[2], np.arange(4)) if end == "beginning"
            else cut_out(before[1], np.arange(count - 4, count)))
    status, facts = verify(chain, journal, "--decided-only")
    assert (status, facts["verify"]) == (1, "incomplete"), facts
    assert facts["missing"] == [
        f"numbers {lost[0]} to {lost[-1]} are in no segment: the end of {before[1].name} or the beginning "
        f"of {before[2].name} is cut"]


def test_a_damaged_record_at_the_end_of_a_segment_is_not_missing(chain, open_ended, tmp_path):
    journal = shutil.copytree(open_ended, tmp_path / "journal")
    before, _ = segments(journal)
    with before[1].open("r+b") as file:
        file.seek(-100, 2)
        file.write(b"\xff\xff\xff")
    status, facts = verify(chain, journal, "--decided-only")
    assert (status, facts["verify"]) == (1, "damaged") and "missing" not in facts, facts


def test_a_journal_without_its_end_lacks_records_of_its_ledger(chain, messages, open_ended, tmp_path):
    """No number tells, and the input ends before the records that are missing."""
    journal = shutil.copytree(open_ended, tmp_path / "journal")
    before, behind = segments(journal)
    for path in [before[-1], *behind]:
        path.unlink()
    kept = np.concatenate([np.fromfile(path, RECORD) for path in before[:-1]])
    records = np.concatenate(messages)
    last = kept["event"]["sequence"].max()
    part = tmp_path / "part.events"
    records[records["sequence"] <= last].tofile(part)
    done = tamis("verify", "--model", chain / "model.safetensors", "--calibration",
                 chain / "calibration.json", "--input", part, "--flagged", journal, "--json",
                 "--decided-only")
    facts = json.loads(done.stdout)
    assert (done.returncode, facts["verify"]) == (1, "incomplete"), facts
    assert facts["flagged"] == len(kept) and facts["not_known_whether_decided"] > 0
    (words,) = facts["missing"]
    whole = np.concatenate([np.fromfile(path, RECORD) for path in sorted(open_ended.glob("*.flagged*"))])
    lost = whole[len(kept):]["reasons"]
    fired, sampled = int((lost & 0b1001 != 0).sum()), int((lost & 2 != 0).sum())
    assert words == (
        f"run {records['run'][0]}, source {records['source'][0]}: the journal has {fired} fewer records "
        f"above a threshold, and {sampled} fewer of the unbiased sample, than its ledger says were kept")


def test_a_pair_that_decided_none_of_the_missing_records_tells_of_them(chain, messages, tmp_path):
    """Another calibration of the same model decided the second half."""
    other = tmp_path / "other.json"
    assert tamis("calibrate", "--model", chain / "model.safetensors", "--background",
                 chain / "background.run", "--working-point", "nominal=2e-2", "--out",
                 other).returncode == 0
    folder = tmp_path / "a"
    folder.mkdir()
    settings = {"journal": "{path: journal, segment_bytes_max: 65536}", "unbiased": "{prescale: 3}"}
    half = len(messages) // 2
    for calibration, part in [(chain / "calibration.json", messages[:half]), (other, messages[half:])]:
        with Daemon(configuration(chain, folder, calibration=calibration, **settings)) as daemon:
            send(daemon, part)
            assert daemon.end() == 0
    journal = folder / "journal"
    last = sorted(journal.glob("*.flagged"))[-2]
    lost = numbers(last)
    last.unlink()

    def verified(calibration):
        return tamis("verify", "--model", chain / "model.safetensors", "--calibration", calibration,
                     "--input", chain / "background.run", "--flagged", journal, "--json",
                     "--decided-only")

    for calibration, verdict in [(other, "incomplete"), (chain / "calibration.json", "identical")]:
        done = verified(calibration)
        facts = json.loads(done.stdout)
        assert (facts["verify"], done.returncode) == (verdict, verdict != "identical"), facts
        (words,) = facts["missing"]
        assert words.startswith(f"{last.name}: numbers {lost[0]} to {lost[-1]} are missing: ")
        assert ("not_compared_for_missing" in facts) == (verdict == "incomplete")
        assert ("records are missing" in done.stderr) == (verdict == "identical"), done.stderr


def test_what_a_receiver_has_written_may_lack_numbers(chain, open_ended, tmp_path):
    """A daemon has files beside its segments that a receiver's run has not."""
    run = tmp_path / "run"
    run.mkdir()
    segment = shutil.copy(segments(open_ended)[0][1], run / "000001.flagged")
    cut_out(run / "000001.flagged", [3])
    for path in (run, segment):
        done = tamis("inspect", path)
        assert "missing inside" not in done.stdout, done.stdout
