"""Files that somebody has made longer, without a byte in them: told at once, and no journal's end."""

import os
import shutil
import subprocess
import time

import pytest

from launched import BIN, Daemon, configuration, good, make_chain, tamis

if not (BIN / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)

# Without a byte on the disk.
HOLE_BYTES = 1 << 42


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = make_chain(tmp_path_factory.mktemp("chain"))
    good("calibrate", "--partial", "--model", folder / "model.safetensors", "--background",
         folder / "background.run", "--working-point", "nominal=1e-2", "--out", folder / "a.part")
    with Daemon(configuration(folder, folder)) as daemon:
        assert daemon.end() == 0
    return folder


def run(folder, *names):
    return [folder / each if (folder / each).exists() else each for each in names]


@pytest.mark.parametrize("name, command", [
    ("model.safetensors", ["score", "--model", "model.safetensors", "--input", "background.run"]),
    ("model.safetensors", ["inspect", "model.safetensors"]),
    ("calibration.json", ["score", "--model", "model.safetensors", "--calibration", "calibration.json",
                          "--input", "background.run"]),
    ("calibration.json", ["inspect", "calibration.json"]),
    ("a.part", ["calibrate", "--merge", "a.part", "--out", "merged.json"]),
    ("background.run/manifest.json", ["inspect", "background.run"]),
    ("background.run/manifest.json", ["score", "--model", "model.safetensors", "--input",
                                      "background.run"]),
    ("journal/ledger.jsonl", ["ledger", "journal"]),
])
def test_a_file_larger_than_memory_is_an_error_that_names_it(chain, tmp_path, name, command):
    folder = shutil.copytree(chain, tmp_path / "copy")
    os.truncate(folder / name, HOLE_BYTES)
    done = tamis(*run(folder, *command))
    assert done.returncode == 1, done
    assert name.split("/")[-1] in done.stdout + done.stderr
    assert len(done.stderr) < 1000, "no trace of a fault"


@pytest.mark.parametrize("name", ["published", "numbers", "ledger.open", "manifest.json"])
def test_a_file_of_the_journal_larger_than_memory_does_not_keep_the_daemon_down(chain, tmp_path, name):
    shutil.copytree(chain / "journal", tmp_path / "journal")
    os.truncate(tmp_path / "journal" / name, HOLE_BYTES)
    path = configuration(chain, tmp_path)
    checked = subprocess.run([BIN / "tamisd", "--config", path, "--check"], capture_output=True,
                             text=True, check=False)
    assert checked.returncode == 0, checked
    with Daemon(path) as daemon:
        assert daemon.end() == 0
    for each in (tmp_path / "journal").iterdir():
        assert each.stat().st_size < 1 << 30 or ".aside-" in each.name, each


# Three gigabytes that nobody has written: reading through them takes ten seconds and more.
LONG_BYTES = 3 << 30
# What each command may take on a machine that has other things to do.
SECONDS_MAX = 6


@pytest.fixture(scope="module")
def kept(chain, tmp_path_factory):
    """A journal of several closed segments."""
    folder = tmp_path_factory.mktemp("kept")
    with Daemon(configuration(chain, folder, journal=JOURNAL)) as daemon:
        good("replay", chain / "background.run", "--connect", daemon.address("input"))
        assert daemon.end() == 0
    assert (folder / "journal/000003.flagged").exists()
    return folder / "journal"


JOURNAL = "{path: journal, segment_bytes_max: 70000}"


def quickly(call, *arguments):
    start = time.monotonic()
    done = call(*arguments)
    seconds = time.monotonic() - start
    assert seconds < SECONDS_MAX, f"{arguments}: {seconds:.1f} s"
    return done


@pytest.mark.parametrize("name", ["000001.flagged", "ledger.jsonl", "decisions.jsonl"])
@pytest.mark.parametrize("has_manifest", [True, False])
def test_a_journal_with_a_file_that_was_made_longer_is_as_quick_as_before(
        chain, kept, tmp_path, name, has_manifest):
    journal = shutil.copytree(kept, tmp_path / "journal")
    whole = (journal / name).stat().st_size
    ledger = good("ledger", journal)
    verified = ["verify", "--model", chain / "model.safetensors", "--calibration", chain / "calibration.json",
                "--input", chain / "background.run", "--flagged", journal]
    assert "verify: identical" in good(*verified)
    if not has_manifest:
        (journal / "manifest.json").unlink()
    os.truncate(journal / name, LONG_BYTES)
    told = f"found {LONG_BYTES} bytes, expected {whole}"

    inspected = quickly(tamis, "inspect", journal)
    assert inspected.returncode == 1 and name in inspected.stdout
    assert (f"from byte {whole} on {LONG_BYTES - whole} bytes" if name.endswith(".flagged") else told
            ) in inspected.stdout
    compared = quickly(tamis, *verified)
    if name.endswith(".flagged"):
        assert compared.returncode == 1 and "verify: damaged" in compared.stdout and told in compared.stderr
        assert "flagged: " in compared.stdout and "damaged_records: 0" in compared.stdout
    added = quickly(tamis, "ledger", journal)
    if name == "ledger.jsonl":
        assert added.returncode == 1 and told in added.stdout + added.stderr
    path = configuration(chain, tmp_path, journal=JOURNAL)
    checked = quickly(lambda: subprocess.run([BIN / "tamisd", "--config", path, "--check"], capture_output=True,
                                             text=True, check=False))
    assert checked.returncode == 0 and str(LONG_BYTES) in checked.stdout
    if has_manifest or not name.endswith(".flagged"):
        assert told in checked.stdout
    with quickly(Daemon, path) as daemon:
        assert str(LONG_BYTES) in daemon.log
        assert quickly(daemon.end) == 0

    # Nothing that was sound is lost: all lines are there, and all records.
    assert good("ledger", journal) == ledger
    if name.endswith(".flagged"):
        os.truncate(journal / name, whole)
    assert "verify: identical" in good(*verified)
    assert "whole" == good("inspect", journal).split()[-1]


def test_a_recorded_run_that_was_made_longer_is_told_at_once(chain, tmp_path):
    run = shutil.copytree(chain / "background.run", tmp_path / "background.run")
    whole = (run / "000001.events").stat().st_size
    os.truncate(run / "000001.events", LONG_BYTES)
    told = f"found {LONG_BYTES} bytes, expected {whole}"
    for command in (["score", "--model", chain / "model.safetensors", "--input", run], ["inspect", run],
                    ["replay", run, "--connect", "tcp://127.0.0.1:9", "--wait", 0]):
        done = quickly(tamis, *command)
        assert done.returncode == 1 and told in done.stdout + done.stderr, done
