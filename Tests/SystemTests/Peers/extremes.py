#!/usr/bin/env python3
"""The programs with numbers at their extremes: in files, in options, in records, in answers.

Makes one good file of each kind, puts every extreme in the place of every number in it, and runs
what reads such files. Right is exit status 0, 1 or 2, a message where it is not 0, within a few
seconds and some hundred MB; wrong is a signal, silence, a hang. Prints what was tried as one JSON
object and exits with 1 where something went wrong.

  extremes.py --programs .build/release --folder /tmp/extremes
  extremes.py --programs .build/release --folder /tmp/extremes --only calibration --share 1
"""

import argparse
import http.server
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import threading

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools/tests"))
import headers  # noqa: E402
import peak_memory  # noqa: E402
import tamis_formats as formats  # noqa: E402

# On a busy machine programs are late, but take no more processor time than on an idle one.
SECONDS_MAX, PROCESSOR_SECONDS_MAX, RESIDENT_MAX = 120, 20, 700 << 20
D = 3
# In the place of a number. Large ones as texts, so that they are written as they stand here.
EXTREMES = ["-1", "0", "1", str(2**31), str(2**53 + 1), str(2**63 - 1), str(2**63), str(2**64 - 1),
            "1e308", "-1e308", "1e-320", "1e999", "null", '""', "[]", "{}"]
FLOATS = np.array([0, 1, np.nan, np.inf, -np.inf, 3.4028235e38, -3.4028235e38, 1e-45, -1e-45,
                   3e38, 1e-38, 16777216.0], np.float32)


class Trial:
    """Runs commands, and notes those that end otherwise than they may."""

    def __init__(self, programs, folder, share):
        self.programs, self.folder, self.share = programs, folder, share
        self.counts, self.faults, self.chosen = {}, [], {}
        self.environment = dict(os.environ, SWIFT_BACKTRACE="enable=no")

    def takes(self, kind):
        """Whether the next trial of this kind is among the share that is made."""
        self.chosen[kind] = self.chosen.get(kind, -1) + 1
        return self.chosen[kind] % self.share == 0

    def run(self, kind, what, program, *arguments, right=(0, 1, 2)):
        self.counts[kind] = self.counts.get(kind, 0) + 1
        command = [str(self.programs / program), *map(str, arguments)]
        fault, text = None, ""
        try:
            done = peak_memory.run(command, SECONDS_MAX, env=self.environment, cwd=self.folder)
        except subprocess.TimeoutExpired as late:
            fault, text = f"did not end within {SECONDS_MAX} s", (late.stderr or b"").decode(
                errors="replace")
        else:
            text = done.stderr.decode(errors="replace")
            if done.returncode not in right:
                fault = f"ended with {done.returncode}"
            elif done.returncode != 0 and not text.strip() and not done.stdout.strip():
                fault = "failed without a word"
            elif done.processor_seconds > PROCESSOR_SECONDS_MAX:
                fault = f"took {done.processor_seconds:.1f} s of processor time"
            elif done.peak_byte_count > RESIDENT_MAX:
                fault = f"took {done.peak_byte_count >> 20} MB"
        if fault:
            self.faults.append({"kind": kind, "what": what, "fault": fault,
                                "command": " ".join(command), "errors": text[-300:]})

    def make(self, *arguments):
        """Makes a good file; what follows needs it."""
        subprocess.run([str(self.programs / "tamis"), *map(str, arguments)], check=True,
                       cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


# JSON


class Number(str):
    """A number as it is written."""


def parse(text):
    return json.loads(text, parse_int=Number, parse_float=Number)


def written(value):
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value)


def places(value, path=()):
    """The path of every number and null; of a list's elements only the first and the last."""
    if isinstance(value, Number) or value is None:
        yield path
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, path + (name,))
    elif isinstance(value, list):
        for index in sorted({0, len(value) - 1} if value else set()):
            yield from places(value[index], path + (index,))


def replaced(value, path, text):
    """A copy of `value` with `text`, as it stands, at `path`."""
    if not path:
        return Number(text)
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], text)
    return copy


