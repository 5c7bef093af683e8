#!/usr/bin/env python3
"""Well-formed event records whose header fields are at their extremes or random.

Every record has a right checksum over its own bytes; what is strange about it is what its fields
say. As a module it makes arrays of records; as a program it sends them to a PULL daemon, or saves
them as a segment that the offline commands take, and prints what it made as one JSON object:
the daemon's counters must agree with it.

  headers.py --extremes --connect tcp://127.0.0.1:5555
  headers.py --random 1000000 --seed 3 --connect tcp://127.0.0.1:5555
  headers.py --extremes --save 000001.events
"""

import argparse
import itertools
import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
import tamis_formats as formats  # noqa: E402

U16, U32, U64 = 2**16 - 1, 2**32 - 1, 2**64 - 1
FLOAT_MAX, SUBNORMAL = np.finfo(np.float32).max, np.float32(1e-45)
FLOATS = [np.nan, np.inf, -np.inf, FLOAT_MAX, -FLOAT_MAX, SUBNORMAL, -SUBNORMAL, -0.0, 1.0]
SIGN32, SIGN64 = 2**31, 2**63
NOW_NS = 1_790_000_000 * 10**9
EXTREMES = {
    "version": [0, 1, 2, 255],
    "kind": [0, 1, 2, 3, 4, 5, 255],
    "flags": [0, 1, U16],
    "source": [0, 1, SIGN32, U32 - 1, U32],
    "run": [0, 1, SIGN32, U32 - 1, U32],
    "lumi": [0, 1, U32],
    "features_count": [0, 1, U16 - 1, U16],
    "bunch_crossing": [0, U16],
    "sequence": [0, 1, 2, NOW_NS, SIGN64 - 1, SIGN64, U64 - 1, U64],
    "event": [0, 1, SIGN64, U64 - 1, U64],
    "time_ns": [0, 1, NOW_NS, SIGN64 - 1, SIGN64, U64 - 1, U64],
    "orbit": [0, 1, U32],
    "condition": FLOATS,
    "schema": [0, 1, U32],
    "features": FLOATS,
}
# Reasons that a sender can tell by itself: they do not depend on what came before.
STATELESS_REASONS = ["version", "kind", "feature_count", "schema"]


def base_records(count, feature_count, random, features=None):
    """Plain events of source 1 and run 1, not sealed; with rows of `features`, else random ones."""
    records = formats.new_events(count, feature_count, run=1, source=1, time_ns=NOW_NS,
                                 condition=30.0)
    records["features"] = (
        random.standard_normal((count, feature_count), np.float32) if features is None
        else features[random.integers(len(features), size=count)])
    records["sequence"] = records["event"] = np.arange(1, count + 1)
    return records


def extreme_records(feature_count, seed=1, streams=((1, 1), (2, 7), (U32, U32)), features=None):
    """Each pair of fields at each pair of their extremes, for each (source, run) of `streams`."""
    random = np.random.default_rng(seed)
    changes = [
        ((one, a), (other, b)) for one, other in itertools.combinations(EXTREMES, 2)
        for a, b in itertools.product(EXTREMES[one], EXTREMES[other])]
    parts = []
    for source, run in streams:
        records = base_records(len(changes), feature_count, random, features)
        records["source"], records["run"] = source, run
        for row, pair in enumerate(changes):
            for field, value in pair:
                records[field][row] = value
        # The greatest sequences come in between, not last: what follows them is tried as well.
        parts.append(random.permutation(records))
    return formats.seal(np.concatenate(parts))


def random_records(count, feature_count, seed=1, start=0, features=None):
    """`count` records that are mostly those of a few plausible streams; every field is random now
    and then, uniformly or one of its extremes. `start` numbers the records made before."""
    random = np.random.default_rng([seed, start])
    records = base_records(count, feature_count, random, features)
    records["sequence"] += np.uint64(start)
    records["event"] += np.uint64(start)
    records["source"] = random.integers(1, 5, count)
    records["run"] = 1 + random.integers(0, 3, count) + (start + np.arange(count)) // 50_000
    for field, extremes in EXTREMES.items():
        if field == "features":
            rows = np.flatnonzero(random.random(count) < 0.01)
            columns = random.integers(0, feature_count, len(rows))
            records[field][rows, columns] = random.choice(np.float32(extremes), len(rows))
            continue
        share = 0.002 if field in ("version", "features_count", "source") else 0.02
        rows = np.flatnonzero(random.random(count) < share)
        bytes_each = records.dtype[field].itemsize
        values = np.frombuffer(random.bytes(len(rows) * bytes_each), records.dtype[field]).copy()
        at_extreme = random.random(len(rows)) < 0.5
        values[at_extreme] = random.choice(
            np.array(extremes, records.dtype[field]), at_extreme.sum())
        records[field][rows] = values
    return formats.seal(records)


