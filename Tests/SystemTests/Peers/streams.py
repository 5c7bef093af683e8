#!/usr/bin/env python3
"""Sends several streams of records, interleaved, to a PULL daemon.

usage: streams.py ADDRESS RUN/SOURCE/FIRST/COUNT[/B][E]...

COUNT records from sequence FIRST on; B makes the first one a begin of run, E the last one an end.
"""

import pathlib
import sys

import numpy as np
import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
import tamis_formats as formats  # noqa: E402

D, BATCH = 64, 16


def stream(text):
    run, source, first, count, *marks = text.split("/")
    first, count, marks = int(first), int(count), "".join(marks)
    sequence = np.arange(first, first + count, dtype=np.uint64)
    kind = np.full(count, formats.EVENT)
    if "B" in marks:
        kind[0] = formats.BEGIN_OF_RUN
    if "E" in marks:
        kind[-1] = formats.END_OF_RUN
    features = np.random.default_rng(first).standard_normal((count, D)).astype(np.float32)
    features[kind != formats.EVENT] = 0
    records = formats.new_events(
        count, D, kind=kind, run=int(run), source=int(source), sequence=sequence, event=sequence,
        features=features)
    formats.seal(records)
    return [records[start:start + BATCH].tobytes() for start in range(0, count, BATCH)]


streams = [stream(text) for text in sys.argv[2:]]
socket = zmq.Context.instance().socket(zmq.PUSH)
socket.linger = 30_000
socket.connect(sys.argv[1])
for turn in range(max(map(len, streams))):
    for messages in streams:
        if turn < len(messages):
            socket.send(messages[turn])
socket.close()
zmq.Context.instance().term()
