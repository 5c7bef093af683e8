"""`tamis replay` gives no two records one sequence."""

import pytest

from launched import BIN, good, tamis

if not (BIN / "tamis").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


@pytest.mark.parametrize("options, source", [
    (["--inject-source", 1], 1), (["--as-source", 7, "--inject-source", 7], 7),
    (["--as-source", 4_000_000_000], 4_000_000_000),
])
def test_what_is_mixed_in_has_a_source_of_its_own(tmp_path, options, source):
    run = tmp_path / "background.run"
    good("simulate", "background", "--events", 20, "--out", run)
    done = tamis("replay", run, "--inject", run, "--every", 5, "--connect", "tcp://127.0.0.1:9", "--wait",
                 1, *options)
    assert done.returncode == 1
    assert f"the recorded events have the source {source}" in done.stderr
    # Another source is taken: then nobody reads.
    done = tamis("replay", run, "--inject", run, "--every", 5, "--connect", "tcp://127.0.0.1:9", "--wait",
                 1, *options, "--inject-source", 9)
    assert done.returncode == 1 and "nobody read" in done.stderr
