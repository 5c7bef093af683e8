"""What the log says of an alarm's matter is as grave as the alarm is declared: page, rules and log agree."""

import re
import signal
import time

import numpy as np
import pytest

import launched
from launched import BIN, Daemon, configuration, good, make_chain, until

if not (BIN / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)

import zmq  # noqa: E402
import tamis_formats as formats  # noqa: E402

OPERATING = (launched.ROOT / "docs/operating.md").read_text()


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return make_chain(tmp_path_factory.mktemp("chain"))


def declared(alarm):
    """The severities of an alarm in the table of docs/operating.md, which a test compares with the source."""
    return re.findall(r"warning|critical", re.search(rf"^\| `{alarm}` \| ([^|]*)", OPERATING, re.M)[1])


def level(log, text):
    """The level of the first line with `text`."""
    line = next(line for line in log.splitlines() if text in line)
    return line.split()[1]


def test_drift_and_a_refused_reload_are_warnings(chain, tmp_path):
    assert declared("TamisDrift") == declared("TamisReloadRefused") == ["warning"]
    path = configuration(chain, tmp_path, unbiased="{prescale: 1}", drift="{window_events: 200}")
    with Daemon(path) as daemon:
        with zmq.Context() as context, context.socket(zmq.PUSH) as sender:
            sender.connect(daemon.address("input"))
            events = formats.new_events(600, 64, kind=formats.EVENT, run=9, source=1, time_ns=time.time_ns())
            events["sequence"] = events["event"] = np.arange(1, 601)
            # No feature of the simulated background is like this.
            events["features"] = np.random.default_rng(1).normal(40, 1, (600, 64))
            sender.send(formats.seal(events).tobytes())
            until(lambda: "docs/runbook.md#tamisdrift" in daemon.log, "drift is told")
        path.write_text(path.read_text().replace("calibration.json", "none.json"))
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: "reload refused" in daemon.log, "the reload is refused")
        assert level(daemon.log, "docs/runbook.md#tamisdrift") == "warning"
        assert level(daemon.log, "reload refused") == "warning"
        assert daemon.end() == 0


def test_each_line_of_an_alarms_matter_has_the_alarms_level():
    """In the source: what has an alarm is logged through it, and not at a level of its own."""
    texts = {
        "LoggingObserver.swift": {
            ".ledgerFault": "ledger does not balance", ".flood": "flood: more events",
            ".journalStalled": "the journal cannot be written", ".connectionsCut": "cut.sentence",
            ".handshakesFailed": "failure.sentence"},
        "Reloader.swift": {".reloadRefused": "reload refused"},
        "Daemon.swift": {".recordsAbandoned": "records were given up"},
        "Supervisor.swift": {"alarm": "change.text"},
    }
    for file, matters in texts.items():
        source = (launched.ROOT / "Sources/tamisd" / file).read_text()
        for alarm, text in matters.items():
            assert re.search(rf"logger\.tell\(\s*of: {re.escape(alarm)},[^)]*?{re.escape(text)}", source), (file, alarm)
