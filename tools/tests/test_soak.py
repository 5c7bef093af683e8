"""A short soak: everything that happens in a month, in half a minute; the sums close after it."""

import pathlib
import re
import subprocess
import sys

import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[1]
BUILT = TOOLS.parent / ".build/release"
if not (BUILT / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


@pytest.mark.parametrize("daemons, seconds", [(1, 30), (3, 20)])
def test_everything_holds_through_half_a_minute_of_trouble(daemons, seconds):
    done = subprocess.run(
        [sys.executable, TOOLS / "soak", "--bin", BUILT, "--seconds", str(seconds), "--rate", "5000",
         "--daemons", str(daemons)],
        capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("\nsoak: all holds\n")
    facts = dict(re.findall(r"^([\w, ]+): (\d+)", done.stdout, re.MULTILINE))
    expected, decided, missing = (int(facts[name]) for name in ("expected", "decided", "missing"))
    assert expected == decided + missing >= 50_000 and decided > 0
    assert int(facts["strangers"]) > 0
    happened = re.search(r"^happened: (.*)$", done.stdout, re.MULTILINE)[1]
    counts = {what: int(count) for count, what in re.findall(r"(\d+) ([a-z ]+)", happened)}
    assert all(counts[each] for each in (
        "reloads", "bad reloads", "kills", "failed starts", "stops", "frozen receivers",
        "reconnects"))
