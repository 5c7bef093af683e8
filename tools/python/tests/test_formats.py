"""The Python side against itself: bytes, checksums, sums, decisions, runs, sockets."""

import hashlib
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
import zmq

TOOLS = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOOLS))

import tamis_formats as formats  # noqa: E402
import tamis_runs as runs  # noqa: E402

from tamis.commands import rates  # noqa: E402


def some_events(count, feature_count=64, seed=1, **columns):
    generator = np.random.default_rng(seed)
    return formats.seal(formats.new_events(
        count, feature_count, run=7, source=3, sequence=1 + np.arange(count),
        event=100 + np.arange(count), time_ns=10**18 + np.arange(count),
        features=generator.standard_normal((count, feature_count)), **columns))


def some_flagged(events, first_number=1):
    records = np.zeros(len(events), formats.flagged_dtype(events["features"].shape[1]))
    records["magic"], records["version"] = formats.FLAGGED_MAGIC, formats.VERSION
    records["reasons"], records["working_points"] = formats.ABOVE_THRESHOLD, 1
    records["weight"], records["number"] = 1, first_number + np.arange(len(events))
    records["attributions"] = events["features"] ** 2
    records["score"] = formats.sum_attributions(records["attributions"])
    records["event"] = events
    return formats.seal(records)


# Layout


@pytest.mark.parametrize("feature_count", [1, 15, 64, 65535])
def test_record_sizes(feature_count):
    assert formats.event_dtype(feature_count).itemsize == 64 + 4 * feature_count
    assert formats.flagged_dtype(feature_count).itemsize == 128 + 8 * feature_count
    assert formats.flagged_feature_count(128 + 8 * feature_count) == feature_count


@pytest.mark.parametrize("byte_count", [0, 64, 128, 132, 640 + 4, 128 + 8 * 65536])
def test_sizes_of_no_flagged_record(byte_count):
    assert formats.flagged_feature_count(byte_count) is None


ROOT = TOOLS.parent
# What the format page calls otherwise.
COLUMNS = {"features": "features_count", "time": "time_ns", "received": "received_ns",
           "decided": "decided_ns", "payload": "features"}
TYPES = {"4 bytes": "S4", "u8": "u1", "u16": "<u2", "u32": "<u4", "u64": "<u8", "f32": "<f4",
         "D x f32": "<f4"}


def fields_of_the_page(heading):
    """Name, offset and type of each field in a table of docs/formats.md, for 64 features."""
    text = (ROOT / "docs" / "formats.md").read_text().split(f"\n## {heading}\n")[1]
    rows = re.findall(r"^\| ([0-9D +]+) \| ([a-z0-9 ]+) \| ([a-z0-9D ]+) \|", text.split("\n## ")[0],
                      re.MULTILINE)
    for offset, field, kind in rows:
        name = field.replace(" ", "_")
        place = 64 + 4 * 64 if offset == "64 + 4 D" else int(offset)
        yield COLUMNS.get(name, name), place, kind


def dtype_of_the_page(heading):
    fields = list(fields_of_the_page(heading))
    event = formats.event_dtype(64)
    return np.dtype({
        "names": [name for name, _, _ in fields], "offsets": [place for _, place, _ in fields],
        "formats": [event if kind == "event record" else
                    (TYPES[kind], (64,)) if kind.startswith("D") else TYPES[kind]
                    for _, _, kind in fields]})


def offsets_of_the_program(file):
    """The offsets that reader and writer in Swift share."""
    text = (ROOT / "Sources" / "EventRecords" / file).read_text()
    names = re.findall(r"static let (\w+) = (\d+)\n", text.split("enum Offset {")[1].split("}")[0])
    snake = {re.sub("([A-Z])", lambda one: "_" + one[1].lower(), name): int(at)
             for name, at in names}
    snake = {{"feature_count": "features_count"}.get(name, COLUMNS.get(name, name)): at
             for name, at in snake.items()}
    return snake


