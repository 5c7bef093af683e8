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
