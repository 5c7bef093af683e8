"""The part `scoring`: events a second in batches, Tamis and the other engines in turn."""

import json
import os
import subprocess
import sys

import numpy as np

from bench_peers import figures, machine, processes

BATCHES = [1, 4, 16, 64, 256]
EVENTS_BENCHED = 65_536
TAMIS = {"exact": "Tamis exact (fp32)", "screened": "Tamis screened (int8, exact where it counts)"}


def measure(options, folder):
    """The rates by engine and batch, in rounds that interleave all engines."""
    events = os.path.join(folder, "events.npy")
    np.save(events, np.load(options.events, mmap_mode="r")[:EVENTS_BENCHED].astype(np.float32))
    scores = tamis_scores(options, folder, events)
    with Worker(options, folder, events, scores) as worker:
        return in_rounds(options, events, worker)


def in_rounds(options, events, worker):
    rates = {name: {batch: [] for batch in BATCHES}
             for name in [*TAMIS.values(), *worker.available]}
    busy = []
    for round_number in range(options.rounds):
        busy.append(machine.busy_share([options.processor]))
        processes.say(f"scoring: round {round_number + 1} of {options.rounds}")
        bench = tamis_bench(options, events, BATCHES)
        for row in bench["batches"]:
            for precision, name in TAMIS.items():
                rates[name][row["batch"]].append(row[precision]["events_per_second"]["median"])
        for batch in BATCHES:
            for name in worker.available:
                rates[name][batch].append(worker.rate(name, batch, options.slice_seconds))
    return {
        "rounds": options.rounds, "busy_with_others": busy, "isa": bench["isa"],
        "network": bench["network"],
        "screen_rescored_share": bench["screen_rescored_share"],
        "engines": {name: {str(batch): figures.summary(each) for batch, each in by_batch.items()}
                    for name, by_batch in rates.items()},
        "against_tamis": worker.engines}


def tamis_scores(options, folder, events):
    """The scores that every engine has to reproduce."""
    scores = os.path.join(folder, "scores.npy")
    subprocess.run([options.tamis, "score", "--model", options.model, "--calibration",
                    options.calibration, "--input", events, "--scores", scores],
                   check=True, capture_output=True)
    return scores


def tamis_bench(options, events, batches):
    """One run of `tamis bench`; its slices of exact and screened alternate."""
    finished = subprocess.run(
        [options.tamis, "bench", "--model", options.model, "--calibration", options.calibration,
         "--input", events, "--batches", ",".join(map(str, batches)), "--slices", "3",
         "--latency-events", "1000", "--processor", str(options.processor), "--json"],
        capture_output=True, text=True)
    if finished.returncode not in (0, 1):  # 1: slower than its target, which is not asked here
        raise SystemExit(f"bench-peers: tamis bench: {finished.stderr.strip()}")
    return json.loads(finished.stdout)


class Worker:
    """The process of the other engines."""

    def __init__(self, options, folder, events, scores):
        processes.say("scoring: preparing the engines")
        self.process = processes.start(
            [sys.executable, "-B", "-m", "bench_peers.engines", options.model, options.calibration,
             events, scores, ",".join(map(str, BATCHES)), str(options.processor), folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench-peers: the engines ended with {self.process.wait()}")
        self.engines = json.loads(line)
        self.available = [name for name, each in self.engines.items() if "missing" not in each]
        return self

    def __exit__(self, *_):
        processes.end(self.process)

    def rate(self, name, batch, seconds):
        self.process.stdin.write(f"{name}\t{batch}\t{seconds}\n")
        self.process.stdin.flush()
        count, taken = self.process.stdout.readline().split()
        return int(count) / float(taken)


def report(result):
    """The table: rates, ratios of the two precisions of Tamis to each engine, and the check."""
    rates, checks = result["engines"], result["against_tamis"]
    head = ["events/s, by batch", *map(str, BATCHES), "scores differ from `tamis score` by"]
    rows = []
    for name, by_batch in rates.items():
        error = checks[name]["largest_relative_error"] if name in checks else None
        rows.append([name, *(figures.with_range(by_batch[str(batch)]) for batch in BATCHES),
                     "" if error is None else f"{error:.1e}"])
    for name, each in checks.items():
        if "missing" in each:
            rows.append([name, *("" for _ in BATCHES), f"not measured: {each['missing']}"])
    parts = [figures.table(head, rows)]
    for name in TAMIS.values():
        ratio_rows = [
            [other, *(f"{rates[name][str(b)]['median'] / by_batch[str(b)]['median']:.2f}"
                      for b in BATCHES)]
            for other, by_batch in rates.items() if other not in TAMIS.values()]
        parts.append(figures.table([f"{name}, times", *map(str, BATCHES)], ratio_rows))
    return "\n\n".join([*parts, machine.quietness(result["busy_with_others"])])
