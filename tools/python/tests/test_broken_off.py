"""Runs that are broken off: by a signal, a full disk or a fault, at any moment, nothing is left that a later
reader takes for whole, and what can be made again is removed."""

import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest

import tamis
from tamis import records as formats

SOURCE = pathlib.Path(__file__).resolve().parents[1]


def some_events(count):
    return formats.seal(formats.new_events(
        count, 2, run=1, source=1, sequence=1 + np.arange(count), features=np.ones((count, 2))))


@pytest.mark.parametrize("segments", [1, 3])
@pytest.mark.parametrize("is_there", [False, True])
def test_a_discarded_run_is_gone(tmp_path, segments, is_there):
    folder = tmp_path / "run"
    if is_there:
        folder.mkdir()
    writer = tamis.RunWriter(folder, "events", 2)
    for _ in range(segments):
        writer.append(some_events(10))
        writer.next_segment()
    writer.append(some_events(10))
    writer.discard()
    assert folder.exists() == is_there and not (is_there and any(folder.iterdir()))
    with tamis.RunWriter(folder, "events", 2) as again:
        again.append(some_events(5))
    assert len(tamis.Run(folder)) == 5


def test_a_run_that_cannot_be_closed(tmp_path, monkeypatch):
    """The manifest cannot be written: the fault is told as it is, and the manifest's beginning does not stay."""
    folder = tmp_path / "run"
    writer = tamis.RunWriter(folder, "events", 2)
    writer.append(some_events(10))
    monkeypatch.setattr(tamis.RunWriter, "_manifest", lambda _: {"far too": object()})
    with pytest.raises(TypeError):
        writer.close()
    assert sorted(path.name for path in folder.iterdir()) == ["000001.events"]
    writer.discard()
    assert not folder.exists()
    table = tamis.Table(some_events(10))
    with pytest.raises(TypeError):
        table.write_run(tmp_path / "other")
    assert not (tmp_path / "other").exists()


PROGRAM = """
import sys
import time
import tamis
from tamis import records as formats
from tamis.commands.program import ended

def main(_):
    writer = tamis.RunWriter(sys.argv[1], "events", 2)
    try:
        writer.append(formats.seal(formats.new_events(100, 2, run=1, source=1)))
        print("begun", flush=True)
        time.sleep(60)
    except BaseException:
        writer.discard()
        raise
    return 0

ended(main)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_a_program_put_its_things_in_order(tmp_path, number):
    # A program that a script starts in the background ignores SIGINT, and the tests inherit that.
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, tmp_path / "run"], cwd=SOURCE,
                             stdout=subprocess.PIPE, text=True,
                             preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    try:
        assert child.stdout.readline() == "begun\n"
        child.send_signal(number)
        assert child.wait(60) == (130 if number == signal.SIGINT else -number)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    assert not (tmp_path / "run").exists()
