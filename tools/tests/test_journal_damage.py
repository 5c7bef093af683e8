"""Damage of one file of the journal: the daemon starts again, says so, and what is sound stays.

Each file is damaged in some ways; with TAMIS_ALL_DAMAGE set, in all of them.
"""

import json
import os
import random
import shutil
import signal
import stat
import subprocess
import urllib.error

import numpy as np
import pytest
import zmq

from launched import BIN, Daemon, configuration, loopback, make_chain, tamis, until
import tamis_formats as formats

FEATURES = 64
RECORD = formats.flagged_dtype(FEATURES)


def feed(daemon, chain, run):
    done = tamis("replay", chain / "background.run", "--connect", daemon.address("input"),
                 "--as-run", run)
    assert done.returncode == 0, done.stderr


def receive(daemon, events=6_000):
    """All records that come until the daemon has decided `events` events and no record waits."""
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.linger = 0
    socket.subscribe("")
    socket.connect(daemon.address("output"))
    records = []

    def drained():
        status = json.loads(daemon.get("/status"))
        records.extend(
            np.frombuffer(parts[1], RECORD)[0] for parts in loopback.arrived(socket))
        decided = status["ledger"]["scored"] + status["ledger"]["rejected"]
        return (decided >= events and status["ring"]["records"] == 0
                and status["output"]["waiting"] == 0)

    until(drained, "nothing waits")
    socket.close()
    return records


def journaled(folder):
    """Good records by number, of all files of the folder, whatever their names are now."""
    found = {}
    for path in sorted(folder.glob("*.flagged*")):
        if not path.is_file():
            continue
        size = path.stat().st_size // RECORD.itemsize
        records = np.fromfile(path, RECORD, count=size)
        good = np.ones(size, bool)
        for _, mask in formats.flagged_fault_masks(records):
            good &= mask
        for record in records[good]:
            found.setdefault(int(record["number"]), set()).add(record.tobytes())
    return found


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return make_chain(tmp_path_factory.mktemp("chain"))


JOURNAL = "{path: journal, segment_bytes_max: 65536}"


@pytest.fixture(scope="module")
def pristine(chain, tmp_path_factory):
    """A journal of several segments, of which all was published, and a run was left open."""
    folder = tmp_path_factory.mktemp("pristine")
    with Daemon(configuration(chain, folder, journal=JOURNAL)) as daemon:
        feed(daemon, chain, 1)
        assert len(receive(daemon)) > 500
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(60) == 0
    assert len(list((folder / "journal").glob("*.flagged"))) > 3
    return folder / "journal"


