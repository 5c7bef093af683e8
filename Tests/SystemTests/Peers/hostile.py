#!/usr/bin/env python3
"""Sends one of each kind of bad message to a PULL daemon, a good event after each.

Prints `reason count` for every refusal that it has provoked, `lost N`, and `good N`: the test
compares them with the daemon's counters.
"""

import pathlib
import sys

import numpy as np
import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
import tamis_formats as formats  # noqa: E402

D = 64
BEGIN, END = formats.BEGIN_OF_RUN, formats.END_OF_RUN


class Sender:
    def __init__(self, address, schema):
        self.socket = zmq.Context.instance().socket(zmq.PUSH)
        self.socket.linger = 30_000
        self.socket.sndhwm = 0
        self.socket.connect(address)
        self.schema = schema
        self.sequence = 0
        self.good = 0
        self.random = np.random.default_rng(7)

    def record(self, kind=formats.EVENT, run=5, sequence=None, **columns):
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        features = self.random.standard_normal((1, D)) if kind == formats.EVENT else np.zeros((1, D))
        records = formats.new_events(
            1, D, kind=kind, run=run, source=9, sequence=sequence, event=sequence,
            schema=self.schema, features=features.astype(np.float32))
        for name, value in columns.items():
            records[name] = value
        formats.seal(records)
        return records

    def send(self, *parts):
        self.socket.send_multipart(list(parts))

    def send_good(self):
        self.send(self.record().tobytes())
        self.good += 1

    def refused(self, bytes_or_parts):
        parts = bytes_or_parts if isinstance(bytes_or_parts, list) else [bytes_or_parts]
        self.send(*parts)
        self.send_good()


def changed(records, position, value):
    data = bytearray(records.tobytes())
    data[position] = value
    return bytes(data)


def main():
    address, schema, size_max = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sender = Sender(address, schema)
    counts = {}

    def expect(reason, number, message):
        counts[reason] = counts.get(reason, 0) + number
        sender.refused(message)

    sender.send(sender.record(kind=BEGIN, run=4, sequence=1).tobytes())
    sender.send(sender.record(kind=END, run=4, sequence=2).tobytes())
    sender.send(sender.record(kind=BEGIN).tobytes())
    sender.send_good()
    # Identities that were never taken are built on a sequence far away and not advanced.
    spare = lambda **columns: sender.record(sequence=1 << 40, **columns)  # noqa: E731
    expect("truncated", 1, spare().tobytes()[:100])
    expect("truncated", 1, b"T")
    good_then_torn = sender.record().tobytes() + spare().tobytes()[:319]
    sender.good += 1
    expect("truncated", 1, good_then_torn)
    expect("oversized", 1, b"\0" * (size_max + 1))
    expect("magic", 1, changed(spare(), 0, ord("X")))
    expect("version", 1, changed(spare(), 4, 2))
    expect("kind", 1, spare(kind=9).tobytes())
    narrow = formats.new_events(1, 32, kind=formats.EVENT, run=5, source=9, sequence=1 << 40,
                                features=np.zeros((1, 32), np.float32))
    formats.seal(narrow)
    expect("feature_count", 1, narrow.tobytes())
    expect("schema", 1, spare(schema=schema ^ 1).tobytes())
    expect("crc", 1, changed(spare(), 200, 0x55))
    for value in (np.nan, np.inf, -np.inf):
        records = sender.record()
        records["features"][0, 3] = value
        formats.seal(records)
        expect("not_finite", 1, records.tobytes())
    expect("run_ended", 1, sender.record(run=4, sequence=3).tobytes())
    repeated = sender.record(sequence=sender.sequence)
    expect("repeated", 1, repeated.tobytes())
    expect("empty_message", 1, b"")
    expect("multipart", 1, [b"topic", sender.record(sequence=1 << 40).tobytes(), b"more"])
    sender.send(b"topic", sender.record().tobytes())
    sender.good += 1
    # A good record between two bad ones in one message.
    counts["magic"] += 1
    counts["crc"] += 1
    between = sender.record().tobytes()
    sender.good += 1
    sender.refused(changed(spare(), 1, 0) + between + changed(spare(), 300, 0x5A))
    sender.sequence += 7
    lost = 7
    sender.send_good()
    sender.send(sender.record(kind=END).tobytes())
    for reason, number in counts.items():
        print(reason, number)
    print("lost", lost)
    print("good", sender.good)
    sender.socket.close()
    zmq.Context.instance().term()


main()
