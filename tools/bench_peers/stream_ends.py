"""What hangs at either end of a daemon while it is measured.

    python -m bench_peers.stream_ends count OUT                       counts flagged records
    python -m bench_peers.stream_ends receive OUT FEATURES FILE       their times of arrival
    python -m bench_peers.stream_ends send IN EVENTS RATE FILE        sends events, notes when
    python -m bench_peers.stream_ends awake                           keeps its processor awake

All but `send` print "ready"; `count` and `receive` print JSON at SIGTERM. Times are
CLOCK_MONOTONIC, the same for all processes of a machine; FILE is a .npy of (event number, ns).
"""

import ctypes
import gc
import json
import os
import signal
import sys
import time

import numpy as np
import zmq

import tamis_formats as formats

PR_SET_TIMERSLACK = 29


class Ended(Exception):
    """SIGTERM has come."""


def end(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
    raise Ended


def subscribed(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.rcvhwm, socket.linger = 0, 0
    socket.subscribe(b"")
    socket.connect(address)
    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
    return socket


def count(address):
    socket, records = subscribed(address), 0
    try:
        while True:
            socket.recv_multipart()
            records += 1
    except Ended:
        print(json.dumps({"records": records}), flush=True)


def receive(address, feature_count, path):
    """An event stands whole at the end of every record, forwarded ones too."""
    socket, arrivals, numbers = subscribed(address), [], []
    size = formats.event_dtype(feature_count).itemsize
    offset = formats.event_dtype(feature_count).fields["event"][1] - size
    gc.disable()
    try:
        while True:
            record = socket.recv_multipart()[-1]
            arrivals.append(time.monotonic_ns())
            numbers.append(record[offset:offset + 8])
    except Ended:
        events = np.frombuffer(b"".join(numbers), "<u8")
        np.save(path, np.stack([events, np.array(arrivals, np.uint64)[:len(events)]], axis=1))
        print(json.dumps({"records": len(events)}), flush=True)


def awake():
    """Keeps a processor from halting, at a priority (SCHED_IDLE) at which everybody else goes
    first: a halted virtual processor takes tens of microseconds to come back."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    print("ready", flush=True)
    while True:
        pass


def send(address, events_path, rate, path):
    """One record a message, evenly paced. It sleeps between them: on a machine of two processors
    a sender that spins would keep the threads of ZeroMQ and the receiver from theirs."""
    records = np.load(events_path)
    messages = [each.tobytes() for each in records]
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.sndhwm = 0
    socket.connect(address)
    time.sleep(0.3)
    sent, period = np.zeros(len(messages), np.uint64), 1e9 / rate
    gc.disable()
    start = time.monotonic_ns()
    for index, message in enumerate(messages):
        left = start + int(index * period) - time.monotonic_ns()
        if left > 0:
            time.sleep(left / 1e9)
        sent[index] = time.monotonic_ns()
        socket.send(message)
    socket.close(linger=10_000)
    zmq.Context.instance().term()
    np.save(path, np.stack([records["event"], sent], axis=1))
    print(json.dumps({"seconds": (time.monotonic_ns() - start) / 1e9}), flush=True)


def main(arguments):
    what, *rest = arguments
    if what == "count":
        count(*rest)
    elif what == "awake":
        awake()
    elif what == "receive":
        receive(rest[0], int(rest[1]), rest[2])
    else:
        send(rest[0], rest[1], float(rest[2]), rest[3])


if __name__ == "__main__":
    main(sys.argv[1:])