def damages(path, others):
    """Ways to damage a file, by name."""
    size = path.stat().st_size
    content = path.read_bytes()
    generator = random.Random(path.name)

    def flip(place):
        changed = bytearray(content)
        changed[place] ^= 0x40
        return bytes(changed)

    ways = {
        "empty": b"", "cut in half": content[:size // 2], "cut by one": content[:-1],
        "zeros": bytes(size), "random": generator.randbytes(size),
        "random and longer": generator.randbytes(size + 1_000),
        "longer by one": content + b"x", "longer by a record": content + bytes(RECORD.itemsize),
        "first byte": flip(0) if size else b"", "middle": flip(size // 2) if size else b"",
        "last byte": flip(size - 1) if size else b"", "text": b"{\"a\": [1, 2",
        "a number": b"12", "deep": b"[" * 100_000,
    }
    for other in others:
        ways[f"as {other.name}"] = other.read_bytes()
    if "TAMIS_ALL_DAMAGE" in os.environ:
        return ways
    chosen = ["empty", "cut in half", "random", "middle", f"as {others[-1].name}" if others else "deep"]
    return {way: ways[way] for way in chosen}


LINES = ["ledger.jsonl", "decisions.jsonl"]
FILES = ["manifest.json", "published", "numbers", "ledger.open", "ledger.jsonl",
         "decisions.jsonl", "lock", "first", "second", "last"]


def target(folder, name):
    segments = sorted(folder.glob("*.flagged"))
    return {"first": segments[0], "second": segments[1], "last": segments[-1]}.get(
        name, folder / name)


def content(folder):
    """What lies in a folder: bytes of files, the kind of all else."""
    return {path.name: path.read_bytes() if path.is_file() else stat.S_IFMT(path.lstat().st_mode)
            for path in folder.iterdir()}


def foreseen(path):
    """What `--check` says that the start will find; it changes nothing."""
    before = content(path.parent / "journal")
    done = subprocess.run([BIN / "tamisd", "--config", path, "--check"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    assert content(path.parent / "journal") == before
    start = "warning: the start will find: "
    return [line.removeprefix(start) for line in done.stdout.splitlines() if line.startswith(start)]


def warned(log):
    """What the log of a start warns of in the journal."""
    lines = log[:log.index(" running ")].splitlines()
    return [line.split(" warning journal: ", 1)[1] for line in lines if " warning journal: " in line]


def restart(chain, folder, before, name, way):
    """Starts a daemon on the damaged journal, has it decide, and looks at what lies there then."""
    path = configuration(chain, folder, journal=JOURNAL)
    said = foreseen(path)
    with Daemon(path) as daemon:
        assert warned(daemon.log) == said, way
        feed(daemon, chain, 2)
        fresh = receive(daemon)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(60) == 0, daemon.log
        log = daemon.log
    numbers = {int(record["number"]): record.tobytes() for record in fresh}
    for number, content in numbers.items():
        assert before.get(number, {content}) == {content}, f"number {number} came again"
    assert sum(number not in before for number in numbers) > 500
    return log


def tools(chain, folder):
    journal = folder / "journal"
    inspected = tamis("inspect", journal)
    assert inspected.returncode in (0, 1) and "error" not in inspected.stderr, inspected
    ledger = tamis("ledger", journal, "--json")
    told = json.loads(ledger.stdout)
    assert ledger.returncode == (1 if told["unreadable"] else 0), ledger.stderr
    assert told["unreadable"] or told["verdict"] != "damaged"
    verified = tamis("verify", "--model", chain / "model.safetensors", "--calibration",
                     chain / "calibration.json", "--input", chain / "background.run", "--flagged",
                     journal, "--unbiased-prescale", 10)
    assert "error" not in verified.stderr, verified.stderr
    return inspected.stdout, json.loads(ledger.stdout), verified


@pytest.mark.parametrize("name", FILES)
def test_damaged_file(chain, pristine, tmp_path, name):
    before = journaled(pristine)
    others = sorted(pristine.glob("*.flagged"))[1:3] if name in ("first", "last") else []
    for index, (way, content) in enumerate(damages(target(pristine, name), others).items()):
        folder = tmp_path / str(index)
        folder.mkdir()
        shutil.copytree(pristine, folder / "journal")
        path = target(folder / "journal", name)
        path.write_bytes(content)
        good = journaled(folder / "journal")
        if name in LINES and way in ("random", "middle", "cut in half"):
            inspected = tamis("inspect", folder / "journal")
            assert inspected.returncode == 1 and name in inspected.stdout, (way, inspected)
        log = restart(chain, folder, before, name, way)
        tools(chain, folder)
        after = journaled(folder / "journal")
        assert all(after.get(number, set()) >= content for number, content in good.items()), way
        if name in ("manifest.json", "first", "second", "last") and way in (
                "empty", "zeros", "random", "text", "cut in half"):
            assert f"{path.name}" in log, (way, log)
        if name in LINES and way in ("random", "middle", "cut in half"):
            assert any(" warning " in line and name in line for line in log.splitlines()), (way, log)


@pytest.mark.parametrize("name", FILES)
def test_file_of_another_kind(chain, pristine, tmp_path, name):
    before = journaled(pristine)
    def link_to_nothing(path):
        path.symlink_to("/nowhere/at/all")

    def link_to_itself(path):
        path.symlink_to(path)

    for index, make in enumerate((os.mkdir, os.mkfifo, link_to_nothing, link_to_itself)):
        folder = tmp_path / str(index)
        folder.mkdir()
        shutil.copytree(pristine, folder / "journal")
        path = target(folder / "journal", name)
        path.unlink()
        make(path)
        log = restart(chain, folder, before, name, make.__name__)
        assert f"{path.name}" in log
        tools(chain, folder)


def verify(chain, journal, *more):
    done = tamis("verify", "--model", chain / "model.safetensors", "--calibration",
                 chain / "calibration.json", "--input", chain / "background.run", "--flagged",
                 journal, "--json", *more)
    assert "error" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_damaged_open_segment_is_a_warning(chain, pristine, tmp_path):
    """A kill leaves a torn record at the end, which is told as information; a hole is none of a kill."""
    for way, is_damage in (("torn", False), ("hole", True)):
        folder = tmp_path / way
        folder.mkdir()
        shutil.copytree(pristine, folder / "journal")
        last = sorted((folder / "journal").glob("*.flagged"))[-1]
        content = bytearray(last.read_bytes())
        assert len(content) > 4 * RECORD.itemsize
        if is_damage:
            content[RECORD.itemsize + 100] ^= 1
        else:
            content += content[:40]
        last.rename(f"{last}.writing").write_bytes(content)
        with Daemon(configuration(chain, folder, journal=JOURNAL)) as daemon:
            assert daemon.end() == 0
            lines = [line for line in daemon.log.splitlines() if f"{last.name}.writing" in line]
        assert any(" warning " in line for line in lines) == is_damage, lines
        assert lines


def test_a_run_that_was_sent_several_times(chain, tmp_path):
    """Each take is compared by itself; a difference names its take."""
    with Daemon(configuration(chain, tmp_path, journal=JOURNAL)) as daemon:
        for _ in range(3):
            feed(daemon, chain, 1)
        receive(daemon, 18_000)
        assert daemon.end() == 0
    status, facts = verify(chain, tmp_path / "journal")
    assert (status, facts["verify"], facts["takes"]) == (0, "identical", 3), facts
    assert facts["events"] == 6_000 and facts["flagged"] % 3 == 0
    # Without the last records the last take is not whole.
    last = sorted((tmp_path / "journal").glob("*.flagged"))[-1]
    (tmp_path / "journal/manifest.json").unlink()
    os.truncate(last, RECORD.itemsize)
    status, facts = verify(chain, tmp_path / "journal", "--unbiased-prescale", 10)
    assert (status, facts["verify"]) == (1, "different"), facts
    assert facts["first_difference"].startswith("take 3: run "), facts


def test_segments_that_are_not_there(chain, pristine, tmp_path):
    """Their numbers are told: with the manifest, and without."""
    segments = sorted(pristine.glob("*.flagged"))
    for index, (has_manifest, which) in enumerate(
            [(True, 0), (True, 1), (True, -1), (False, 0), (False, 1), (True, None)]):
        journal = tmp_path / str(index)
        shutil.copytree(pristine, journal)
        if not has_manifest:
            (journal / "manifest.json").unlink()
        if which is None:
            name, kept = segments[1].name, 2
            numbers = np.fromfile(segments[1], RECORD)["number"][kept:]
            os.truncate(journal / name, kept * RECORD.itemsize)
        else:
            name = segments[which].name
            numbers = np.fromfile(segments[which], RECORD)["number"]
            (journal / name).unlink()
        status, facts = verify(chain, journal, "--unbiased-prescale", 10)
        assert status == 1 and facts["verify"] == ("damaged" if which is None else "incomplete"), facts
        text = " ".join(facts["missing"])
        assert f"numbers {numbers[0]} to {numbers[-1]}" in text and name in text, facts


def is_unwell(daemon):
    try:
        daemon.get("/healthz")
    except urllib.error.HTTPError as error:
        return error.code == 503
    return False


def test_a_folder_that_was_moved_away_stops_the_journal_and_harms_no_other(chain, tmp_path):
    """What one daemon writes gets neither lost in silence nor into the journal of another."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    with Daemon(configuration(chain, first, journal=JOURNAL)) as daemon:
        feed(daemon, chain, 1)
        journal, aside = first / "journal", first / "aside"
        journal.rename(aside)
        feed(daemon, chain, 2)
        settings = configuration(chain, second, journal=f"{{path: {journal}}}")
        with Daemon(settings) as other:
            feed(other, chain, 3)
            held = {path.name for path in journal.iterdir()}
            until(lambda: " cannot find again: " in daemon.log, "the journal counts as stalled")
            until(lambda: is_unwell(daemon), "the health shows it")
            assert daemon.end() == 1
            assert {path.name for path in journal.iterdir()} == held
            assert other.get("/healthz") == b"ok\n"
            assert other.end() == 0
        assert tamis("inspect", journal).returncode == 0


def test_a_folder_that_comes_back_is_written_again(chain, tmp_path):
    with Daemon(configuration(chain, tmp_path, journal=JOURNAL)) as daemon:
        feed(daemon, chain, 1)
        (tmp_path / "journal").rename(tmp_path / "aside")
        feed(daemon, chain, 2)
        until(lambda: " cannot find again: " in daemon.log, "the journal counts as stalled")
        (tmp_path / "aside").rename(tmp_path / "journal")
        assert daemon.end() == 0
    assert tamis("inspect", tmp_path / "journal").returncode == 0
