#!/usr/bin/python3
"""Makes the seeds of the fuzzing targets from small valid files: Fuzz/corpus/TARGET/made-*.

Written from docs/formats.md and etc/; calibrations and a journal come from the commands themselves,
which must be built. Inputs that once broke something lie beside them under a name that says what,
and stay.

usage: Fuzz/make_corpus.py [FOLDER OF tamis, default .build/release]
"""

import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT / "Tests/SystemTests/Peers"))
import headers  # noqa: E402
import tamis_formats as formats  # noqa: E402

CORPUS = ROOT / "Fuzz/corpus"
U64 = 2**64 - 1


def save(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    content = content.encode() if isinstance(content, str) else content
    (folder / f"made-{name}").write_bytes(content)


def events(count, feature_count=1):
    records = headers.base_records(count, feature_count, np.random.default_rng(1))
    return formats.seal(records)


def flagged(first, count):
    inner = events(count)
    inner["sequence"] += np.uint64(first - 1)
    records = np.zeros(count, formats.flagged_dtype(1))
    records["magic"], records["version"], records["reasons"] = b"TMSF", 1, formats.UNBIASED
    records["number"] = np.uint64(first) + np.arange(count, dtype=np.uint64)
    records["weight"], records["instance"], records["event"] = 1, 1, formats.seal(inner)
    return formats.seal(records).tobytes()


def messages():
    for choice, feature_count in [(1, 1), (2, 4), (5, 1)]:
        save("messages", f"events-{choice}", bytes([choice]) + events(3, feature_count).tobytes())
    control = events(3)
    control["kind"] = [2, 1, 3]
    save("messages", "control", b"\5" + formats.seal(control).tobytes())
    other = events(1, 4).tobytes() + events(1).tobytes()
    save("messages", "other-width", b"\1" + other)
    save("sequences", "gaps", bytes([0] + [0, 33, 0, 40, 1, 40, 0, 3, 0, 0, 1, 0]))
    words = [4, 10, 0, 0, 2, 2, 3, 4, 9, 10]
    save("sequences", "read", b"\1" + b"".join(b"\4" + struct.pack("<Q", word) for word in words))
    begin, event, end = 1, 0, 2
    save("placing", "runs", bytes([0] + [begin, 1, 1, 5, event, 1, 1, 33, end, 1, 1, 33] * 2))
    save("placing", "extremes", bytes([0] + [event, 1, 1, 0, event, 2, 1, 0, event, 1, 6, 1]))


def checked(line):
    """A line with its checksum."""
    text = json.dumps(line)[:-1]
    return f'{text}, "crc32c": "{formats.crc32c(text.encode()):08x}"}}\n'


def ledgers():
    line = {"run": 5, "source": 1, "closing": "end_of_run", "expected": 4, "received": 4, "lost": 0,
            "events": 2, "scored": 2, "not_finite": 0, "repeated": 0, "shed": 0, "flagged": 2,
            "unbiased": 1, "opened_ns": 1, "resumed": 0, "decided": 4, "closed_through": 0,
            "decided_ranges": [[1, 4]], "refused": {}, "balanced": True}
    for extreme in [4, 2**63, U64]:
        changed = line | {"expected": extreme, "decided_ranges": [[1, 2], [5, extreme]],
                          "scored": extreme, "flagged": extreme, "decided": min(extreme, 4)}
        save("ledger-lines", f"two-{extreme}", json.dumps(line) + "\n" + checked(changed))
    save("ledger-lines", "torn", checked(line) + json.dumps(line)[:99] + checked(line))
    refused = line | {"closing": "refused", "refused": {"run_ended": U64}}
    save("ledger-lines", "refused", checked(refused) * 2)
    # The words of two accounts: of their sequences first, then run, source and counts.
    for name, sequences in [("one-range", [9, 9, 0, 0, 0, 1, 1, 9]), ("most", [U64 - 1, U64, 0, 0,
                                                                          0, 1, 2, U64])]:
        words = b"".join(b"\4" + struct.pack("<Q", word) for word in sequences + [0, 0])
        save("ledger-open", name, (words + bytes(8) + b"\0" * 6) * 2)
    decisions = [
        {"after": None, "number": 1, "model_sha256": "00" * 32, "calibration_sha256": "11" * 32,
         "flood_prescale": 1, "unbiased_prescale": 50, "time_ns": 1},
        {"before": {"run": 1, "source": 1, "sequence": 2, "event": U64}, "number": U64,
         "model_sha256": "00" * 32, "calibration_sha256": "11" * 32, "flood_prescale": 2**32 - 1,
         "unbiased_prescale": 0, "time_ns": U64}]
    save("decisions", "old", "".join(json.dumps(line) + "\n" for line in decisions))
    save("decisions", "checked", "".join(map(checked, decisions)))
    rows = [{"from": None, "prescales": [1, 10]}, {"from": 0, "prescales": [0, 2**32 - 1]},
            {"from": U64, "prescales": [3, 0]}]
    text = json.dumps({"by": "time", "rows": rows})[1:-1]
    table = hashlib.sha256(text.encode()).hexdigest()[:16]
    later = decisions[1] | {"factors": [0.5, 1.0000001], "prescale_table": table, "prescale_row": 2,
                            "simulated_apart": True}
    save("decisions", "prescales", checked({"prescale_table": table, "by": "time", "rows": rows})
         + checked(later))


def tensor_file(tensors, metadata):
    header, content = {"__metadata__": metadata}, b""
    for name, values in tensors.items():
        values = np.ascontiguousarray(values, np.float32)
        header[name] = {"dtype": "F32", "shape": list(values.shape),
                        "data_offsets": [len(content), len(content) + values.nbytes]}
        content += values.tobytes()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content


def score_model():
    """The smallest: two features, sixteen wide, one block, two levels."""
    random = np.random.default_rng(2)
    tensors = {
        name: random.standard_normal(shape) / 4 for name, shape in {
            "sigma_embed.weight": (2, 16), "input_proj.weight": (16, 2), "input_proj.bias": (16,),
            "blocks.0.1.weight": (16, 16), "blocks.0.1.bias": (16,), "output.1.weight": (2, 16),
            "output.1.bias": (2,)}.items()}
    tensors |= {"scaler.mean": [0, 1], "scaler.scale": [1, 2], "sigmas": [0.1, 0.5]}
    metadata = {"format": "tamis-model/1", "feature_names": '["pt", "eta"]',
                "scoring": '{"levels": [0, 1], "weights": [0.5, 0.5], "output": "noise"}'}
    return tensor_file(tensors, metadata)


def autoencoder():
    random = np.random.default_rng(3)
    tensors = {f"layers.{i}.{name}": random.standard_normal(shape) for i, name, shape in [
        (0, "weight", (4, 2)), (0, "bias", (4,)), (1, "weight", (2, 4)), (1, "bias", (2,))]}
    tensors |= {"scaler.mean": [0, 0], "scaler.scale": [1, 1]}
    return tensor_file(tensors, {"format": "tamis-model/1", "network": "autoencoder"})


def models(tamis):
    save("model", "score", score_model())
    save("model", "autoencoder", autoencoder())
    save("model", "bare", tensor_file({"sigmas": [1]}, {}))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "model.safetensors").write_bytes(score_model())
        for name, output, options in [
                ("calibration", "one", []), ("calibration", "tail", ["--allow-extrapolation"]),
                ("calibration", "bins", ["--condition-edges", "20,40"]),
                ("calibration-part", "part", ["--partial"])]:
            made = folder / f"{output}.json"
            rate, count = ("0.0001", 4_000) if output == "tail" else ("0.05", 400)
            values = np.random.default_rng(4).standard_normal((count, 2)).astype(np.float32)
            np.save(folder / "background.npy", values)
            background = folder / "background.npy"
            if output == "bins":
                background = folder / "000001.events"
                records = formats.new_events(
                    count, 2, run=1, source=1, sequence=1 + np.arange(count), features=values,
                    condition=np.where(np.arange(count) % 5, np.arange(count) % 60, np.nan))
                background.write_bytes(formats.seal(records).tobytes())
            subprocess.run(
                [tamis, "calibrate", "--model", folder / "model.safetensors", "--background",
                 background, "--out", made, "--working-point", f"nominal={rate}",
                 *options], check=True, stdout=subprocess.DEVNULL)
            save(name, output, made.read_bytes())