def stateless_reason(records, schema):
    """Per record the index of its reason in STATELESS_REASONS, or -1, as docs/formats.md says."""
    feature_count = records.dtype["features"].shape[0]
    reason = np.full(len(records), -1)
    said = records["schema"]
    # The first that holds counts, so that the later ones are written first.
    if schema:
        reason[(said != 0) & (said != schema)] = 3
    reason[(records["kind"] < 1) | (records["kind"] > 4)] = 1
    reason[records["features_count"] != feature_count] = 2
    reason[records["version"] != formats.VERSION] = 0
    return reason


class Account:
    """What was made, and what of it a daemon must refuse whatever came before."""

    def __init__(self, schema):
        self.schema = schema
        self.records = self.placeable = self.events = self.not_finite = 0
        self.refused = dict.fromkeys(STATELESS_REASONS, 0)

    def add(self, records):
        self.records += len(records)
        reason = stateless_reason(records, self.schema)
        for index, name in enumerate(STATELESS_REASONS):
            self.refused[name] += int((reason == index).sum())
        good = records[reason < 0]
        events = good[good["kind"] == formats.EVENT]
        self.placeable += len(good)
        self.events += len(events)
        self.not_finite += int((~np.isfinite(events["features"]).all(axis=1)).sum())


def blocks(options):
    features = None
    if options.features_of:
        dtype = formats.event_dtype(options.features)
        features = np.fromfile(options.features_of, dtype, count=20_000)["features"]
    if options.extremes:
        records = extreme_records(options.features, options.seed, features=features)
        yield from np.array_split(records, max(1, len(records) // 8192))
    for start in range(0, options.random, 8192):
        count = min(8192, options.random - start)
        yield random_records(count, options.features, options.seed, start, features)


def send(options, made):
    import zmq

    context = zmq.Context()
    sockets = []
    for _ in range(options.connections):
        socket = context.socket(zmq.PUSH)
        socket.linger = socket.sndtimeo = 300_000
        socket.connect(options.connect)
        sockets.append(socket)
    turn = 0
    for block in made:
        for start in range(0, len(block), options.batch):
            sockets[turn % len(sockets)].send(block[start:start + options.batch].tobytes())
            turn += 1
    for socket in sockets:
        socket.close()
    context.term()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extremes", action="store_true", help="all pairs of extremes")
    parser.add_argument("--random", metavar="N", type=int, default=0, help="N random records")
    parser.add_argument("--connect", metavar="ADDRESS")
    parser.add_argument("--save", metavar="FILE", help="the records one after another")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--features", metavar="D", type=int, default=64)
    parser.add_argument("--features-of", metavar="FILE.events",
                        help="a segment whose features are taken; they are random without it")
    parser.add_argument("--schema", type=int, default=0, help="of the daemon's model; 0 takes any")
    parser.add_argument("--placeable", action="store_true",
                        help="leave out what must be refused, as a run on disk has none of it")
    parser.add_argument("--batch", metavar="RECORDS", type=int, default=64)
    parser.add_argument("--connections", type=int, default=1)
    options = parser.parse_args()
    account = Account(options.schema)

    def counted():
        for block in blocks(options):
            if options.placeable:
                block = block[stateless_reason(block, options.schema) < 0]
            account.add(block)
            yield block

    if options.connect:
        send(options, counted())
    else:
        with open(options.save or "/dev/null", "wb") as file:
            for block in counted():
                file.write(block.tobytes())
    print(json.dumps({name: value for name, value in vars(account).items() if name != "schema"}))


if __name__ == "__main__":
    main()
