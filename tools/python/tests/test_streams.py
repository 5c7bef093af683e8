"""Sender and Receiver with a daemon: kills, restarts, asyncio, rates."""

import asyncio
import os
import pathlib
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

import tamis
from daemon import BUILT, Daemon
from tamis import records as formats
from tamis.commands.program import ended

HERE = pathlib.Path(__file__).resolve().parent
if not (BUILT / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


@pytest.fixture(scope="module")
def small(tmp_path_factory, tamis_program):
    """A model of four features whose calibration lets half of the background pass."""
    folder = tmp_path_factory.mktemp("small")
    features = np.random.default_rng(1).standard_normal((4000, 4)).astype(np.float32)
    np.save(folder / "x.npy", features)
    (folder / "n.json").write_text('["pt", "eta", "phi", "mass"]')
    tamis_program("train", "--background", folder / "x.npy", "--feature-names", folder / "n.json",
                  "--steps", 100, "--hidden", 16, "--out", folder / "m.safetensors")
    tamis_program("calibrate", "--model", folder / "m.safetensors", "--background",
                  folder / "x.npy", "--working-point", "half=0.5", "--out", folder / "c.json")
    return folder


@pytest.fixture
def daemon(small, tmp_path):
    with Daemon(tmp_path / "daemon", small / "m.safetensors", small / "c.json", unbiased=2,
                publish="all") as running:
        yield running


def features(count, seed=3):
    return np.random.default_rng(seed).standard_normal((count, 4)).astype(np.float32)


NAMES = ["pt", "eta", "phi", "mass"]


def test_events_go_in_and_flags_come_out(daemon, small, tmp_path):
    with tamis.Receiver(daemon.output, catch_up=daemon.catch_up, first=1, out=tmp_path / "run",
                        names=NAMES) as receiver:
        with tamis.Sender(connect=daemon.input, names=NAMES, run=9, batch=16) as sender:
            sender.begin_of_run()
            sender.heartbeat()
            sender.send(features(500), condition=30, lumi=np.arange(500))
            sender.end_of_run()
        assert (sender.records_sent, sender.events_sent) == (503, 500)
        parts = []
        while sum(map(len, parts)) < 500:
            parts.append(receiver.take(30))
            assert parts[-1] is not None
        assert not receiver.faults
        # While somebody is there all leaves the library's hands.
        daemon.wait(lambda: daemon.metric("tamis_journal_published_number") == 500, "all has left")
    records = np.concatenate(parts)
    assert records["event"]["features"].tobytes() == features(500).tobytes()
    assert records["event"]["lumi"].tolist() == list(range(500))
    run = tamis.Run(tmp_path / "run")
    assert run.records().tobytes() == records.tobytes() and list(run.faults()) == []
    expected = tamis.flag(
        tamis.Model.read(small / "m.safetensors"), tamis.Calibration.read(small / "c.json"),
        records["event"], 2, exact=True)
    kept = records[records["reasons"] > 0]
    for field in ("score", "threshold", "reasons", "working_points", "weight", "model",
                  "calibration", "attributions", "event"):
        assert kept[field].tobytes() == expected[field].tobytes(), field
    assert daemon.stop() == 0
    journal = tamis.Journal(daemon.journal)
    (line,) = journal.closed_runs()
    assert (line["run"], line["events"], line["lost"]) == (9, 500, 0)
    assert journal.published == int(journal.records()["number"][-1]) == 500
    assert list(journal.faults()) == [] and journal.decisions().entries


def test_each_record_once_and_in_order_over_kills_of_both(daemon, tmp_path):
    count = 100_000
    path, state = tmp_path / "numbers", tmp_path / "state"
    command = [sys.executable, HERE / "numbers_receiver.py", daemon.output, daemon.catch_up, state,
               path]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}

    def started():
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        return process

    def written():
        return path.stat().st_size // 8 if path.exists() else 0

    process = started()
    sent = threading.Event()
    # Each of the two kills of the daemon takes 15,000 events at most, however far it is behind.
    allowed = [40_000]

    def send():
        events = features(count + 30_000)  # what a killed daemon had in its queue is gone
        with tamis.Sender(connect=daemon.input, names=NAMES, batch=64, rate=25_000) as sender:
            for start in range(0, len(events), 1_000):
                while start + 1_000 > allowed[0]:
                    time.sleep(0.01)
                sender.send(events[start:start + 1_000])
        sent.set()

    thread = threading.Thread(target=send)
    thread.start()
    for wanted, victim in ((10_000, "receiver"), (25_000, "daemon"), (45_000, "receiver"),
                           (60_000, "daemon")):
        daemon.wait(lambda: written() >= wanted, f"{wanted} numbers")
        if victim == "daemon":
            daemon.kill()
            allowed[0] = {25_000: 90_000}.get(wanted, count + 30_000)
            daemon.start()
        else:
            process.kill()
            process.wait()
            process = started()
    daemon.wait(sent.is_set, "all is sent", 120)
    thread.join()

    def settled():
        last = daemon.metric("tamis_journal_last_number")
        time.sleep(1)
        return (last > 0 and last == daemon.metric("tamis_journal_last_number")
                and daemon.metric("tamis_ring_records") == 0)

    daemon.wait(settled, "the daemon has decided all")
    # After a kill the metric begins at the end of a block of numbers, which no record may have.
    last = tamis.Journal(daemon.journal).records()["number"][-1]
    daemon.wait(lambda: written() and np.fromfile(path, "<u8")[-1] == last, "all numbers")
    process.kill()
    process.wait()
    assert daemon.stop() == 0
    numbers = np.fromfile(path, "<u8")
    journaled = tamis.Journal(daemon.journal).records()["number"]
    assert len(numbers) >= count and numbers.tolist() == journaled.tolist()