def small_file(names, *files):
    """A folder: index of the name, whether to seal, the length, the bytes."""
    return b"".join(
        bytes([names.index(name), seal]) + struct.pack("<H", len(content)) + content
        for name, seal, content in files)


# As in FolderTargets.swift.
JOURNAL_NAMES = [
    "manifest.json", "000001.flagged", "000002.flagged", "000003.flagged.writing",
    "999999.flagged.writing", "published", "deleted", "numbers", "ledger.jsonl", "ledger.open",
    "decisions.jsonl", "18446744073709551615.flagged", "000000.flagged", "000001.flagged.writing"]
RUN_NAMES = ["manifest.json", "000001.events", "000002.events", "000003.events.writing",
             "999999.events.writing", "9223372036854775807.events"]


def run_manifest(content, kind="events"):
    segment = {"name": f"000001.{kind}", "bytes": len(content), "records": 3,
               "sha256": hashlib.sha256(content).hexdigest()}
    source = {"run": 1, "source": 1, "records": 3, "first_sequence": 1, "last_sequence": 3}
    manifest = {
        "format": "tamis-run/1", "kind": kind, "features": 1, "schema": "00000000", "records": 3,
        "counts": {"event": 3, "begin_of_run": 0, "end_of_run": 0, "heartbeat": 0}, "runs": [1],
        "first_time_ns": headers.NOW_NS, "last_time_ns": headers.NOW_NS, "sources": [source],
        "segments": [segment]}
    if kind == "events":
        source |= {"lost": 0, "late": 0, "repeated": 0}
    else:
        manifest["counts"] = {"above_threshold": 0, "unbiased": 3, "not_scorable": 0}
        manifest |= {"first_number": 1, "last_number": 3}
        segment["summary"] = {name: manifest[name] for name in (
            "counts", "schema", "first_time_ns", "last_time_ns", "first_number", "last_number",
            "sources")}
    return json.dumps(manifest).encode()