def mutations(trial, kind, text):
    """Each number by each extreme, and each two counts of one object by the largest at once."""
    root = parse(text)
    for path in places(root):
        for extreme in EXTREMES:
            if trial.takes(kind):
                yield f"{path} = {extreme}", written(replaced(root, path, extreme))
    whole = [path for path in places(root)]
    for value in (str(2**50), str(2**63 - 1), "1e308", "0"):
        for first, second in zip(whole, whole[1:]):
            if trial.takes(kind):
                yield (f"{first}, {second} = {value}",
                       written(replaced(replaced(root, first, value), second, value)))


# The kinds of file


def make_good_files(trial):
    random = np.random.default_rng(1)
    events = random.standard_normal((4000, D)).astype(np.float32)
    np.save(trial.folder / "train.npy", events[:2000])
    np.save(trial.folder / "background.npy", events[2000:])
    records = formats.new_events(2000, D, run=1, source=1, time_ns=10**18, condition=30.0)
    records["features"] = events[2000:]
    records["sequence"] = records["event"] = np.arange(1, 2001)
    records["condition"] = random.normal(30, 5, 2000)
    (trial.folder / "good.events").write_bytes(formats.seal(records).tobytes())
    trial.make("train", "--background", "train.npy", "--out", "model.safetensors", "--steps", "20",
               "--hidden", "16", "--blocks", "1", "--threads", "1", "--noise-levels", "4")
    trial.make("train", "--background", "train.npy", "--out", "autoencoder.safetensors",
               "--network", "autoencoder", "--steps", "5", "--threads", "1")
    points = ["--working-point", "loose=0.1", "tight=0.01"]
    trial.make("calibrate", "--model", "model.safetensors", "--background", "good.events", *points,
               "--out", "calibration.json")
    trial.make("calibrate", "--partial", "--model", "model.safetensors", "--background",
               "good.events", *points, "--out", "good.part")
    trial.make("score", "--model", "model.safetensors", "--calibration", "calibration.json",
               "--input", "good.events", "--flagged", "flagged.run", "--unbiased-prescale", "3")
    trial.make("score", "--model", "model.safetensors", "--input", "good.events", "--scores",
               "scores.npy")


MODEL = ["--model", "model.safetensors"]
ARMS = [*MODEL, "--calibration", "calibration.json"]


def configuration(trial, **changes):
    text = {"model": "model.safetensors", "calibration": "calibration.json",
            "input": {"bind": ["tcp://127.0.0.1:*"]}, "output": {"bind": ["tcp://127.0.0.1:*"]},
            "journal": {"path": "journal"}, "http": {"listen": ""}} | changes
    path = trial.folder / "tamisd.yaml"
    path.write_text(json.dumps(text))
    return path


def calibrations(trial):
    configuration(trial, calibration="wrong.json")
    for what, text in mutations(trial, "calibration", (trial.folder / "calibration.json").read_text()):
        (trial.folder / "wrong.json").write_text(text)
        trial.run("calibration", what, "tamisd", "--config", "tamisd.yaml", "--check")
        trial.run("calibration", what, "tamis", "inspect", "wrong.json")
        trial.run("calibration", what, "tamis", "drift", *MODEL, "--calibration", "wrong.json",
                  "--input", "good.events", "--window", "200", "--rate-window", "1000", "--json")
        trial.run("calibration", what, "tamis", "calibrate", *MODEL, "--background", "good.events",
                  "--compare", "wrong.json", "--json")


