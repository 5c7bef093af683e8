#!/usr/bin/env python3
"""Simulated collisions at 13 TeV for Tamis: backgrounds and five signals, 64 features an event.

usage: make_collisions.py --out FOLDER [--background N] [--signal N] [--seed S] [--jobs J]

Writes train_background.npy, calibration_background.npy and test_background.npy (N events each),
signal_NAME.npy (float32, one row an event) and features.json. The same numbers and seed give the
same files with the same Pythia and NumPy, whatever the number of jobs. Needs Pythia 8
(`pip install pythia8mc`) and NumPy; docs/collisions.md says what to do with the result.
"""

import argparse
import concurrent.futures
import functools
import json
import pathlib
import sys

import numpy as np

import collision_detector as detector
import collision_features as features
import collision_processes as processes

SAMPLES = ["train_background", "calibration_background", "test_background"]
# Events of a process are made in pieces, each with a seed of its own.
PIECE_EVENTS = 2_500
POOL_PIECE = 999_999


def pythia_seed(seed, sample, process, piece):
    """Pythia takes seeds from 1 to 900,000,000."""
    state = np.random.SeedSequence([seed, sample, process, piece]).generate_state(1)[0]
    return int(state) % 900_000_000 + 1


def start(settings, seed):
    """An initialised Pythia."""
    import pythia8mc as pythia8
    generator = pythia8.Pythia("", False)
    for line in processes.COMMON + settings + [f"Random:seed = {seed}"]:
        if not generator.readString(line):
            raise SystemExit(f"make_collisions: Pythia does not know the setting '{line}'")
    if not generator.init():
        raise SystemExit("make_collisions: Pythia could not be initialised")
    return generator


@functools.lru_cache(maxsize=1)
def minimum_bias_pool(seed):
    """The visible particles of some minimum-bias events, made once a worker."""
    pythia = start(processes.MINIMUM_BIAS, pythia_seed(seed, 0, 0, POOL_PIECE))
    pool = []
    while len(pool) < detector.PILE_UP_POOL:
        if pythia.next():
            pool.append(detector.visible(pythia.event))
    return pool


def make_piece(settings, count, seed, sample, process, piece):
    """`count` events that pass the trigger, float32 (count, 64)."""
    import pythia8mc as pythia8
    pythia = start(settings, pythia_seed(seed, sample, process, piece))
    generator = np.random.default_rng([seed, sample, process, piece])
    pool = minimum_bias_pool(seed)
    # Anti-kT on all visible particles; softer jets may be smeared over the threshold.
    jet_finder = pythia8.SlowJet(
        -1, detector.JET_RADIUS, 0.5 * features.JET_PT_MIN, features.JET_ETA_MAX + 0.5, 2, 2)
    rows = np.zeros((count, len(features.FEATURE_NAMES)), dtype=np.float32)
    made = 0
    while made < count:
        if not pythia.next():
            continue
        detector.overlay(pythia.event, pool, generator)
        jet_finder.analyze(pythia.event)
        jets = features.objects([
            (jet_finder.pT(i), jet_finder.p(i).eta(), jet_finder.phi(i))
            for i in range(jet_finder.sizeJet())])
        seen = detector.reconstruct(detector.visible(pythia.event), jets, generator)
        met, electrons, muons, jets = seen
        if features.passes_trigger(np.concatenate([electrons, muons]), jets):
            rows[made] = features.row(met, electrons, muons, jets)
            made += 1
    return rows


def pieces(count):
    """(piece, its number of events), ..."""
    return [(piece, min(PIECE_EVENTS, count - first))
            for piece, first in enumerate(range(0, count, PIECE_EVENTS))]


def requests(arguments):
    """What is to be made: (file, settings, count, seed, sample, process, piece), ..."""
    for sample, name in enumerate(SAMPLES, start=1):
        counts = processes.background_counts(arguments.background)
        for process, (key, (_, settings)) in enumerate(processes.BACKGROUND.items(), start=1):
            for piece, count in pieces(counts[key]):
                yield name, settings, count, arguments.seed, sample, process, piece
    for process, (key, settings) in enumerate(processes.SIGNALS.items(), start=101):
        for piece, count in pieces(arguments.signal):
            yield f"signal_{key}", settings, count, arguments.seed, 9, process, piece


def make_all(arguments):
    """The rows of each file, background in a random order of its processes."""
    made = {}
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        waiting = [(request[0], pool.submit(make_piece, *request[1:]))
                   for request in requests(arguments)]
        for done, (name, future) in enumerate(waiting, start=1):
            made.setdefault(name, []).append(future.result())
            print(f"make_collisions: {done} of {len(waiting)} pieces", file=sys.stderr)
    for name, rows in made.items():
        made[name] = np.concatenate(rows)
        if name in SAMPLES:
            order = np.random.default_rng([arguments.seed, 1 + SAMPLES.index(name), 0])
            made[name] = made[name][order.permutation(len(made[name]))]
    return made


def main():
    parser = argparse.ArgumentParser(
        description="Simulated collisions at 13 TeV for Tamis, with Pythia 8.")
    parser.add_argument("--out", required=True, type=pathlib.Path, help="a new or empty folder")
    parser.add_argument("--background", type=int, default=80_000,
                        help="events of each of the three background files")
    parser.add_argument("--signal", type=int, default=3_000, help="events of each signal")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    arguments = parser.parse_args()
    if arguments.background < 1 or arguments.signal < 1 or arguments.jobs < 1:
        parser.error("--background, --signal and --jobs are at least 1")
    arguments.out.mkdir(parents=True, exist_ok=True)
    if any(arguments.out.iterdir()):
        parser.error(f"{arguments.out} is not empty; name a new folder")
    for name, rows in make_all(arguments).items():
        np.save(arguments.out / f"{name}.npy", rows)
        print(f"{name}.npy: {len(rows)} events")
    (arguments.out / "features.json").write_text(json.dumps(features.FEATURE_NAMES) + "\n")
    print("features for --log1p:", ",".join(features.LOGARITHMIC_FEATURES))


if __name__ == "__main__":
    main()
