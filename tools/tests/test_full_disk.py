"""A journal on a disk that is full: nothing that was given up is passed over in silence."""

import json
import os
import re
import signal
import struct
import subprocess
import time

import pytest
import zmq

from launched import BIN, Daemon, configuration, loopback, make_chain, tamis, until


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return make_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture(params=["tmpfs", "ext4"])
def disk(request, tmp_path):
    """A small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "tmpfs":
        command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder]
    else:
        image = tmp_path / "image"
        with open(image, "wb") as file:
            file.truncate(12 << 20)
        try:
            subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", image], check=True,
                           capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no ext4 can be made: {error}")
        command = ["mount", "-o", "loop", image, folder]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        pytest.skip(f"nothing can be mounted: {error}")
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted: {done.stderr}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(disk):
    """Takes every byte that is left."""
    with open(disk / "filler", "ab", buffering=0) as file:
        for size in (1 << 20, 4_096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def start(chain, tmp_path, disk, journal="", **changes):
    path = configuration(chain, tmp_path, journal=f"{{path: {disk}/journal{journal}}}", **changes)
    return Daemon(path)


def feed(daemon, chain, run, **options):
    return tamis("replay", chain / "background.run", "--connect", daemon.address("input"),
                 "--as-run", run, **options)


def metric(daemon, name):
    page = daemon.get("/metrics").decode()
    return sum(float(line.split()[-1]) for line in page.splitlines()
               if re.match(rf"{name}[ {{]", line))


def ended(daemon):
    """What the last line of sums in the log says."""
    line = [line for line in daemon.log.splitlines() if " ended " in line][-1]
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)}


def ledger(disk, *options):
    done = tamis("ledger", disk / "journal", "--json", *options)
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("has_room_for_lines", [True, False])
def test_what_was_given_up_is_in_the_ledger(chain, tmp_path, disk, has_room_for_lines):
    with start(chain, tmp_path, disk) as daemon:
        assert feed(daemon, chain, 1).returncode == 0
        until(lambda: metric(daemon, "tamis_events_scored_total") == 6000, "all is scored")
        assert metric(daemon, "tamis_records_journaled_total") > 300
        assert daemon.end() == 0
    lines = disk / "journal" / "ledger.jsonl"
    if not has_room_for_lines:
        # Up to the end of a block; empty lines say nothing.
        with open(lines, "ab") as file:
            file.write(b"\n" * (-file.tell() % 4_096))
    with start(chain, tmp_path, disk) as daemon:
        fill(disk)
        # More than the input and the ring hold is not sent.
        sender = subprocess.Popen(
            [BIN / "tamis", "replay", chain / "background.run", "--connect",
             daemon.address("input"), "--as-run", "2"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: metric(daemon, "tamis_journal_stalled") == 1, "the journal stands still")
            time.sleep(0.3)
            assert daemon.end() == 1
        finally:
            sender.kill()
            sender.wait()
        sums = ended(daemon)
        assert sums["abandoned"] > 0 and sums["journaled"] < 50
    assert ("abandoned\": {\"" in lines.read_text()) == has_room_for_lines
    status, told = ledger(disk, "--complete")
    assert status == 1 and told["verdict"] == "abandoned"
    assert sum(told["abandoned"].values()) == sums["abandoned"]
    assert [run["run"] for run in told["runs"] if run["abandoned"]] == [2]
    for run in told["runs"]:
        assert run["expected"] == run["decided"] + run["missing"]
    # With room again the next process has it, and writes it down when the run closes.
    os.unlink(disk / "filler")
    with start(chain, tmp_path, disk, input='{bind: ["tcp://127.0.0.1:*"], silence_s: 1}') as daemon:
        if not has_room_for_lines:
            until(lambda: "abandoned\": {\"" in lines.read_text(), "the run is closed by silence")
        assert daemon.end() == 0
    status, after = ledger(disk)
    assert status == 0 and after["verdict"] == "abandoned"
    for name in ("decided", "expected", "missing", "flagged", "abandoned"):
        assert [run[name] for run in after["runs"]] == [run[name] for run in told["runs"]], name


def test_an_orderly_end_on_a_full_disk_loses_nothing(chain, tmp_path, disk):
    """Ledger lines and manifest find no room: what can be kept in place is, and the status is 0."""
    limits = ", segment_bytes_max: 65536, keep_bytes_max: 262144"
    with start(chain, tmp_path, disk, journal=limits) as daemon:
        socket = zmq.Context.instance().socket(zmq.SUB)
        socket.linger = 0
        socket.subscribe("")
        socket.connect(daemon.address("output"))
        until(lambda: metric(daemon, "tamis_output_subscribers") == 1, "somebody subscribes")
        assert feed(daemon, chain, 1).returncode == 0
        until(lambda: metric(daemon, "tamis_events_scored_total") == 6000
              and metric(daemon, "tamis_records_waiting") == 0, "all is published")
        fill(disk)
        assert daemon.end() == 0, daemon.log
        sums = ended(daemon)
        assert sums["abandoned"] == 0 and sums["waiting"] == 0
        received = loopback.arrived(socket, 0.5)
        socket.close()
    assert len(received) == sums["published"]
    published = (disk / "journal" / "published").read_bytes()
    copies = [struct.unpack_from("<8sQQ", published, place) for place in (0, 512)]
    assert max(copies, key=lambda copy: copy[1])[2] == sums["journaled"]
    status, told = ledger(disk, "--complete")
    assert status == 0 and told["verdict"] == "complete" and told["runs"][0]["missing"] == 0
    assert tamis("inspect", disk / "journal").returncode == 0