def parts(trial):
    whole = (trial.folder / "good.part").read_bytes()
    length = struct.unpack_from("<Q", whole, 8)[0]
    header, scores = whole[16:16 + length], whole[16 + length:-32]
    import hashlib

    def part(text, stated=None, content=scores):
        head = text.encode() if isinstance(text, str) else text
        size = len(head) if stated is None else stated
        body = b"TMSC" + struct.pack("<IQ", 1, size) + head + content
        (trial.folder / "wrong.part").write_bytes(body + hashlib.sha256(body).digest())

    def check(what):
        trial.run("part", what, "tamis", "inspect", "wrong.part")
        trial.run("part", what, "tamis", "calibrate", "--merge", "wrong.part", "--out", "m.json",
                  "--force")
        trial.run("part", what, "tamis", "calibrate", "--merge", "wrong.part", "good.part",
                  "--out", "m.json", "--force")

    for what, text in mutations(trial, "part", header.decode()):
        part(text)
        check(what)
    for stated in (0, 1, length - 1, length + 1, 2**31, 2**63 - 1, 2**63, 2**64 - 1):
        part(header, stated)
        check(f"header of {stated} bytes")
    for value in FLOATS:
        part(header, content=np.full(len(scores) // 4, value, "<f4").tobytes())
        check(f"scores of {value}")
    # Power sums are hexadecimal texts.
    for text in ("0", "-1", "f" * 80, "-" + "f" * 80, "1" + "0" * 70, "f" * 400, "f" * 100_000):
        changed = re.sub(r'"power_sums": \["[^"]*"', f'"power_sums": ["{text}"', header.decode())
        part(changed)
        check(f"a power sum of {len(text)} digits")
        part(re.sub(r'_sum": "[^"]*"', f'_sum": "{text}"', header.decode()))
        check(f"a screen sum of {len(text)} digits")


def models(trial):
    for name in ("model.safetensors", "autoencoder.safetensors"):
        whole = (trial.folder / name).read_bytes()
        length = struct.unpack_from("<Q", whole)[0]
        header, content = whole[8:8 + length].decode(), whole[8 + length:]

        def check(what):
            trial.run("model", what, "tamis", "inspect", "wrong.safetensors")
            trial.run("model", what, "tamis", "score", "--model", "wrong.safetensors", "--input",
                      "background.npy", "--batch", "7")

        for what, text in mutations(trial, "model", header):
            (trial.folder / "wrong.safetensors").write_bytes(
                struct.pack("<Q", len(text)) + text.encode() + content)
            check(what)
        for stated in (0, 1, 2, length - 1, length + 1, 2**31, 2**63 - 1, 2**63, 2**64 - 1):
            (trial.folder / "wrong.safetensors").write_bytes(
                struct.pack("<Q", stated) + header.encode() + content)
            check(f"header of {stated} bytes")
        floats = np.frombuffer(content[:len(content) // 4 * 4], "<f4")
        for value in FLOATS:
            for start in (0, len(floats) // 2, len(floats) - 4):
                changed = floats.copy()
                changed[start:start + 4] = value
                (trial.folder / "wrong.safetensors").write_bytes(
                    struct.pack("<Q", length) + header.encode() + changed.tobytes()
                    + content[len(floats) * 4:])
                check(f"weights of {value} at {start}")
        # One tensor's size says what the others must be: nothing may be made ready for it before.
        root = parse(header)
        for tensor, entry in root.items():
            for kind in ("F32", "U9", "I4"):
                for shape in ([0, 0], [2**20, 2**20], [2**31, 2**31, 4], [2**40, 0], [2**62, 2]):
                    wrong = dict(root)
                    wrong[tensor] = dict(entry) | {
                        "dtype": kind, "shape": [Number(size) for size in shape]}
                    text = written(wrong)
                    if tensor != "__metadata__" and trial.takes("model"):
                        (trial.folder / "wrong.safetensors").write_bytes(
                            struct.pack("<Q", len(text)) + text.encode() + content)
                        check(f"{tensor} {kind} {shape}")


def manifests(trial):
    run = trial.folder / "wrong.run"
    for source in ("flagged.run", "events.run"):
        if source == "events.run":
            trial.make("simulate", "background", "--events", "20", "--out", source, "--force")
        subprocess.run(["rm", "-rf", str(run)], check=True)
        subprocess.run(["cp", "-r", str(trial.folder / source), str(run)], check=True)
        text = (trial.folder / source / "manifest.json").read_text()
        for what, wrong in mutations(trial, "manifest", text):
            (run / "manifest.json").write_text(wrong)
            trial.run("manifest", what, "tamis", "inspect", "wrong.run")
            if source == "flagged.run":
                trial.run("manifest", what, "tamis", "verify", *ARMS, "--input", "good.events",
                          "--flagged", "wrong.run")
    text = (trial.folder / "flagged.run" / "manifest.json").read_text()
    for depth in (60, 600, 100_000):
        (run / "manifest.json").write_text(text[:-2] + ', "x": ' + "[" * depth + "]" * depth + "}")
        trial.run("manifest", f"{depth} levels", "tamis", "inspect", "wrong.run")


def arrays(trial):
    content = np.zeros((4, D), "<f4").tobytes()
    sizes = ["-1", "0", "1", "4", str(2**31), str(2**53 + 1), str(2**63 - 1), str(2**63),
             str(2**64 - 1), "9" * 400, "1.5", "1e3", "''", "()"]
    shapes = [f"({a}, {b})" for a in sizes for b in sizes] + [f"({a},)" for a in sizes]
    shapes += ["()", "(", "(1,)" * 100, "(" + "1, " * 3000 + ")", "(" * 5000]
    for shape in shapes:
        for kind in ("<f4", "<f8"):
            if trial.takes("array"):
                array(trial, f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}",
                      content)
    good = f"{{'descr': '<f4', 'fortran_order': False, 'shape': (4, {D}), }}"
    for text in ("", "{", "[" * 60_000, good + "x", good.replace("<f4", "[" * 200),
                 good.replace("'<f4'", "[('a', '<f4')" + "]" * 300)):
        array(trial, text, content)
    for stated in (0, 1, 2**16 - 1):
        array(trial, good, content, stated)
    for version in (0, 1, 2, 3, 4, 255):
        for stated in (0, 2**31, 2**32 - 1):
            data = b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<I", stated) + good.encode()
            (trial.folder / "wrong.npy").write_bytes(data + content)
            trial.run("array", f"version {version}, {stated} bytes", "tamis", "inspect", "wrong.npy")


def array(trial, text, content, stated=None):
    head = text.encode() + b"\n"
    length = len(head) if stated is None else stated
    (trial.folder / "wrong.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + struct.pack("<H", length & 0xFFFF) + head + content)
    trial.run("array", text[:100], "tamis", "inspect", "wrong.npy")
    trial.run("array", text[:100], "tamis", "score", *MODEL, "--input", "wrong.npy")


def features(trial):
    """Pairs of extremes in features and conditions, through all that reads events."""
    random = np.random.default_rng(2)
    for a in FLOATS:
        for b in FLOATS:
            if not trial.takes("features"):
                continue
            rows = random.standard_normal((1000, D)).astype(np.float32)
            rows[3, 0], rows[700, 0], rows[5:400:2, 1], rows[6:400:2, 1] = a, b, a, b
            rows[:, 2] = random.choice([a, b], 1000)
            np.save(trial.folder / "wrong.npy", rows)
            events = formats.new_events(1000, D, run=1, source=1, time_ns=10**18)
            events["features"] = rows
            events["sequence"] = events["event"] = np.arange(1, 1001)
            events["condition"] = random.choice(np.float32([a, b, 1]), 1000)
            (trial.folder / "wrong.events").write_bytes(formats.seal(events).tobytes())
            through_commands(trial, "features", f"{a} and {b}", "wrong.events", "wrong.npy")


def headers_at_extremes(trial):
    """Every pair of header fields at every pair of extremes, several sources and runs."""
    records = headers.extreme_records(D)
    (trial.folder / "wrong.events").write_bytes(records.tobytes())
    trial.run("headers", "whole", "tamis", "inspect", "wrong.events")
    trial.run("headers", "whole", "tamis", "score", *MODEL, "--input", "wrong.events")
    good = records[(headers.stateless_reason(records, 0) < 0) & (records["schema"] == 0)]
    (trial.folder / "wrong.events").write_bytes(good.tobytes())
    through_commands(trial, "headers", "good ones", "wrong.events", None)
    for field, values in headers.EXTREMES.items():
        for value in values:
            few = good[:50].copy()
            few[field] = value
            few["features_count"] = D
            (trial.folder / "wrong.events").write_bytes(formats.seal(few).tobytes())
            if trial.takes("headers"):
                through_commands(trial, "headers", f"{field} = {value}", "wrong.events", None)


def through_commands(trial, kind, what, events, rows):
    def run(*arguments):
        trial.run(kind, what, "tamis", *arguments)

    run("inspect", events)
    run("score", *MODEL, "--input", events, "--scores", "s.npy", "--attributions", "a.npy",
        "--force")
    run("score", *ARMS, "--input", events, "--flagged", "f.run", "--unbiased-prescale", "2",
        "--precision", "screened", "--force")
    run("score", *ARMS, "--input", events, "--flagged", "f.run", "--unbiased-prescale", "2",
        "--force")
    run("inspect", "f.run")
    run("verify", *ARMS, "--input", events, "--flagged", "f.run")
    run("verify", *ARMS, "--input", events, "--flagged", events)
    run("drift", *ARMS, "--input", "f.run", "--window", "100", "--rate-window", "1000", "--json")
    run("drift", *ARMS, "--input", events, "--window", "100", "--rate-window", "1000", "--json")
    run("calibrate", *MODEL, "--background", events, "--working-point", "x=0.1", "--out", "c.json",
        "--compare", "calibration.json", "--allow-extrapolation", "--force", "--json")
    run("calibrate", "--partial", *MODEL, "--background", events, "--working-point", "x=0.1",
        "--out", "c.part", "--force")
    run("calibrate", "--merge", "c.part", "--out", "c.json", "--force")
    run("explain", *MODEL, "--input", events, "--svg", "e.svg", "--force", "--json")
    run("explain", *MODEL, "--input", events, "--event", "3")
    run("evaluate", *MODEL, "--background", "background.npy", "--anomalies", f"x={events}",
        "--report", "report", "--bootstrap", "10", "--force")
    run("evaluate", *MODEL, "--background", events, "--anomalies", "x=good.events",
        "--variable", "0", "v=0+1", "--report", "report", "--bootstrap", "10", "--force", "--json")
    run("train", "--background", events, "--out", "t.safetensors", "--steps", "5", "--hidden", "16",
        "--blocks", "1", "--threads", "1", "--force", "--json")
    run("train", "--background", events, "--out", "t.safetensors", "--steps", "5", "--threads", "1",
        "--network", "autoencoder", "--force")
    if rows:
        run("train", "--background", rows, "--out", "t.safetensors", "--steps", "5", "--log1p",
            "0,1,2", "--clip", "5", "--hidden", "16", "--blocks", "1", "--threads", "1", "--force")
        run("inspect", rows)


def options(trial):
    integers = ["-1", "0", "1", str(2**31), str(2**53 + 1), str(2**63 - 1), str(2**63),
                str(2**64 - 1), "nan", "1e308", ""]
    reals = ["-1", "0", "1", "1e308", "-1e308", "1e-320", "nan", "inf", "-inf", "0.9999999999999999",
             ""]
    few = ["--input", "background.npy"]
    train = ["train", "--background", "train.npy", "--out", "o.safetensors", "--force",
             "--threads", "1", "--hidden", "16", "--blocks", "1"]
    calibrate = ["calibrate", *MODEL, "--background", "background.npy", "--out", "o.json", "--force"]
    explain = ["explain", *MODEL, *few]
    table = [
        (train, ["--steps", "--batch", "--hidden", "--blocks", "--noise-levels", "--threads",
                 "--seed", "--levels"], integers),
        (train + ["--steps", "2"], ["--learning-rate", "--sigma-max", "--sigma-min", "--ema",
                                    "--clip", "--weights"], reals),
        (explain, ["--event", "--top", "--levels", "--workers", "--batch"], integers),
        (explain, ["--weights"], reals),
        (["score", *MODEL, *few], ["--workers", "--batch", "--levels", "--weights"], integers),
        (["score", *ARMS, *few], ["--unbiased-prescale"], integers),
        (["verify", *ARMS, "--input", "good.events", "--flagged", "flagged.run"],
         ["--unbiased-prescale", "--batch", "--workers"], integers),
        (calibrate + ["--working-point", "x=0.1"],
         ["--confidence", "--screen-margin"], reals),
        (calibrate + ["--working-point", "x=0.0001", "--allow-extrapolation"],
         ["--confidence", "--unbiased-prescale"], reals + ["1e-17"]),
        (calibrate + ["--working-point", "x=0.1", "--with-confidence"], ["--confidence"], reals),
        (calibrate + ["--working-point", "x=0.1", "--partial"], ["--events-total"], integers),
        (calibrate, ["--working-point"], [f"x={value}" for value in reals + integers + [
            "1e-15", "1e-16", "0.999999999999999999", "1e-9223372036854775808", "1e99999",
            "0." + "1" * 500]]),
        (calibrate + ["--working-point", "x=0.1"], ["--prescale"],
         [f"x={value}" for value in integers]),
        (["drift", *ARMS, "--input", "good.events"],
         ["--window", "--rate-window", "--false-alarm-probability", "--batch"], integers + reals),
        (["evaluate", *MODEL, "--background", "background.npy", "--anomalies", "x=train.npy",
          "--bootstrap", "3"],
         ["--confidence", "--fpr", "--seed", "--pca-components", "--input-rate", "--co2-intensity",
          "--core-watts", "--variable", "--batch", "--workers"], integers + reals),
        (["evaluate", *MODEL, "--background", "background.npy", "--anomalies", "x=train.npy"],
         ["--bootstrap"], ["-1", "0", "1", str(2**63 - 1), "nan"]),
        (["sample", *MODEL, "--events", "3", "--out", "o.npy", "--force"],
         ["--steps-per-level", "--seed", "--threads", "--run", "--step-ratio"],
         ["-1", "0", "1", str(2**63 - 1), str(2**64 - 1), "nan", "1e308", "1e-320", "1.99999"]),
        (["simulate", "anomalies", "--events", "3", "--out", "o.npy", "--force"],
         ["--anomaly-scale", "--anomaly-spread", "--seed", "--process-seed", "--run"],
         integers + reals),
        (["simulate", "background", "--out", "o.npy", "--force"], ["--events"],
         ["-1", "0", "1", str(2**63), str(2**64 - 1), "nan"]),
        (["record", "--connect", "tcp://127.0.0.1:9", "--out", "o.run"],
         ["--features", "--events"], ["-1", "0", str(2**63), "nan"]),
        (["record", "--connect", "tcp://127.0.0.1:9", "--out", "o.run"], ["--seconds"],
         ["-1", "0", "1e-320", "nan", "inf", "1e308"]),
        (["watch", "--once", "--url", "http://127.0.0.1:9"], ["--interval"], reals),
        (["reload", "--url", "http://127.0.0.1:9"], ["--wait"], reals),
        (["watch", "--once"], ["--url"], ["http://127.0.0.1:" + value for value in integers]),
        (["bench", *MODEL, "--slices", "1", "--latency-events", "1000"],
         ["--batches", "--slices", "--latency-events", "--processor", "--target-ms"],
         ["-1", "0", str(2**31), str(2**63 - 1), str(2**64 - 1), "nan", "65536"]),
    ]
    for command, names, values in table:
        for name in names:
            for value in values:
                if trial.takes("options"):
                    trial.run("options", f"{command[0]} {name} {value}", "tamis", *command,
                              f"{name}={value}" if value.startswith("-") else name,
                              *([] if value.startswith("-") else [value]))


def configurations(trial):
    """Every key at extremes, and texts that YAML readers stumble over."""
    keys = subprocess.run(
        [str(trial.programs / "tamisd"), "--check", "--config", str(configuration(trial))],
        capture_output=True, text=True, cwd=trial.folder, env=trial.environment)
    if keys.returncode != 0:
        trial.faults.append({"kind": "configuration", "what": "the good one", "fault": keys.stderr})
    sections = {
        "": ["instance"], "input": ["message_bytes_max", "high_water_mark", "queue_bytes_max"],
        "output": ["high_water_mark"], "flood": ["flagged_rate_max"],
        "journal": ["fsync_interval_ms", "segment_bytes_max", "segment_age_max_s",
                    "keep_bytes_max", "keep_age_max_s", "free_bytes_min"],
        "catch_up": ["reply_bytes_max", "bytes_per_second_max"], "unbiased": ["prescale"],
        "drift": ["false_alarm_hours", "window_events", "rate_window_events"],
        "engine": ["batch_max", "workers", "slots", "affinity"],
        "security": ["connections_max", "handshake_timeout_ms"],
        "shutdown": ["drain_timeout_ms"], "http": ["listen"]}
    good = parse(configuration(trial).read_text())
    values = EXTREMES + ["0x7f", "010", "1_000", ".inf", ".nan", "-0", "[1, 1]", "1" * 1000]
    for section, names in sections.items():
        for name in names:
            for value in values:
                if not trial.takes("configuration"):
                    continue
                inner = {name: Number(value)}
                wrong = dict(good) | (
                    inner if not section else {section: dict(good.get(section) or {}) | inner})
                (trial.folder / "tamisd.yaml").write_text(written(wrong))
                trial.run("configuration", f"{section}.{name} = {value}", "tamisd", "--config",
                          "tamisd.yaml", "--check")
    for name, text in odd_texts().items():
        (trial.folder / "tamisd.yaml").write_bytes(text)
        trial.run("configuration", name, "tamisd", "--config", "tamisd.yaml", "--check",
                  right=(1, 2))


def odd_texts():
    aliases = ["a0: &a0 {x: 1}"] + [
        f"? &a{n} [*a{n - 1}, *a{n - 1}]\n: 1" for n in range(1, 60)]
    keys = ["a0: &a0 {x: 1}"] + [
        f"a{n}: &a{n}\n  ? {{? *a{n - 1} : *a{n - 1}}}\n  : *a{n - 1}" for n in range(1, 60)]
    texts = {
        "two spellings of a key": bytes.fromhex("65cc8165cc813a0ac3a9c3a93a0a"),
        "two spellings of a key in quotes": '"é": 1\n"e\u0301": 2\n'.encode(),
        "two spellings within": 'model: x\ninput:\n  é: 1\n  e\u0301: 2\n'.encode(),
        "carriage returns": b"a: 1\r\na: 2\r\na: 3\r\n", "old line ends": b"a: 1\ra: 2\r",
        "line separators": "a: 1\u2028a: 2\u2029a: 3\u0085a: 4".encode(),
        "flags as keys": "🇦🇧: 1\n🇦🇧: 2\n👩\u200d👩: 1\n👩\u200d👩: 2\n".encode(),
        "aliases in values": "\n".join(aliases).encode(),
        "aliases as keys": "\n".join(keys).encode(),
        "brackets": b"[" * 200_000, "braces": b"{a: " * 100_000, "dashes": b"- " * 200_000,
        "questions": b"? " * 200_000, "tabs": b"\t" * 100_000, "a long key": b"a" * 1_000_000 + b": 1",
        "indents": b"\n".join(b" " * n + b"a:" for n in range(1_300)),
        "many keys": b"\n".join(b"key%d: 1" % n for n in range(60_000)),
        "many long keys": b"\n".join(b"%d%s: 1" % (n, b"k" * 500) for n in range(2_000)),
        "one key often": b"a: 1\n" * 100_000,
        "many addresses": b"input:\n  bind:\n" + b"\n".join(
            b"  - tcp://127.0.0.1:%d" % (n % 65536) for n in range(30_000)),
        "many names": b"drift:\n  ignore_features: [" + b", ".join(
            b"f%d" % n for n in range(60_000)) + b"]",
        "nothing": b"", "zeros": bytes(1_000), "not UTF-8": bytes(range(256)),
        "more than a MiB": b"# \n" * 400_000, "a tag": b"!!set {? a}", "a directive": b"%YAML 9.9\n---\n",
        "two documents": b"a: 1\n---\nb: 1\n", "a merge": b"a: &a {b: 1}\n<<: *a\n",
    }
    return texts


def keys(trial):
    folder = trial.folder
    good = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
    texts = ["", good, good + "  name", good[:-1], good + "x", "#" * 41, "%" * 40, "\x00" * 40,
             "z" * 40, "é" * 40, (good + "\n") * 2, "\n" * 100_000, "x" * 1_000_000,
             "a" * 40 + "  tcp://x:1\n" + "b" * 40 + "  tcp://x:1\n", "secret-key = \"x\"",
             "curve\n    secret-key = \"" + "#" * 40 + "\"\n",
             "curve\n    secret-key = \"" + "%" * 40 + "\"\n", "secret-key=" + "z" * 100_000]
    for text in texts:
        for name in ("key_pair", "clients", "servers"):
            (folder / "wrong.keys").write_text(text)
            os.chmod(folder / "wrong.keys", 0o600)
            configuration(trial, security={name: "wrong.keys", "key_pair": "wrong.keys"})
            trial.run("keys", f"{name}: {text[:60]!r}", "tamisd", "--config", "tamisd.yaml",
                      "--check")


def watched(trial):
    """Status documents with each number at each extreme, and answers that are none."""
    documents = [
        {"format": "tamis-status-1", "time": 1.7e9, "state": "ok",
         "alarms": [{"name": "x", "severity": "warning", "since": 1.7e9, "sentence": "s"}],
         "build": {"instance": 1, "uptime_seconds": 5.5, "pid": 12345678, "started": 1.7e9},
         "life": {"since_event_seconds": 1.5, "phase": "running"},
         "now": {"received_per_second": 5, "dead_time_ratio": 0.1},
         "recent": {"lost": 1, "rejected": 2, "seconds": 300, "latency_p50_seconds": 1e-4,
                    "latency_p99_seconds": 1e-3},
         "ring": {"records": 5, "capacity": 16},
         "ledger": {"received": 10, "scored": 5, "rejected": 2, "shed": 0, "lost": 0, "late": 0,
                    "by_source": [{"source": "1", "received": 5, "lost": 1, "late": 0}],
                    "rejected_by_reason": {"crc": 2}},
         "working_points": [{"name": "a", "armed": True, "target_fpr": 0.01, "flagged": 3,
                             "fired": 4, "threshold": 5.5, "prescale": 1,
                             "calibrated_fpr_interval": [0.009, 0.011],
                             "realised": {"scored": 500, "rate": 0.01, "lower": 0.005,
                                          "upper": 0.02, "confidence": 0.95}}],
         "journal": {"records": 1, "bytes": 2, "lag_seconds": 0.1, "segments": 1, "stalled": False,
                     "free_bytes": 10},
         "output": {"published": {"flagged": 1}, "waiting": 0, "abandoned": 0, "subscribers": 1},
         "drift": {"checks": [{"check": "score", "statistic": 1.5, "limit": 5.5, "windows": 1,
                               "alarm": False}]},
         "flood": {"prescale": 4, "suppressed": 3}, "screen": {"disagreements": 0, "audited": 5},
         "shadow": {"events": {"both": 1}}, "top_features": [{"name": "f", "share": 0.5}],
         "last_flags": [{"time": 1.7e9, "run": 1, "event": 2, "score": 5.5,
                         "working_points": ["a"], "top_features": [{"name": "f", "share": 0.5}]}],
         "arms": {"generation": 1, "since": 1.7e9, "model": {"path": "m", "sha256": "0"}},
         "reloads": {"made": 0, "refused": 0}}]
    answer = {"body": b""}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.wfile.write(answer.get("raw") or (
                b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer["body"])
                + answer["body"]))

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    for document in documents:
        for what, text in mutations(trial, "watched", json.dumps(document)):
            answer["body"] = text.encode()
            trial.run("watched", what, "tamis", "watch", "--once", "--url", url)
    answer["body"] = b"[" * 1_000_000
    trial.run("watched", "deep", "tamis", "watch", "--once", "--url", url)
    for length in EXTREMES + ["", "x"]:
        answer["raw"] = f"HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{{}}".encode()
        trial.run("watched", f"length {length}", "tamis", "watch", "--once", "--url", url)
        trial.run("watched", f"length {length}", "tamis", "reload", "--wait", "1", "--url", url)
    server.shutdown()


KINDS = {"calibration": calibrations, "part": parts, "model": models, "manifest": manifests,
         "array": arrays, "features": features, "headers": headers_at_extremes, "options": options,
         "configuration": configurations, "keys": keys, "watched": watched}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="where tamis lies")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="for files, made anew")
    parser.add_argument("--only", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--share", metavar="N", type=int, default=1, help="make one trial in N")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    trial = Trial(chosen.programs.resolve(), chosen.folder.resolve(), chosen.share)
    make_good_files(trial)
    for kind in chosen.only:
        KINDS[kind](trial)
    print(json.dumps({"runs": trial.counts, "faults": trial.faults}, indent=1))
    sys.exit(1 if trial.faults else 0)


if __name__ == "__main__":
    main()
