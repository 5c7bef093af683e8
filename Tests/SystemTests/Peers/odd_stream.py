#!/usr/bin/env python3
"""Makes streams that are odd at their beginning.

usage: odd_stream.py damaged-first ADDRESS    pushes a damaged record of 32 features, then a run of 64
       odd_stream.py times FILE               writes a segment: begin at time 0, events 3 hours apart
"""

import pathlib
import sys

import numpy as np
import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
import tamis_formats as formats  # noqa: E402

D = 64


def run(count, **columns):
    kind = np.full(count, formats.EVENT)
    kind[0], kind[-1] = formats.BEGIN_OF_RUN, formats.END_OF_RUN
    features = np.random.default_rng(3).standard_normal((count, D)).astype(np.float32)
    features[kind != formats.EVENT] = 0
    records = formats.new_events(
        count, D, kind=kind, run=31, source=6, sequence=np.arange(1, count + 1),
        event=np.arange(count), features=features)
    for name, value in columns.items():
        records[name] = value
    formats.seal(records)
    return records


if sys.argv[1] == "times":
    hours = np.arange(5, dtype=np.uint64) * 3 * 3_600_000_000_000 + 1_700_000_000_000_000_000
    hours[0] = 0
    pathlib.Path(sys.argv[2]).write_bytes(run(5, time_ns=hours).tobytes())
else:
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.linger = 30_000
    socket.connect(sys.argv[2])
    damaged = formats.new_events(1, 32, run=31, source=6, sequence=1,
                                 features=np.zeros((1, 32), np.float32))
    formats.seal(damaged)
    damaged["crc32c"] ^= 1
    socket.send(damaged.tobytes())
    records = run(102)
    for start in range(0, 90, 10):
        socket.send(records[start:start + 10].tobytes())
    # Ten are missing.
    socket.send(records[100:].tobytes())
    socket.close()
    zmq.Context.instance().term()
