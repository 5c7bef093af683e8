"""`tamis verify` with a pair that decided nothing of a journal has compared nothing."""

import hashlib
import json

import numpy as np
import pytest
import tamis_runs

from launched import BIN, Daemon, configuration, good, make_chain, tamis

if not (BIN / "tamis").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_events_before_the_first_decision_are_not_compared_where_no_ledger_knows_them(tmp_path):
    """Of a daemon behind one PUSH, whose first record is not the run's, with numbers of closed ranges."""
    chain = make_chain(tmp_path)
    model, calibration = chain / "model.safetensors", chain / "calibration.json"
    good("calibrate", "--model", model, "--background", chain / "background.run", "--working-point",
         "nominal=2e-2", "--out", chain / "other.json")
    journal = chain / "journal"
    good("score", "--model", model, "--calibration", calibration, "--input", chain / "background.run",
         "--flagged", journal)
    (journal / "decisions.jsonl").write_text(json.dumps({
        "before": {"run": 1, "source": 1, "sequence": 2, "event": 1}, "number": 1,
        "model_sha256": sha256(model), "calibration_sha256": sha256(calibration),
        "flood_prescale": 1, "unbiased_prescale": 0, "simulated_apart": True, "time_ns": 1}) + "\n")
    (journal / "ledger.jsonl").write_text(json.dumps({
        "run": 1, "source": 1, "closing": "shutdown", "expected": 6002, "received": 5902, "lost": 100,
        "events": 5900, "scored": 5900, "not_finite": 0, "repeated": 0, "shed": 0, "flagged": 60,
        "unbiased": 0, "opened_ns": 1, "resumed": 0, "decided": 5902, "closed_through": 3000,
        "decided_ranges": [[3001, 6002]], "abandoned": {}, "refused": {}, "balanced": True}) + "\n")

    def verified(which, *options):
        done = tamis("verify", "--model", model, "--calibration", which, "--input",
                     chain / "background.run", "--flagged", journal, *options, "--json")
        return done.returncode, json.loads(done.stdout)["verify"]

    assert verified(calibration) == (0, "identical")
    assert verified(calibration, "--decided-only") == (0, "identical")
    assert verified(chain / "other.json", "--decided-only") == (1, "nothing_compared")
    # The first 99 events went elsewhere: no line says what decided them, since nobody did.
    text = (journal / "decisions.jsonl").read_text()
    (journal / "decisions.jsonl").write_text(
        text.replace('"sequence": 2, "event": 1', '"sequence": 101, "event": 100'))
    assert verified(chain / "other.json", "--decided-only") == (1, "nothing_compared")


def test_a_record_whose_event_the_ledger_misses_is_compared(tmp_path):
    """A kill leaves records of the batch that it interrupted, and the ledger ends before that."""
    chain = make_chain(tmp_path)
    model, calibration = chain / "model.safetensors", chain / "calibration.json"
    journal, events = chain / "journal", chain / "background.run"
    good("score", "--model", model, "--calibration", calibration, "--input", events,
         "--flagged", journal)
    last = int(max(block["event"]["sequence"].max() for block in tamis_runs.Run(journal).blocks()))
    (journal / "ledger.jsonl").write_text(json.dumps({
        "run": 1, "source": 1, "closing": "shutdown", "expected": 6002, "received": last - 1,
        "lost": 6003 - last, "events": last - 2, "scored": last - 2, "not_finite": 0, "repeated": 0,
        "shed": 0, "flagged": 60, "unbiased": 0, "opened_ns": 1, "resumed": 0, "decided": last - 1,
        "closed_through": 0, "decided_ranges": [[1, last - 1]], "abandoned": {}, "refused": {},
        "balanced": True}) + "\n")
    done = tamis("verify", "--model", model, "--calibration", calibration, "--input", events,
                 "--flagged", journal, "--decided-only", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["verify"]) == (0, "identical")
    assert found["not_decided"] == 6001 - last


RATE_HELD = "{points: [nominal=2e-2], window_events: 1000, hold_events: 0, factor_min_percent: 50}"


@pytest.mark.parametrize("control", [None, RATE_HELD])
@pytest.mark.parametrize("number", ["--as-run", "--as-source"])
def test_nothing_is_compared_of_a_journal_of_other_runs(tmp_path, control, number):
    """A replay under another number: the journal has no record of the input's run and source."""
    chain = make_chain(tmp_path)
    model, calibration = chain / "model.safetensors", chain / "calibration.json"
    sections = {} if control is None else {"rate_control": control}
    with Daemon(configuration(chain, tmp_path, **sections)) as daemon:
        good("replay", chain / "background.run", "--connect", daemon.address("input"), number, 42)
        assert daemon.end() == 0

    def verified(*options):
        done = tamis("verify", "--model", model, "--calibration", calibration, "--input",
                     chain / "background.run", "--flagged", chain / "journal", "--json", *options)
        return done.returncode, json.loads(done.stdout), done.stderr

    for options in [], ["--decided-only"]:
        status, facts, errors = verified(*options)
        assert (status, facts["verify"]) == (1, "nothing_compared"), facts
        assert facts["flagged"] == 0 and facts["records_of_other_runs"] > 500
        assert "first_difference" not in facts and "(replay --as-run, --as-source)?" in errors
    # Without a ledger the records tell.
    for name in ("ledger.jsonl", "ledger.open", "lock"):
        (tmp_path / "journal" / name).unlink()
    assert verified()[1]["verify"] == "nothing_compared"


def test_nothing_is_compared_where_there_is_no_event(tmp_path):
    """No decision was compared: neither of a daemon that got no event, nor of an input that has none."""
    chain = make_chain(tmp_path)
    model, calibration = chain / "model.safetensors", chain / "calibration.json"
    with Daemon(configuration(chain, tmp_path)) as daemon:
        assert daemon.end() == 0
    records = np.concatenate(list(tamis_runs.Run(chain / "background.run").blocks()))
    with tamis_runs.RunWriter(tmp_path / "controls.run", "events", 64) as writer:
        writer.append(records[records["kind"] != 1])
    for name in "background.run", "controls.run":
        for options in [], ["--decided-only"]:
            done = tamis("verify", "--model", model, "--calibration", calibration, "--input",
                         tmp_path / name, "--flagged", tmp_path / "journal", "--json", *options)
            assert done.returncode == 1 and json.loads(done.stdout)["verify"] == "nothing_compared"


def test_a_run_that_the_ledger_has_and_the_journal_lacks_was_decided(tmp_path):
    """Its events are to be flagged: the segment that had their records is not there."""
    chain = make_chain(tmp_path)
    for number in 1, 42:
        with Daemon(configuration(chain, tmp_path)) as daemon:
            good("replay", chain / "background.run", "--connect", daemon.address("input"), "--as-run",
                 number)
            assert daemon.end() == 0
    (tmp_path / "journal/000001.flagged").unlink()
    (tmp_path / "journal/manifest.json").unlink()
    done = tamis("verify", "--model", chain / "model.safetensors", "--calibration",
                 chain / "calibration.json", "--input", chain / "background.run", "--flagged",
                 tmp_path / "journal", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["verify"], len(found["missing"])) == (1, "incomplete", 1), found