@pytest.mark.parametrize("dtype, heading, file", [
    (formats.event_dtype(64), "Event record", "EventRecord.swift"),
    (formats.flagged_dtype(64), "Flagged record", "FlaggedRecord.swift")])
def test_one_layout_on_the_page_in_python_and_in_swift(dtype, heading, file):
    page = dtype_of_the_page(heading)
    assert page.names == dtype.names
    assert page.fields == dtype.fields
    header = {name: page.fields[name][1] for name in page.names if page.fields[name][1] < 60}
    assert offsets_of_the_program(file) == header


def test_the_numpy_line_of_the_page():
    text = (ROOT / "docs" / "formats.md").read_text()
    line = text.split("event = np.dtype(")[1].split("\nrecords =")[0].rstrip().rstrip(")")
    assert np.dtype(eval(line + (")" * (line.count("(") - line.count(")"))))) == (
        formats.event_dtype(64))


def test_schema_prefix_reads_the_digest_as_it_lies_in_the_record():
    names = ["pt", "eta", "φ"]
    digest = hashlib.sha256("pt\neta\nφ".encode()).digest()
    record = formats.new_events(1, 3, schema=formats.schema_prefix(names))
    assert record.tobytes()[56:60] == digest[:4]


def test_the_example_of_the_format_page():
    page = (TOOLS.parent / "docs" / "formats.md").read_text()
    rows = re.findall(r"^\d\d  ((?:[0-9a-f]{2} ){15}[0-9a-f]{2})  ", page, re.MULTILINE)
    names = ["pt", "eta", "phi", "mass"]
    record = formats.seal(formats.new_events(
        1, 4, flags=formats.SIMULATED_FLAG, source=1, run=42, lumi=7, bunch_crossing=1234, orbit=99,
        sequence=2, event=1001, time_ns=1767225600 * 10**9, condition=35.5,
        schema=formats.schema_prefix(names), features=[41.5, -0.75, 2, 0.1]))
    assert bytes.fromhex("".join(rows)) == record.tobytes()
    assert f"0x{record['crc32c'][0]:08x}" in page
    assert f"0x{formats.prescale_hash(record)[0]:016x}" in page


# Checksums


@pytest.mark.parametrize("data, value", [
    (b"", 0), (b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43)])
def test_crc32c_vectors(data, value):
    assert formats.crc32c(data) == value


@pytest.mark.parametrize("feature_count", [1, 16, 64, 100])
def test_columns_and_bytes_agree_on_checksums(feature_count):
    for records in (some_events(5, feature_count), some_flagged(some_events(5, feature_count))):
        for record in records:
            data = record.tobytes()
            assert record["crc32c"] == formats.crc32c(data[:60] + data[64:])


def test_no_records_at_all():
    events = some_events(0)
    assert len(formats.checksums(events)) == 0
    assert formats.flagged_faults(some_flagged(events)) == []
    assert len(formats.sum_attributions(events["features"])) == 0


