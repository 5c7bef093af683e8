"""All that changes decisions at once, over several daemons: every record is the offline one.

Thresholds by condition that move with their rate, prescales by section and by time, simulated events, a
shadow, reloads and an orderly restart. `TAMIS_SEED` gives other events.
"""

import json
import os
import signal
import subprocess

import numpy as np
import pytest

import tamis
from daemon import BUILT, Daemon, loopback
from tamis import records as formats
from tamis.decisions import prescales_of

NAMES = ["pt", "eta", "phi", "mass"]
SEED = int(os.environ.get("TAMIS_SEED", "1"))
START_NS = 1_795_809_600_000_000_000  # 2026-11-27T20:00:00Z
if not (BUILT / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


class Part(Daemon):
    """A daemon that takes a part of a stream, with a configuration of its own."""

    def __init__(self, folder, sender, sections):
        self.folder = folder
        folder.mkdir()
        ports = loopback.free_ports(3)
        self.output, self.catch_up, http = (f"tcp://127.0.0.1:{port}" for port in ports)
        self.page, self.journal = f"http://127.0.0.1:{ports[2]}", folder / "journal"
        self.head = f"""
input: {{pattern: pull, connect: ["{sender}"], shared: true}}
output: {{pattern: pub, bind: ["{self.output}"]}}
catch_up: {{bind: ["{self.catch_up}"]}}
journal: {{path: journal}}
unbiased: {{prescale: 7}}
http: {{listen: "{http[6:]}"}}
"""
        self.configure(sections)
        self.start()

    def configure(self, sections):
        (self.folder / "tamisd.yaml").write_text(self.head + sections)

    def reload(self, sections):
        made = self.metric("tamis_reloads_total")
        self.configure(sections)
        self.process.send_signal(signal.SIGHUP)
        self.wait(lambda: self.metric("tamis_reloads_total") == made + 1, "it reloads")
        assert self.metric("tamis_last_reload_successful") == 1, (self.folder / "log").read_text()

    def status(self):
        import urllib.request
        return json.load(urllib.request.urlopen(self.page + "/status", timeout=5))

    @property
    def scored(self):
        return self.metric("tamis_events_scored_total")

    def changes(self):
        return tamis.Journal(self.journal).decisions().entries


def stream(seed, run, source, count, scale):
    """Events of one source: conditions of every kind, sections and times that ascend, a few simulated.
    Scores follow the condition, and swell by `scale`."""
    generator = np.random.default_rng([SEED, seed])
    condition = generator.uniform(20, 50, count).astype(np.float32)
    condition[::11] = np.nan
    condition[1::97], condition[2::97], condition[3::97] = np.inf, 30, 40
    width = np.where(np.isfinite(condition), 0.7 + condition / 60, 1.2) * scale
    events = formats.new_events(
        count, 4, run=run, source=source, sequence=2 + np.arange(count), event=1 + np.arange(count),
        lumi=np.arange(count) // 100, condition=condition,
        time_ns=START_NS + np.arange(count, dtype=np.uint64) * 1_000_000,
        flags=np.where(generator.random(count) < 0.03, 2, 0),
        features=generator.standard_normal((count, 4)) * width[:, None])
    control = formats.new_events(2, 4, run=run, source=source, kind=[2, 3], sequence=[1, count + 2])
    return formats.seal(np.concatenate([control[:1], events, control[1:]]))


@pytest.fixture(scope="module")
def files(tmp_path_factory, tamis_program):
    """A model, and calibrations: without bins, with bins, and with other bins and names."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "n.json").write_text(json.dumps(NAMES))
    background = stream(0, 1, 1, 8000, 1)
    background["flags"] = 0
    with tamis.RunWriter(folder / "events", "events", 4, NAMES) as writer:
        writer.append(formats.seal(background))
    tamis_program("train", "--background", folder / "events", "--steps", 100, "--hidden", 16,
                  "--out", folder / "m.safetensors")

    def calibrate(name, *options, points=(("loose", 0.2, 2), ("loose-2", 0.1, 1), ("t", 0.02, 1))):
        arguments = []
        for point, rate, prescale in points:
            arguments += ["--working-point", f"{point}={rate}", "--prescale", f"{point}={prescale}"]
        tamis_program("calibrate", "--model", folder / "m.safetensors", "--background",
                      folder / "events", *arguments, *options, "--out", folder / name)

    calibrate("plain.json")
    calibrate("bins.json", "--condition-edges", "30,40")
    calibrate("other.json", "--condition-bins", "3", points=(("t", 0.02, 1), ("renamed", 0.3, 3)))
    return folder


CONTROL = """
rate_control:
  points: [loose=0.2, t=0.02]
  window_events: 1000
  hold_events: 1000
  step_max_percent: 30
"""
BY_SECTION = """
prescales:
  by: section
  rows:
    - {from: 5, points: {loose: 5, t: 0}}
    - {from: 20, points: {loose-2: 3}}
    - {from: 21, points: {}}
    - {from: 70, points: {loose: 0, loose-2: 0, t: 0}}
    - {from: 90, points: {loose: 1, t: 2}}
"""
BY_TIME = """
prescales:
  by: time
  rows:
    - {from: 2026-11-27T20:00:00Z, points: {loose: 4}}
    - {from: 2026-11-27T20:00:03Z, points: {loose: 1, loose-2: 2, t: 3}}
"""


def arms(files, calibration):
    return f"model: {files}/m.safetensors\ncalibration: {files}/{calibration}.json\n"


def verified(files, calibration, journal, recording, *options):
    done = subprocess.run(
        [BUILT / "tamis", "verify", "--model", files / "m.safetensors", "--calibration",
         files / f"{calibration}.json", "--input", recording, "--flagged", journal, "--json",
         *options], capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def record(path, *parts):
    with tamis.RunWriter(path, "events", 4, NAMES) as writer:
        for part in parts:
            writer.append(part)
    return path


def repeated(files, calibration, journal):
    """How many records the reference made again from the lines of decisions.jsonl, each to the bit."""
    model, name = files / "m.safetensors", files / f"{calibration}.json"
    model, calibration = tamis.Model.read(model), tamis.Calibration.read(name)
    lines = tamis.Journal(journal).decisions().entries
    tables = {line["prescale_table"]: line for line in lines if "rows" in line}
    changes = [line for line in lines if "number" in line]
    records = tamis.Journal(journal).records()
    places = np.searchsorted([line["number"] for line in changes], records["number"], "right") - 1
    count = 0
    for place in np.unique(places):
        line, theirs = changes[place], records[places == place]
        if line["calibration_sha256"] != calibration.sha256:
            continue
        ours = tamis.flag(model, calibration, theirs["event"], 7, exact=True,
                          prescales=tables.get(line.get("prescale_table")),
                          factors=line.get("factors"), flood_prescale=line["flood_prescale"])
        for field in ("event", "score", "reasons", "working_points", "weight", "threshold"):
            assert ours[field].tobytes() == theirs[field].tobytes(), (field, line)
        count += len(theirs)
    return count


def mixed(*sources):
    """Records of sources in turn, a few at a time, so that their sections differ."""
    parts, places = [], [0] * len(sources)
    while any(place < len(source) for place, source in zip(places, sources)):
        for index, source in enumerate(sources):
            parts.append(source[places[index]:places[index] + 16 * (index + 1)])
            places[index] += 16 * (index + 1)
    return np.concatenate(parts)


@pytest.mark.parametrize("batch", [256, 16])
def test_three_daemons_a_restart_and_reloads(files, tamis_program, tmp_path, batch):
    """Messages of 256 records, and of 16: a daemon's part then has more ranges than its ledger keeps."""
    shadow = f"shadow: {{model: {files}/m.safetensors, calibration: {files}/plain.json}}\n"
    first = arms(files, "bins") + CONTROL + BY_SECTION + shadow
    # Two sources at a time: the second one sends twice as fast, and its sections run ahead.
    phases = [mixed(stream(1, 7, 1, 6000, 1), stream(2, 7, 2, 12_000, 1.2)),
              stream(3, 8, 1, 9000, 1.3), stream(4, 9, 1, 9000, 0.8), stream(5, 10, 2, 9000, 1)]
    port, = loopback.free_ports(1)
    address = f"tcp://127.0.0.1:{port}"
    with tamis.Sender(bind=address, names=NAMES, batch=batch) as sender:
        daemons = [Part(tmp_path / f"d{index}", address, first) for index in range(3)]

        def send(records):
            before = sum(each.scored for each in daemons)
            sender.send_records(records)
            count = int((records["kind"] == formats.EVENT).sum())
            daemons[0].wait(
                lambda: sum(each.scored for each in daemons) == before + count, "all is decided")

        try:
            send(phases[0])
            # Another table, by time; the same model and calibration.
            for each in daemons:
                each.reload(arms(files, "bins") + CONTROL + BY_TIME + shadow)
            send(phases[1])
            assert daemons[0].stop() == 0
            daemons[0].start()
            send(phases[2])
            moved = [each.metric("tamis_rate_control_steps_total") for each in daemons]
            assert all(steps > 0 for steps in moved), moved
            # One daemon goes to a calibration that drops, renames and reorders working points.
            daemons[1].reload(arms(files, "other") + BY_TIME.replace("loose-2", "renamed").replace(
                "loose:", "renamed:").replace("renamed: 1, renamed: 2", "renamed: 1"))
            send(phases[3])
            status = daemons[1].status()
            assert [point["name"] for point in status["working_points"] if point["armed"]] == [
                "t", "renamed"]
            assert status["prescales"]["row"] == 2
            assert all(each.metric("tamis_events_simulated_total") > 100 for each in daemons)
            for each in daemons:
                assert each.stop() == 0
        finally:
            for each in daemons:
                if each.process.poll() is None:
                    each.kill()
    recording = record(tmp_path / "recording", *phases)
    rows = set()
    for index, each in enumerate(daemons):
        found = verified(files, "bins", each.journal, recording, "--decided-only")
        assert found["verify"] == "identical", found
        assert found["flagged"] > 300
        assert ("not_known_whether_decided" in found) == (batch == 16)
        changes = each.changes()
        tables = {line["prescale_table"]: line for line in changes if "rows" in line}
        assert len(tables) == (3 if index == 1 else 2)
        rows |= {line["prescale_row"] for line in changes if "before" in line}
        assert any("factors" in line for line in changes)
    assert rows == {0, 1, 2, 3, 4, 5}
    found = verified(files, "other", daemons[1].journal, recording, "--decided-only")
    assert found["verify"] == "identical" and found["flagged"] > 100, found
    ledger = json.loads(tamis_program("ledger", *(each.journal for each in daemons), "--json"))
    # Which part of the stream the ledgers know does not matter for the sums.
    assert ledger["missing"] == 0 and ledger["balanced"], ledger
    assert ledger["verdict"] == "complete", ledger
    assert sum(run["decided_twice"] for run in ledger["runs"]) == 0


def test_reloads_with_bins_and_control(files, tmp_path):
    """Plain thresholds, then bins, then bins whose thresholds move, then bins alone again."""
    port, = loopback.free_ports(1)
    address = f"tcp://127.0.0.1:{port}"
    phases = [stream(10 + index, 20 + index, 3, 5000, scale)
              for index, scale in enumerate((1, 1.1, 1.3, 0.9))]
    with tamis.Sender(bind=address, names=NAMES, batch=16) as sender:
        daemon = Part(tmp_path / "d", address, arms(files, "plain"))
        try:
            sections = [None, arms(files, "bins"), arms(files, "bins") + CONTROL,
                        arms(files, "bins") + BY_SECTION]
            for phase, section in zip(phases, sections):
                if section:
                    daemon.reload(section)
                before = daemon.scored
                sender.send_records(phase)
                daemon.wait(lambda: daemon.scored == before + 5000, "all is decided")
                if section and "rate_control" in section:
                    assert daemon.metric("tamis_rate_control_steps_total") > 0
            assert daemon.stop() == 0
        finally:
            if daemon.process.poll() is None:
                daemon.kill()
    recording = record(tmp_path / "recording", *phases)
    for calibration, foreign in (("plain", 15_000), ("bins", 5_000)):
        found = verified(files, calibration, daemon.journal, recording)
        assert found["verify"] == "identical", found
        assert found["decided_by_other_arms"] == foreign and found["flagged"] > 300, found
        assert repeated(files, calibration, daemon.journal) == found["flagged"]


def test_a_table_that_is_altered_is_told(files, tmp_path):
    port, = loopback.free_ports(1)
    address = f"tcp://127.0.0.1:{port}"
    events = stream(30, 30, 1, 3000, 1)
    with tamis.Sender(bind=address, names=NAMES, batch=16) as sender:
        daemon = Part(tmp_path / "d", address, arms(files, "bins") + BY_SECTION)
        try:
            sender.send_records(events)
            daemon.wait(lambda: daemon.scored == 3000, "all is decided")
            assert daemon.stop() == 0
        finally:
            if daemon.process.poll() is None:
                daemon.kill()
    recording = record(tmp_path / "recording", events)
    assert verified(files, "bins", daemon.journal, recording)["verify"] == "identical"
    # Python's reading of the table explains every record's weight.
    records = tamis.Journal(daemon.journal).records()
    table, = [line for line in daemon.changes() if "rows" in line]
    prescales = prescales_of(table, records["event"]).astype(np.int64)
    fired = records["working_points"] >> np.arange(3)[:, None] & 1 == 1
    assert (prescales[fired] > 0).all() and len(np.unique(prescales[fired])) > 3
    weights = np.where(fired, prescales, 2**32).min(axis=0)
    weights = np.where(records["reasons"] & formats.UNBIASED, np.minimum(weights, 7), weights)
    assert (weights == records["weight"]).all()
    path = daemon.journal / "decisions.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"rows"' not in line))
    found = verified(files, "bins", daemon.journal, recording)
    assert found["verify"] == "damaged" and found["not_known_what_decided"] == 3000


@pytest.mark.parametrize("rows, expected", [
    ("[{from: 1, points: {losse: 3}}]", "prescales.rows: found the working point `losse`, expected "
     "one of the calibration's: loose, loose-2, t"),
    ("[{from: 1, points: {loose: 3}}, {from: 1, points: {}}]", "rows whose `from` ascends"),
])
def test_a_bad_table_is_refused_by_its_place(files, tmp_path, rows, expected):
    (tmp_path / "tamisd.yaml").write_text(
        arms(files, "bins") + f"input: {{bind: [tcp://127.0.0.1:*]}}\noutput: {{bind: "
        f"[tcp://127.0.0.1:*]}}\njournal: {{path: journal}}\nprescales:\n  rows: {rows}\n")
    done = subprocess.run([BUILT / "tamisd", "--check", "--config", tmp_path / "tamisd.yaml"],
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and expected in done.stderr + done.stdout
    assert "tamisd.yaml:7:" in done.stderr + done.stdout
