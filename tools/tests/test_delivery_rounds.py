"""A few rounds of receivers and daemons that are lost; a thousand are for a long night."""

import pathlib
import subprocess
import sys

import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[1]
BUILT = TOOLS.parent / ".build/release"
if not (BUILT / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


def test_no_record_is_lost_in_a_few_rounds(tmp_path):
    done = subprocess.run(
        [sys.executable, TOOLS / "delivery-rounds", "--bin", BUILT, "--rounds", "1:7", "--work",
         tmp_path / "work"], capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("6 rounds, 0 failed\n")