def test_every_flipped_bit_is_found():
    good = some_events(1, 2)
    data = np.frombuffer(good.tobytes(), np.uint8)
    flipped = np.tile(data, (8 * len(data), 1))
    for bit in range(8 * len(data)):
        flipped[bit, bit // 8] ^= 1 << bit % 8
    assert not formats.event_faults(good).any()
    assert formats.event_faults(flipped.reshape(-1).view(good.dtype)).all()


# Scores


@pytest.mark.parametrize("feature_count", [1, 7, 16, 17, 64, 100])
def test_sum_order(feature_count):
    attributions = np.random.default_rng(2).gamma(0.1, 1e3, (50, feature_count)).astype(np.float32)
    for row, score in zip(attributions, formats.sum_attributions(attributions)):
        lanes = [np.float32(0)] * 16
        for index, value in enumerate(row):
            lanes[index % 16] = np.float32(lanes[index % 16] + value)
        for half in (8, 4, 2, 1):
            for lane in range(half):
                lanes[lane] = np.float32(lanes[lane] + lanes[lane + half])
        assert formats.bits(score) == formats.bits(lanes[0])


def test_flagged_faults_names_what_is_wrong():
    assert formats.flagged_faults(some_flagged(some_events(20))) == []

    def faults(change):
        records = some_flagged(some_events(3))
        change(records)
        return {text for row, text in formats.flagged_faults(formats.seal(records)) if row == 1}

    def next_score(records):
        records["score"][1] = np.nextafter(records["score"][1], np.float32(np.inf))

    def bad_event(records):
        records["event"]["event"][1] += 1

    def high_threshold(records):
        records["threshold"][1] = records["score"][1]

    def not_finite(records):
        records["event"]["features"][1, 0] = np.nan
        records["event"] = formats.seal(records["event"].copy())

    assert faults(next_score) == {"score is not the sum of the attributions"}
    assert faults(bad_event) == {"the event's own header or checksum"}
    assert faults(high_threshold) == {"score not above the threshold"}
    assert faults(not_finite) == {"scorable where a feature is not finite, or the reverse"}


# Decisions


def hash_of(run, source, sequence, event):
    """The rule once more, in Python's whole numbers."""
    state = 0
    for word in (run << 32 | source, sequence, event):
        state = (state + 0x9E3779B97F4A7C15 + word) % 2**64
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        state = (state ^ state >> 27) * 0x94D049BB133111EB % 2**64
        state ^= state >> 31
    return state


def test_prescale_hash_and_rule():
    events = some_events(2000, 1)
    events["run"][:5] = 2**32 - 1
    events["sequence"][:5] = 2**64 - 1
    hashes = formats.prescale_hash(events)
    expected = [hash_of(*(int(each[name]) for name in ("run", "source", "sequence", "event")))
                for each in events]
    assert hashes.tolist() == expected
    edges = np.array([0, 2**63 - 1, 2**63, 2**64 - 1, *expected], np.uint64)
    for prescale in (0, 1, 2, 3, 7, 100, 2**32 - 1):
        kept = [prescale > 0 and int(value) * prescale >> 64 == 0 for value in edges]
        assert formats.passes(edges, prescale).tolist() == kept


def test_decisions():
    half, none = 2**63, 2**64 - 1
    scores = np.array([5, 5, 15, 15, 10, np.nan, np.nan, np.inf], np.float32)
    hashes = np.array([0, none, half, none, 0, none, 0, none], np.uint64)
    reasons, mask, weight = formats.decide(scores, hashes, [(10, 1), (3, 2)], 1000)
    assert reasons.tolist() == [3, 0, 1, 1, 3, 4, 6, 1]
    assert mask.tolist() == [2, 0, 1, 1, 2, 0, 0, 1]
    assert weight.tolist() == [2, 0, 1, 1, 2, 1, 1, 1]


def test_decisions_follow_factors():
    scores = np.array([10, 10.5, 11, 3, np.inf], np.float32)
    hashes = np.zeros(5, np.uint64)
    mask = formats.decide(scores, hashes, [(10, 1), (3, 1)], factors=[1.05, 0.5])[1]
    # 10 times 1.05 is rounded to float32, once.
    assert mask.tolist() == [2, 2, 3, 2, 3]
    assert (mask == formats.decide(scores, hashes, [(10.5, 1), (1.5, 1)])[1]).all()


def test_simulated_events_are_in_no_sample():
    scores = np.array([5, 5, 15, np.nan], np.float32)
    reasons, _, weight = formats.decide(
        scores, np.zeros(4, np.uint64), [(10, 2)], 1000, simulated=np.array([True, False, True, True]))
    assert reasons.tolist() == [0, 2, 1, 4] and weight.tolist() == [0, 1000, 2, 1]


def test_weights_estimate_the_number_of_events():
    events = some_events(200_000, 1)
    scores = np.random.default_rng(3).exponential(1, len(events)).astype(np.float32)
    points = [(0.5, 10), (3, 2), (6, 1)]
    reasons, _, weight = formats.decide(scores, formats.prescale_hash(events), points, 100)
    kept = weight[reasons != 0].astype(float)
    error = np.sqrt((kept * (kept - 1)).sum())
    assert abs(kept.sum() - len(events)) < 4 * error
    assert [formats.topic(each) for each in (1, 2, 3, 4, 6)] == [
        b"flagged", b"unbiased", b"flagged", b"flagged", b"flagged"]


# Runs


@pytest.mark.parametrize("make", [some_events, lambda count: some_flagged(some_events(count))])
def test_run_round_trip(tmp_path, make):
    records = make(1000)
    kind = "flagged" if "attributions" in records.dtype.names else "events"
    writer = runs.RunWriter(tmp_path / "run", kind, 64, ["x"] * 64)
    writer.append(records[:300])
    writer.append(records[300:])
    assert [each.name for each in (tmp_path / "run").iterdir()] == [f"000001.{kind}.writing"]
    writer.close()
    run = runs.Run(tmp_path / "run")
    assert np.concatenate(list(run.blocks(77))).tobytes() == records.tobytes()
    assert (run.kind, run.feature_count, len(run)) == (kind, 64, 1000)
    manifest = run.manifest
    assert (manifest["format"], manifest["kind"], manifest["features"]) == ("tamis-run/1", kind, 64)
    assert (manifest["records"], manifest["runs"]) == (1000, [7])
    assert 1000 in manifest["counts"].values()
    assert manifest["schema"] == hashlib.sha256("\n".join(["x"] * 64).encode()).hexdigest()[:8]
    assert ("first_number" in manifest) == (kind == "flagged")
    segment = manifest["segments"][0]
    data = (tmp_path / "run" / segment["name"]).read_bytes()
    assert segment["sha256"] == hashlib.sha256(data).hexdigest()
    assert len(runs.Run(tmp_path / "run" / segment["name"])) == 1000
    with pytest.raises(runs.RunFault):
        runs.RunWriter(tmp_path / "run", kind, 64)


def test_open_and_torn_segment(tmp_path):
    data = some_events(10, 5).tobytes()
    (tmp_path / "000001.events").write_bytes(data)
    (tmp_path / "000002.events.writing").write_bytes(data[:-1])
    run = runs.Run(tmp_path)
    assert (len(run), run.torn_bytes) == (19, 83)


def test_segments_are_in_the_order_of_their_numbers(tmp_path):
    names = ["999998.events", "999999.events", "1000000.events", "1000001.events.writing"]
    for index, name in enumerate(names):
        (tmp_path / name).write_bytes(some_events(1, index + 1).tobytes())
    for other in ["0000001.events", "12345.events", "1234567890123.events", "x.events"]:
        (tmp_path / other).write_bytes(b"")
    assert [each.path.name for each in runs.Run(tmp_path).files] == names


def test_a_writer_goes_on_behind_seven_digits_and_holds_the_folder(tmp_path):
    (tmp_path / "1000000.events").write_bytes(some_events(1).tobytes())
    with runs.RunWriter(tmp_path, "events", 64, continuing=True) as writer:
        with pytest.raises(runs.RunFault, match="another process"):
            runs.RunWriter(tmp_path, "events", 64, continuing=True)
        writer.append(some_events(2))
    assert [each.path.name for each in runs.Run(tmp_path).files] == [
        "1000000.events", "1000001.events"]
    runs.RunWriter(tmp_path, "events", 64, continuing=True).close()


def test_sequence_ledger():
    events = some_events(10, 1)
    events["sequence"] = [1, 2, 2, 5, 4, 9, 1, 2, 3, 4]
    events["source"][6:] = 4
    assert runs.sequence_ledger(events) == [
        {"run": 7, "source": 3, "records": 6, "first_sequence": 1, "last_sequence": 9, "lost": 4,
         "late": 1, "repeated": 1},
        {"run": 7, "source": 4, "records": 4, "first_sequence": 1, "last_sequence": 4, "lost": 0,
         "late": 0, "repeated": 0}]


def test_feature_names_of(tmp_path):
    header = json.dumps({"__metadata__": {"feature_names": json.dumps(["a", "b"])}}).encode()
    model = tmp_path / "model.safetensors"
    model.write_bytes(len(header).to_bytes(8, "little") + header)
    assert runs.feature_names_of(model) == ["a", "b"]
    (tmp_path / "names.json").write_text('["c"]')
    assert runs.feature_names_of(tmp_path / "names.json") == ["c"]


# Rates


def test_rates(tmp_path):
    events = some_events(1000)
    for kind, records in (("events", events), ("flagged", some_flagged(events[:20]))):
        writer = runs.RunWriter(tmp_path / kind, kind, 64)
        writer.append(records)
        writer.close()
    points = [{"name": name, "prescale": prescale, "target_fpr": rate, "threshold": threshold,
               "fpr_interval": [rate / 2, 2 * rate], "guarantee": "in expectation"}
              for name, prescale, rate, threshold in [("loose", 2, 0.01, 5), ("tight", 1, 0.001, 9)]]
    (tmp_path / "c.json").write_text(json.dumps({
        "format": "tamis-calibration/1", "model_sha256": "0" * 64, "levels": [0], "weights": [1],
        "events": 10_000, "working_points": points}))
    output, _ = ended(start("rates.py", "--flagged", tmp_path / "flagged", "--calibration",
                            tmp_path / "c.json", "--input", tmp_path / "events"))
    assert output.splitlines()[0].startswith(
        "run 7, loose: 20 of 1000 events kept, prescale 2, rate 0.04, 95% interval 0.02")
    assert "run 7, tight: 0 of 1000 events kept, prescale 1, rate 0," in output


# Programs, over loopback


def start(program, *arguments):
    return subprocess.Popen([sys.executable, TOOLS / program, *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process, status=0):
    output, errors = process.communicate(timeout=60)
    assert process.returncode == status, output + errors
    return output, errors


def bound(context, kind):
    socket = context.socket(kind)
    socket.rcvtimeo, socket.sndtimeo, socket.linger = 60_000, 60_000, 5_000
    return socket, f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"


@pytest.fixture
def context():
    context = zmq.Context()
    yield context
    context.destroy(linger=0)


@pytest.mark.parametrize("pattern, batch", [("push", 1), ("push", 64), ("pub", 16)])
def test_sender(tmp_path, context, pattern, batch):
    socket, address = bound(context, zmq.PULL if pattern == "push" else zmq.SUB)
    topic = []
    if pattern == "pub":
        socket.subscribe("run")
        topic = ["--topic", "run", "--wait-subscriber"]
    sender = start("send.py", "--generate", 500, "--features", 5, "--batch", batch, "--pattern",
                   pattern, "--connect", address, "--save", tmp_path / "sent", *topic)
    parts = []
    while sum(map(len, parts)) < 502 * 84:
        message = socket.recv_multipart()
        assert len(message) == 1 + (pattern == "pub")
        assert len(message[-1]) % 84 == 0 and len(message[-1]) <= 84 * batch
        parts.append(message[-1])
    assert "sent: 502 records, 500 events" in ended(sender)[0]
    records = np.frombuffer(b"".join(parts), formats.event_dtype(5))
    assert not formats.event_faults(records).any()
    assert records["sequence"].tolist() == list(range(1, 503))
    assert records["kind"].tolist() == [2] + [1] * 500 + [3]
    assert np.concatenate(list(runs.Run(tmp_path / "sent").blocks())).tobytes() == b"".join(parts)


def test_sender_replays_a_run(tmp_path, context):
    writer = runs.RunWriter(tmp_path / "run", "events", 64)
    writer.append(some_events(100))
    writer.close()
    socket, address = bound(context, zmq.PULL)
    sender = start("send.py", "--run", tmp_path / "run", "--batch", 100, "--connect", address)
    records = np.frombuffer(socket.recv(), formats.event_dtype(64))
    ended(sender)
    expected = some_events(100, flags=formats.REPLAYED_FLAG)
    assert records.tobytes() == expected.tobytes()


def test_sender_gives_up(context):
    socket, address = bound(context, zmq.PULL)
    socket.unbind(address)
    sender = start("send.py", "--generate", 10, "--connect", address, "--wait", 0.2)
    assert "nobody takes" in ended(sender, status=1)[1]


def test_receiver(tmp_path, context):
    socket, address = bound(context, zmq.XPUB)
    (tmp_path / "names.json").write_text(json.dumps([f"pt_{index}" for index in range(64)]))
    receiver = start("receive.py", "--connect", address, "--count", 100, "--timeout", 50,
                     "--names", tmp_path / "names.json", "--out", tmp_path / "received")
    assert socket.recv() == b"\x01"
    records = some_flagged(some_events(100), first_number=41)
    for record in records:
        socket.send_multipart([b"flagged", record.tobytes()])
    output, _ = ended(receiver)
    lines = output.splitlines()
    largest = int(np.argmax(records["attributions"][0]))
    assert lines[0].startswith("41: run 7 source 3 event 100: above threshold, score ")
    assert f"; pt_{largest} " in lines[0]
    assert lines[100:] == ["received: 100 records, 100 flagged", "highest number: 140",
                           "repeated: 0", "delivered: 100", "sum of weights: 100", "faults: 0"]
    copy = ended(start("read_run.py", tmp_path / "received"))[0]
    assert "faults: 0" in copy
    received = np.concatenate(list(runs.Run(tmp_path / "received").blocks()))
    assert received.tobytes() == records.tobytes()


def test_simulated_events_are_named_and_stand_for_none_of_the_stream():
    records = some_flagged(some_events(4))
    records["event"]["flags"][1] = formats.SIMULATED_FLAG
    assert formats.weight_sum(records) == 3 and formats.simulated_count(records) == 1
    lines = [formats.describe(record) for record in records]
    assert ["(simulated)" in line for line in lines] == [False, True, False, False]
    assert all(", working point bits 0" in line for line in lines)


def test_receiver_finds_faults(context):
    socket, address = bound(context, zmq.XPUB)
    receiver = start("receive.py", "--connect", address, "--idle", 3, "--timeout", 50, "--quiet")
    assert socket.recv() == b"\x01"
    records = some_flagged(some_events(4))
    broken = bytearray(records[1].tobytes())
    broken[100] ^= 1
    messages = [[b"flagged", records[0].tobytes()], [b"flagged", bytes(broken)],
                [b"flagged", b"short"], [b"unbiased", records[3].tobytes()],
                [b"flagged", records[0].tobytes()]]
    for message in messages:
        socket.send_multipart(message)
    output, errors = ended(receiver, status=1)
    assert "received: 4 records, 3 flagged, 1 unbiased" in output
    # The record with a wrong checksum and the message that is none were left out.
    assert "repeated: 1" in output and "delivered: 2" in output
    for text in ("record number 2: checksum", "a message of 2 parts", "record number 4: topic",
                 "record number 4 after 1"):
        assert text in errors


def test_reader_finds_faults(tmp_path):
    writer = runs.RunWriter(tmp_path / "run", "events", 64)
    writer.append(some_events(50))
    writer.close()
    output, _ = ended(start("read_run.py", tmp_path / "run", "--show", 2, "--features",
                            tmp_path / "features.npy"))
    assert "faults: 0" in output and "1: run 7 source 3 event 100" in output
    assert np.array_equal(np.load(tmp_path / "features.npy"), some_events(50)["features"])
    segment = tmp_path / "run" / "000001.events"
    data = bytearray(segment.read_bytes())
    data[10 * 320 + 200] ^= 1
    segment.write_bytes(data)
    _, errors = ended(start("read_run.py", tmp_path / "run"), status=1)
    assert "record 10: crc" in errors and "SHA-256 differs" in errors
