"""Files that somebody has made longer than any memory: refused with a word, and no journal's end."""

import os
import shutil
import subprocess

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
