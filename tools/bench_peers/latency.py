"""The part `latency`: from a sender's socket to a receiver's, at a paced rate."""

import json
import os
import subprocess
import sys
import time

import numpy as np

import tamis_formats as formats
from bench_peers import daemons, figures, machine, processes

RATE = 5_000
FALSE_POSITIVE_RATE = 0.1
# The first records of a run find sockets that have only just been connected.
SETTLING_EVENTS = 500


def measure(options, folder):
    calibration = os.path.join(folder, "calibration.json")
    subprocess.run([options.tamis, "calibrate", "--model", options.model, "--background",
                    options.background, "--working-point", f"timed={FALSE_POSITIVE_RATE}", "--out",
                    calibration], check=True, capture_output=True)
    events = os.path.join(folder, "events.npy")
    count = -(-options.latency_events // options.rounds)
    feature_count = write_events(options.events, count, events)
    pooled = {name: [] for name in daemons.measurable()}
    awake = processes.start([sys.executable, "-m", "bench_peers.stream_ends", "awake"],
                            options.other_processor, stdout=subprocess.PIPE, text=True)
    awake.stdout.readline()
    busy = []
    for round_number in range(options.rounds):
        busy.append(machine.busy_share([options.processor]))
        for name in pooled:
            processes.say(f"latency: round {round_number + 1} of {options.rounds}, {name}")
            scratch = os.path.join(folder, f"{round_number}-{len(pooled[name])}-{name}")
            pooled[name].append(one_round(options, scratch, name, calibration, events,
                                          feature_count))
    processes.end(awake)
    return {"rounds": options.rounds, "missing": daemons.missing(),
            "busy_with_others": busy, "events_per_second": RATE,
            "events_sent": count * options.rounds, "daemons": {
                name: {"all": figures.latency_summary(np.concatenate(rounds).tolist()),
                       "rounds": [figures.latency_summary(each.tolist()) for each in rounds]}
                for name, rounds in pooled.items()}}


def write_events(source, count, path):
    features = np.load(source, mmap_mode="r")
    features = np.resize(features[:count], (count, features.shape[1])).astype(np.float32)
    numbers = np.arange(1, count + 1)
    np.save(path, formats.seal(formats.new_events(
        count, features.shape[1], source=1, run=1, sequence=numbers, event=numbers,
        time_ns=time.time_ns(), features=features)))
    return features.shape[1]


def one_round(options, folder, name, calibration, events, feature_count):
    """Latencies in nanoseconds of the records that one daemon flagged."""
    daemon = daemons.started(name, options, calibration, folder)
    arrivals, sent = (os.path.join(folder, each) for each in ("arrivals.npy", "sent.npy"))
    receiver = processes.start(
        [sys.executable, "-m", "bench_peers.stream_ends", "receive", daemon.outward,
         str(feature_count), arrivals], options.other_processor, stdout=subprocess.PIPE, text=True)
    receiver.stdout.readline()
    time.sleep(0.3)
    sender = processes.start(
        [sys.executable, "-m", "bench_peers.stream_ends", "send", daemon.inward, events,
         str(RATE), sent], options.other_processor, stdout=subprocess.PIPE, text=True)
    sender.communicate(timeout=300)
    time.sleep(0.5)
    receiver.terminate()
    json.loads(receiver.stdout.readline())
    processes.end(receiver)
    account = daemon.end()
    sent_at, arrived = np.load(sent), np.load(arrivals)
    if account["received"] != len(sent_at) or account["lost"] or account["refused"]:
        raise RuntimeError(f"{name}: {len(sent_at)} events sent, {account}")
    return latencies(sent_at, arrived)


def latencies(sent, arrived):
    """From (event, ns) sent in order, events counting from 1, and (event, ns) received."""
    arrived = arrived[arrived[:, 0] > SETTLING_EVENTS]
    if not len(arrived):
        raise RuntimeError("no flagged record came")
    return arrived[:, 1].astype(np.int64) - sent[arrived[:, 0] - 1, 1].astype(np.int64)


def report(result):
    """Medians over the rounds with the smallest and the largest; a burst of other work on the
    machine falls into some rounds only."""
    rows = []
    for name, each in result["daemons"].items():
        rows.append([name, f"{each['all']['events']:,}", *(
            figures.with_range(figures.summary([one[key] for one in each["rounds"]]))
            for key in ("p50", "p99", "p99.9", "longest"))])
    head = ["us, socket to socket", "records timed", "p50", "p99", "p99.9", "longest"]
    rows += daemons.missing_rows(result, len(head))
    said = (f"{result['events_sent']:,} events at {result['events_per_second']:,} a second, one a "
            f"message, in {result['rounds']} rounds; a tenth of them is flagged and timed.")
    return "\n\n".join([figures.table(head, rows), said,
                        machine.quietness(result["busy_with_others"])])
