#!/usr/bin/env python3
"""Sends a stretch of a run's events, without its begin and its end, to a PULL daemon.

usage: part_of_run.py ADDRESS FIRST_SEQUENCE COUNT
"""

import pathlib
import sys

import numpy as np
import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
import tamis_formats as formats  # noqa: E402

D = 64
address, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sequence = np.arange(first, first + count)
records = formats.new_events(
    count, D, run=21, source=4, sequence=sequence, event=sequence,
    features=np.random.default_rng(first).standard_normal((count, D)).astype(np.float32))
formats.seal(records)
socket = zmq.Context.instance().socket(zmq.PUSH)
socket.linger = 30_000
socket.connect(address)
for start in range(0, count, 16):
    socket.send(records[start:start + 16].tobytes())
socket.close()
zmq.Context.instance().term()
