"""Those who connect to the daemons of tools/soak and should not."""

import collections
import itertools
import os
import pathlib
import random
import socket
import struct
import sys
import threading
import time

import numpy as np
import zmq

import tamis_formats as formats

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "tests"))
from raw_peer import RawPeer  # noqa: E402

# Runs and sources of theirs, away from those of the stream.
RUN_FIRST, SOURCE_FIRST = 2**32 - 3, 2**31
EXTREMES = [0, 1, 2**63 - 1, 2**64 - 2, 2**64 - 1]
ODD_FLOATS = np.array([0, np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45], np.float32)


class Strangers(threading.Thread):
    """Does one of its deeds after the other, until `ending` is set."""

    def __init__(self, daemons, events, seed=1, pause=0.5):
        super().__init__()
        self.daemons, self.events, self.pause = daemons, events[:64], pause
        self.random, self.generator = random.Random(seed), np.random.default_rng(seed)
        self.ending = threading.Event()
        self.counts = collections.Counter()
        self.slowest_answer = 0.0
        self.context = zmq.Context()

    def run(self):
        deeds = [self.noise, self.endless_message, self.subscriptions, self.requests_unread,
                 self.idle_requests, self.wrong_socket, self.damaged_records, self.extreme_records,
                 self.odd_catch_up]
        while not self.ending.wait(self.pause):
            daemon, deed = self.random.choice(self.daemons), self.random.choice(deeds)
            try:
                deed(daemon)
            except (OSError, AssertionError, zmq.ZMQError):
                pass  # Cut off, or the daemon is being started.
            self.counts[deed.__name__] += 1
            began = time.monotonic()
            if daemon.get("/healthz") is not None:
                self.slowest_answer = max(self.slowest_answer, time.monotonic() - began)

    def stop(self):
        self.ending.set()
        self.join()
        self.context.destroy(linger=0)

    def send(self, daemon, kind, port, *messages):
        peer = self.context.socket(kind)
        peer.linger, peer.sndtimeo = 2_000, 2_000
        peer.connect(daemon.address(port))
        for message in messages:
            peer.send(message)
        peer.close()

    # Deeds

    def noise(self, daemon):
        with socket.create_connection(
                ("127.0.0.1", self.random.choice(list(daemon.ports.values())))) as peer:
            peer.sendall(os.urandom(10_000))

    def endless_message(self, daemon):
        port, kind = self.random.choice([("in", b"PUSH"), ("catch_up", b"DEALER")])
        peer = RawPeer(daemon.ports[port], kind)
        for _ in range(self.random.randrange(1, 200)):
            peer.send(*itertools.repeat(b"x" * 4_000, 10), more=True)
        peer.close()

    def subscriptions(self, daemon):
        peer = RawPeer(daemon.ports["out"], b"XSUB")
        peer.send(b"\x01", b"\x01", b"hello", b"", b"\x00never", b"\x02\xff")
        for number in range(2_000):
            peer.send(b"\x01" + struct.pack("<Q", number) + b"y" * 250)
        peer.close()

    def requests_unread(self, daemon):
        with socket.create_connection(("127.0.0.1", daemon.ports["http"])) as peer:
            peer.settimeout(2)
            peer.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 2_000)

    def idle_requests(self, daemon):
        peers = [socket.create_connection(("127.0.0.1", daemon.ports["http"])) for _ in range(64)]
        time.sleep(1)
        for peer in peers:
            peer.close()

    def wrong_socket(self, daemon):
        port = self.random.choice(["in", "out", "catch_up"])
        peer = RawPeer(daemon.ports[port], self.random.choice([b"PAIR", b"REP", b"PUSH", b"SUB"]))
        time.sleep(0.2)
        peer.close()

    def damaged_records(self, daemon):
        record = bytearray(self.events[self.random.randrange(len(self.events))].tobytes())
        record[self.random.randrange(len(record))] ^= 1 << self.random.randrange(8)
        cut = record[:self.random.randrange(len(record))]
        self.send(daemon, zmq.PUSH, "in", b"", b"abc", bytes(record), bytes(cut))

    def extreme_records(self, daemon):
        """Well-formed, with the largest and the smallest numbers in every field."""
        records = self.events[:self.random.randrange(1, 32)].copy()
        for field in ("sequence", "event", "time_ns"):
            records[field] = self.generator.choice(np.array(EXTREMES, np.uint64), len(records))
        records["run"] = RUN_FIRST + self.random.randrange(3)
        records["source"] = SOURCE_FIRST + self.random.randrange(5)
        records["condition"] = self.generator.choice(ODD_FLOATS, len(records))
        records["features"][:, 0] = self.generator.choice(ODD_FLOATS, len(records))
        records["kind"] = self.random.choice(
            [formats.EVENT] * 6 + [formats.BEGIN_OF_RUN, formats.END_OF_RUN, formats.HEARTBEAT])
        self.send(daemon, zmq.PUSH, "in", formats.seal(records).tobytes())

    def odd_catch_up(self, daemon):
        self.send(daemon, zmq.DEALER, "catch_up", b"", os.urandom(20), struct.pack(
            "<QQ", self.random.choice(EXTREMES), self.random.choice(EXTREMES)))
