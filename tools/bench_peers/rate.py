"""The part `rate`: events a second that a daemon takes without loss, from socket to socket."""

import json
import os
import subprocess
import sys

import numpy as np

from bench_peers import daemons, figures, machine, processes, scoring

RECORDS_A_MESSAGE = [1, 16, 64]
EVENTS_MIN = 20_000


def measure(options, folder):
    events = np.load(options.events, mmap_mode="r")
    benched = os.path.join(folder, "benched.npy")
    np.save(benched, events[:scoring.EVENTS_BENCHED].astype(np.float32))
    bench = {"exact": [], "screened": []}
    rates = {name: {size: [] for size in RECORDS_A_MESSAGE} for name in daemons.measurable()}
    guesses = {}
    accounts, busy = [], []
    for round_number in range(options.rounds):
        busy.append(machine.busy_share([options.processor, options.other_processor]))
        for precision, value in benched_rates(options, benched).items():
            bench[precision].append(value)
        for size in RECORDS_A_MESSAGE:
            for name in rates:
                processes.say(f"rate: round {round_number + 1} of {options.rounds}, {size} "
                              f"records a message, {name}")
                guess = guesses.get((name, size)) or first_guess(name, size, bench)
                scratch = os.path.join(folder, f"{round_number}-{size}-{len(accounts)}")
                rate, account = one_rate(options, scratch, name, size, events,
                                         max(EVENTS_MIN, int(guess * options.seconds)))
                guesses[name, size] = rate
                rates[name][size].append(rate)
                accounts.append(dict(account, daemon=name, records_a_message=size))
    return {"rounds": options.rounds, "missing": daemons.missing(),
            "busy_with_others": busy, "accounts": accounts,
            "tamis_bench_256": {each: figures.summary(values) for each, values in bench.items()},
            "daemons": {name: {str(size): figures.summary(each) for size, each in by_size.items()}
                        for name, by_size in rates.items()}}


def benched_rates(options, events):
    row = scoring.tamis_bench(options, events, [256])["batches"][0]
    return {precision: row[precision]["events_per_second"]["median"]
            for precision in ("exact", "screened")}


def first_guess(name, size, bench):
    """A rate that says how many events the first measurement takes; later ones know better."""
    program, how, _ = daemons.DAEMONS[name]
    if program == "tamisd":
        return bench[how][0] * (0.6 if size == 1 else 0.9)
    return {"each": 20_000 if size == 1 else 50_000, "drain": 50_000, "forward": 150_000}[how]


def one_rate(options, folder, name, size, events, count):
    """Sends `count` events as fast as they are taken; the rate in the middle, and the account."""
    count = min(count, 4_000_000)
    daemon = daemons.started(name, options, options.calibration, folder)
    run = os.path.join(folder, "events.npy")
    np.save(run, np.resize(events, (count, events.shape[1])) if count > len(events)
            else events[:count])
    receiver = processes.start(
        [sys.executable, "-m", "bench_peers.stream_ends", "count", daemon.outward],
        options.other_processor, stdout=subprocess.PIPE, text=True)
    receiver.stdout.readline()
    sender = processes.start(
        [options.tamis, "replay", run, "--connect", daemon.inward, "--pattern", "push", "--pace",
         "max", "--batch", str(size), "--json"],
        options.other_processor, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    samples = daemon.watch(count, 120) if isinstance(daemon, daemons.Tamisd) else None
    _, complaint = sender.communicate(timeout=120)
    if sender.returncode:
        raise RuntimeError(f"tamis replay: {complaint.strip()}")
    samples = samples or daemon.watch(count, 60)
    account = daemon.end()
    receiver.terminate()
    account.update(sent=count, published=json.loads(receiver.stdout.readline())["records"])
    processes.end(receiver)
    os.remove(run)
    if account["received"] != count or account["lost"] or account["refused"]:
        raise RuntimeError(f"{name}, {size} records a message: not every event is accounted for: "
                           f"{account}")
    return figures.steady_rate(samples, count), account


def report(result):
    rates, bench = result["daemons"], result["tamis_bench_256"]
    rows = []
    for name, by_size in rates.items():
        rows.append([name, *(figures.with_range(by_size[str(size)]) for size in RECORDS_A_MESSAGE),
                     *(share(name, by_size, size, bench) for size in RECORDS_A_MESSAGE)])
    head = ["events/s, by records a message", *map(str, RECORDS_A_MESSAGE),
            *(f"of tamis bench, {size}" for size in RECORDS_A_MESSAGE)]
    names = [name for name, (program, *_) in daemons.DAEMONS.items() if program == "tamisd"]
    rows += daemons.missing_rows(result, len(head))
    peers = [name for name in rates if daemons.DAEMONS[name][1] in ("each", "drain")]
    ratios = [[name, *(f"{rates[name][str(size)]['median'] / rates[peer][str(size)]['median']:.2f}"
                       for peer in peers for size in RECORDS_A_MESSAGE)] for name in names]
    ratio_head = ["times", *(f"{peer}, {size}" for peer in peers for size in RECORDS_A_MESSAGE)]
    said = (f"tamis bench, batches of 256: exact {figures.with_range(bench['exact'])}, screened "
            f"{figures.with_range(bench['screened'])} events/s. Every event sent was received.")
    return "\n\n".join([figures.table(head, rows), said, figures.table(ratio_head, ratios),
                        machine.quietness(result["busy_with_others"])])


def share(name, by_size, size, bench):
    program, how, _ = daemons.DAEMONS[name]
    if program != "tamisd":
        return ""
    return f"{by_size[str(size)]['median'] / bench[how]['median']:.2f}"
