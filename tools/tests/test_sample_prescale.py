"""The unbiased sample of a journal whose sampled events a working point kept, too."""

import json
import shutil
import signal

import pytest

from launched import BIN, Daemon, configuration, good, make_chain, tamis, until

if not (BIN / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = make_chain(tmp_path_factory.mktemp("chain"))
    # So loose that it keeps nearly all events, and all of the sample: no weight tells its prescale.
    good("calibrate", "--model", folder / "model.safetensors", "--background", folder / "background.run",
         "--working-point", "all=0.9995", "--out", folder / "calibration.json", "--force")
    with Daemon(configuration(folder, folder, unbiased="{prescale: 4}")) as daemon:
        good("replay", folder / "background.run", "--connect", daemon.address("input"))
        assert daemon.end() == 0
    return folder


def redecide(chain, journal, *options):
    return tamis("redecide", journal, "--model", chain / "model.safetensors", "--calibration",
                 chain / "calibration.json", *options)


def calibrate(chain, journal, out):
    return tamis("calibrate", "--model", chain / "model.safetensors", "--background", journal,
                 "--working-point", "nominal=1e-1", "--out", out)


@pytest.mark.parametrize("lost", [None, "manifest.json", "decisions.jsonl"])
def test_the_journal_tells_the_prescale_that_no_weight_tells(chain, tmp_path, lost):
    journal = shutil.copytree(chain / "journal", tmp_path / "journal")
    if lost:
        (journal / lost).unlink()
    told = json.loads(redecide(chain, journal, "--json").stdout)
    assert told["unbiased_prescale"] == 4
    # A quarter of 6,000 events, give or take five standard deviations.
    assert abs(told["sampled"] - 1500) < 170
    rate = told["working_points"][0]["old_rate"]
    assert rate["fired"] == told["sampled"] and rate["rate"] == 1
    assert f"unbiased sample: {told['sampled']} events of one in 4" in redecide(chain, journal).stdout
    done = calibrate(chain, journal, tmp_path / "new.json")
    assert done.returncode == 0, done.stderr
    made = json.loads((tmp_path / "new.json").read_text())
    assert made["events"] == told["sampled"] and made["runs"][0]["unbiased_prescale"] == 4


def verify(chain, journal, *options):
    return tamis("verify", "--model", chain / "model.safetensors", "--calibration",
                 chain / "calibration.json", "--input", chain / "background.run", "--flagged", journal,
                 *options)


@pytest.mark.parametrize("lost", [None, "manifest.json", "decisions.jsonl"])
def test_verify_knows_it_as_well(chain, tmp_path, lost):
    """A daemon that was killed has written no manifest."""
    journal = shutil.copytree(chain / "journal", tmp_path / "journal")
    if lost:
        (journal / lost).unlink()
    done = verify(chain, journal, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["verify"], told["unbiased_prescale"]) == ("identical", 4)
    (journal / "decisions.jsonl").unlink(missing_ok=True)
    (journal / "manifest.json").unlink(missing_ok=True)
    done = verify(chain, journal)
    assert done.returncode == 1 and "--unbiased-prescale" in done.stderr
    assert "decisions.jsonl, or a manifest" in done.stderr
    assert verify(chain, journal, "--unbiased-prescale", 4).returncode == 0


def test_verify_knows_it_of_a_killed_daemon(tmp_path):
    """Also where the sample has chosen nothing yet."""
    folder = make_chain(tmp_path)
    path = configuration(folder, folder, unbiased="{prescale: 4000000}")
    with Daemon(path) as daemon:
        good("replay", folder / "background.run", "--connect", daemon.address("input"))
        until(lambda: json.loads(daemon.get("/status"))["ledger"]["scored"] == 6_000, "all is decided")
        daemon.end(signal.SIGKILL)
    told = json.loads(verify(folder, folder / "journal", "--json").stdout)
    assert (told["verify"], told["unbiased_prescale"]) == ("identical", 4_000_000)


def test_a_sample_of_an_unknown_prescale_is_told_as_one(chain, tmp_path):
    segment = shutil.copy(chain / "journal/000001.flagged", tmp_path)
    done = redecide(chain, segment)
    assert "unbiased sample: none" not in done.stdout
    assert "all of which a working point kept, too" in done.stdout and "give the whole journal" in done.stdout
    done = calibrate(chain, segment, tmp_path / "new.json")
    assert done.returncode == 1 and "all of which a working point kept, too" in done.stderr
    assert "give the whole journal" in done.stderr and "unbiased.prescale" not in done.stderr