def folders():
    content = events(3).tobytes()
    save("manifest", "run", run_manifest(content))
    journal = flagged(1, 3)
    save("manifest", "journal", run_manifest(journal, "flagged"))
    save("run", "closed", small_file(
        RUN_NAMES, ("manifest.json", 0, run_manifest(content)), ("000001.events", 0, content)))
    save("run", "torn", small_file(RUN_NAMES, ("000003.events.writing", 0, content[:-3])))
    save("run", "extremes", small_file(
        RUN_NAMES, ("000001.events", 1, headers.extreme_records(1)[:8].tobytes())))
    save("journal", "closed", small_file(
        JOURNAL_NAMES, ("manifest.json", 0, run_manifest(journal, "flagged")),
        ("000001.flagged", 0, journal), ("published", 0, struct.pack("<Q", 2))))
    save("journal", "open", small_file(
        JOURNAL_NAMES, ("000001.flagged", 0, journal),
        ("000003.flagged.writing", 0, flagged(4, 2) + b"torn"),
        ("deleted", 0, struct.pack("<4Q", 0, 0, 0, 0))))
    for number in [U64, U64 - 1, 2**63]:
        save("journal", f"extreme-{number}", small_file(
            JOURNAL_NAMES, ("000002.flagged", 0, flagged(number - 3, 2)),
            ("published", 0, struct.pack("<Q", number)),
            ("deleted", 0, struct.pack("<4Q", number, number, number, number))))


def arrays():
    for dtype in ["<f4", "<f8", ">f4", "<i8"]:
        header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': (2, 1), }}"
        text = header.ljust(117).encode() + b"\n"
        save("array", dtype[1:] + ("-big" if dtype[0] == ">" else ""),
             b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text
             + np.arange(2).astype(dtype).tobytes())
    text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n"
    save("array", "huge", b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text)


