"""The systemd units: no warning, little exposure, and what the two must have in common."""

import pathlib
import shutil
import subprocess

import pytest

UNITS = pathlib.Path(__file__).resolve().parents[2] / "systemd"
NAMES = ["tamisd.service", "tamisd@.service"]
EXPOSURE_MAX_TENTHS = 15

needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")


def settings(name):
    """Each key of a unit with its values, in order."""
    found = {}
    for line in (UNITS / name).read_text().splitlines():
        if line and line[0] not in "#[":
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


@needs_systemd
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("added", ["", "Nonsense=1\n", "MemoryMax=much\n"])
def test_the_unit_verifies_without_a_word(name, added, tmp_path):
    # What is verified is the unit, on machines that have no tamisd yet.
    text = (UNITS / name).read_text().replace("/usr/bin/tamisd", shutil.which("true"))
    unit = tmp_path / name.replace("@", "@muon")
    unit.write_text(text.replace("[Service]\n", "[Service]\n" + added))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit],
                          capture_output=True, text=True, check=False)
    # It exits with 0 for a key that it does not know: what counts is what it says.
    said = [line for line in done.stderr.splitlines() if "tamisd" in line]
    assert bool(said) == bool(added), done.stderr
    assert done.returncode == 0 or added


@needs_systemd
@pytest.mark.parametrize("name", NAMES)
def test_little_is_exposed(name):
    done = subprocess.run(
        ["systemd-analyze", "security", "--no-pager", "--offline=true",
         f"--threshold={EXPOSURE_MAX_TENTHS - 1}", UNITS / name],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_instances_differ_in_their_places_alone():
    one, many = (settings(name) for name in NAMES)
    assert one.keys() == many.keys()
    for key, values in one.items():
        placed = [value.replace("/etc/tamis/tamisd.yaml", "/etc/tamis/%i.yaml") for value in values]
        if key in ("StateDirectory", "RuntimeDirectory", "WorkingDirectory"):
            placed = [value + "-%i" for value in placed]
        if key == "Description":
            placed = [value + " %i" for value in placed]
        assert many[key] == placed, key


@pytest.mark.parametrize("name", NAMES)
def test_the_protocol_with_the_daemon(name):
    unit = settings(name)
    assert unit["Type"] == ["notify"] and unit["NotifyAccess"] == ["main"]
    assert unit["ExecStartPre"] == [unit["ExecStart"][0] + " --check"]
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert int(unit["WatchdogSec"][0]) >= 10
