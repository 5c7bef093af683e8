#!/usr/bin/env python3
"""Sends very many runs of a begin, an event and an end to a PULL daemon.

usage: short_runs.py ADDRESS COUNT
"""

import pathlib
import sys

import numpy as np
import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
import tamis_formats as formats  # noqa: E402

D, BATCH = 64, 64
count = int(sys.argv[2])
socket = zmq.Context.instance().socket(zmq.PUSH)
socket.linger = 120_000
socket.connect(sys.argv[1])
random = np.random.default_rng(1)
for first in range(1, count + 1, BATCH):
    runs = np.arange(first, min(first + BATCH, count + 1))
    kind = np.tile([formats.BEGIN_OF_RUN, formats.EVENT, formats.END_OF_RUN], len(runs))
    features = random.standard_normal((len(kind), D)).astype(np.float32)
    features[kind != formats.EVENT] = 0
    records = formats.new_events(
        len(kind), D, kind=kind, run=np.repeat(runs, 3), source=4,
        sequence=np.tile([1, 2, 3], len(runs)), event=np.repeat(runs, 3), features=features)
    formats.seal(records)
    socket.send(records.tobytes())
socket.close()
zmq.Context.instance().term()