def texts():
    save("configuration", "example", (ROOT / "etc/tamisd.yaml").read_bytes())
    save("configuration", "short", "model: m\ncalibration: c\ninput: {connect: [tcp://a:1]}\n")
    save("configuration", "moving", "model: m\ncalibration: c\nrate_control:\n  points: [loose=1e-3, "
         "t=20/s]\n  hold_on_drift: [score]\nprescales:\n  by: time\n  rows:\n    - {from: "
         "2026-11-27T20:00:00Z, points: {loose: 0}}\n    - from: 2553-12-31T23:59:59Z\n      points: {}\n")
    save("configuration", "sections", "prescales: {rows: [{from: 0, points: {a: 4294967295}}]}\n")
    save("configuration", "odd-bytes", bytes.fromhex("65cc8165cc813a0ac3a9c3a93a0a"))
    key = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
    save("keys", "list", f"# who\n{key}  one\n{key[::-1]}  tcp://127.0.0.1:5555\n")
    save("keys", "pair", f'curve\n    public-key = "{key}"\n    secret-key = "{key}"\n')
    golden = (ROOT / "Tests/MonitoringTests/Golden/status.json").read_text()
    save("status", "golden", json.dumps(json.loads(golden)))
    save("status", "extremes", '{"format":"tamis-status-1","time":1e308,"build":{"instance":-1e308'
         ',"uptime_seconds":1e308},"now":{"received_per_second":1e-308},"ring":{"records":1e308,'
         '"capacity":1e-308},"ledger":{"received":1e19,"scored":-1e19}}')
    save("json", "values", '{"a": [1, -0.5e+3, true, null, "\\u00e9\\ud83d\\ude00\\n"], "b": {}}')
    save("json", "deep", "[" * 200 + "]" * 200)


def peers():
    def request(first, last, flags=0, records=0, size=0):
        body = struct.pack("<4sBBHQQQIII", b"TMSQ", 1, 1, flags, 7, first, last, records, size, 1)
        return bytes([1]) + body + struct.pack("<I", formats.crc32c(body))

    for first, last in [(1, 0), (1, U64), (U64, U64), (5, 9)]:
        save("catch-up", f"{first}-{last}", request(first, last, records=2**32 - 1))
    save("catch-up", "point-15", request(1, 0, flags=2 | 15 << 8))
    for name, text in [
            ("get", "GET /status?x=1 HTTP/1.1\r\nHost: 127.0.0.1:9464\r\n\r\n"),
            ("pipelined", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3),
            ("head", "HEAD /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            ("chunked", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello"
             "\r\n0\r\n\r\n"),
            ("upgrade", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Content-Length: 18446744073709551615\r\n\r\n")]:
        content = text.encode()
        pieces = [content[start:start + 100] for start in range(0, len(content), 100)]
        save("http", name, b"".join(bytes([len(piece) - 1]) + piece for piece in pieces))


def scoring():
    for name, head in [("one", [63, 0, 2, 1, 0, 1]), ("many", [6, 8, 0, 2, 2, 3])]:
        values = np.array([1, -1, 1e38, 3e-45, np.inf, np.nan, 0, -0.0, 7] * 6, "<f4")
        save("scoring", name, bytes(head) + values.tobytes())


def dictionaries():
    """The words of the seeds, and numbers at the ends of their types, for targets that read text."""
    numbers = ["-1", "0", "9223372036854775807", "18446744073709551615", "1e308", "-1e-308", "null"]
    for target in ["calibration", "calibration-part", "configuration", "decisions", "json",
                   "ledger-lines", "manifest", "model", "status"]:
        text = b"".join(seed.read_bytes() for seed in sorted((CORPUS / target).glob("made-*")))
        words = set(re.findall(rb"[A-Za-z_][A-Za-z0-9_]{2,}", text))
        quoted = target != "configuration"
        lines = [f'"\\"{word.decode()}\\":"' if quoted else f'"{word.decode()}: "'
                 for word in sorted(words)[:150]]
        lines += [f'"{number}"' for number in numbers]
        (CORPUS / target / "dictionary").write_text("\n".join(lines) + "\n")


def main():
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return
    programs = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release")
    for seed in CORPUS.glob("*/made-*"):
        seed.unlink()
    messages()
    ledgers()
    models(programs / "tamis")
    folders()
    arrays()
    texts()
    peers()
    scoring()
    dictionaries()
    sizes = [seed.stat().st_size for seed in CORPUS.glob("*/*")]
    print(f"corpus: {len(sizes)} files, {sum(sizes)} bytes")


if __name__ == "__main__":
    main()
