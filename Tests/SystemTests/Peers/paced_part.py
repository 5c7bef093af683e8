#!/usr/bin/env python3
"""Sends a stretch of a recorded segment to a PULL daemon, at a rate that begins with the stretch.

Who is late for a stretch is not late for the next one. Ends when a daemon has taken all.

usage: paced_part.py ADDRESS SEGMENT FIRST_RECORD COUNT RATE
"""

import pathlib
import sys
import time

import zmq

BATCH, BYTES = 8, 320  # records of 64 features
address, path = sys.argv[1:3]
first, count, rate = map(int, sys.argv[3:])
records = pathlib.Path(path).read_bytes()[first * BYTES:(first + count) * BYTES]
socket = zmq.Context.instance().socket(zmq.PUSH)
socket.linger = 300_000
socket.sndhwm = 0
socket.connect(address)
begin = time.monotonic()
for start in range(0, count, BATCH):
    time.sleep(max(0.0, begin + start / rate - time.monotonic()))
    socket.send(records[start * BYTES:(start + BATCH) * BYTES])
socket.close()
zmq.Context.instance().term()