def test_asyncio_loses_nothing_to_a_cancelled_wait(daemon):
    async def work():
        with tamis.Receiver(daemon.output, catch_up=daemon.catch_up, first=1) as receiver:
            with tamis.Sender(connect=daemon.input, names=NAMES) as sender:
                await sender.asend(features(300))
            got = 0
            for _ in range(20):  # a wait that is given up
                try:
                    records = await asyncio.wait_for(receiver.atake(1), 0.005)
                    got += 0 if records is None else len(records)
                except asyncio.TimeoutError:
                    pass
            if got < 300:
                async for records in receiver:
                    got += len(records)
                    if got >= 300:
                        receiver.stop()
            return got, receiver.highest_number

    assert asyncio.run(work()) == (300, 300)


def test_nobody_receives():
    with pytest.raises(tamis.NobodyReceives):
        with tamis.Sender(connect="tcp://127.0.0.1:1", features=4, wait_s=0.2) as sender:
            sender.send(features(10))


@pytest.mark.parametrize("address", [
    "127.0.0.1:5556", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:0", "tcp://127.0.0.1:99999",
    "tcp://127.0.0.1:*", "tcp://a:b:1", "tcp://:1", "tcp://[::1]"])
def test_addresses_that_lead_nowhere(address):
    for made in (lambda: tamis.Receiver(address), lambda: tamis.Sender(connect=address, features=4),
                 lambda: tamis.Receiver("tcp://127.0.0.1:1", catch_up=address, first=1)):
        with pytest.raises(ValueError, match="tcp://HOST:PORT"):
            made()


def test_an_unknown_host_is_said():
    # A name that nobody asks a server for: it is too long.
    with pytest.warns(RuntimeWarning, match="the host is not known so far"):
        tamis.Receiver(f"tcp://{'a' * 64}.invalid:1").close()


def test_a_program_says_a_warning_in_one_line(monkeypatch, capsys):
    def main(_):
        tamis.Receiver(f"tcp://{'a' * 64}.invalid:1").close()
        return 3

    monkeypatch.setattr(sys, "argv", ["/usr/bin/tamis-receive"])
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    with warnings.catch_warnings(), pytest.raises(SystemExit, match="3"):
        warnings.simplefilter("always")
        ended(main)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tamis-receive: warning: tcp://aaa") and "is not known so far" in line


@pytest.mark.parametrize("arguments", [
    {}, {"connect": "tcp://a:1", "bind": "tcp://a:1"}, {"connect": "tcp://a:1", "pattern": "sub"},
    {"connect": "tcp://a:1", "batch": 0}, {"connect": "tcp://a:1", "features": 3, "names": NAMES}])
def test_wrong_senders(arguments):
    with pytest.raises(ValueError):
        tamis.Sender(**arguments)


@pytest.mark.parametrize("columns, said", [
    ({"run": -1}, "field run"), ({"lumi": 2**32}, "field lumi"), ({"flags": 0.5}, "field flags"),
    ({"nonsense": 1}, "no field"), ({"time_ns": 2**64}, "field time_ns")])
def test_values_that_do_not_fit(columns, said):
    with tamis.Sender(bind="tcp://127.0.0.1:*", names=NAMES) as sender:
        with pytest.raises(ValueError, match=said):
            sender.build(features(2), **columns)
        with pytest.raises(ValueError, match="shape"):
            sender.build(np.zeros((2, 5)))
        with pytest.raises(ValueError, match="flagged records"):
            sender.send_records(np.zeros(1, formats.flagged_dtype(4)))


def test_a_state_file_survives_a_torn_slot(tmp_path):
    from tamis.state import StateFile
    path = tmp_path / "state"
    state = StateFile(path)
    for number in range(1, 6):
        state.write(number, {"bytes": number * 8})
    state.close()
    content = bytearray(path.read_bytes())
    content[4096 + 3] ^= 1  # the fifth writing
    path.write_bytes(content)
    again = StateFile(path)
    assert (again.number, again.note) == (4, {"bytes": 32})
    again.write(7)
    again.close()
    assert StateFile(path).number == 7
    path.write_text("something else")
    with pytest.raises(tamis.FileFault, match="not the state"):
        StateFile(path)
