"""The daemon that one would otherwise write: pyzmq in and out, NumPy, ONNX Runtime.

    python -m bench_peers.peer_daemon KIND IN OUT MODEL CALIBRATION

KIND is `each` (scores every message as it comes), `drain` (takes what waits in its socket, up to
256 events, and scores that at once) or `forward` (scores nothing and passes on the records whose
event number is a multiple of ten: what Python and ZeroMQ cost alone).

It checks magic and size of every record and no checksum, keeps no journal and no account of
sequences: it does less than tamisd. SIGTERM ends it; it then prints one line of JSON with what it
counted, and with (monotonic seconds, events so far) every 50 ms.
"""

import json
import signal
import sys
import time

import numpy as np
import zmq

import tamis_formats as formats
from bench_peers import network

EVENTS_AT_ONCE = 256
SAMPLE_SECONDS = 0.05


class Daemon:
    def __init__(self, kind, model, calibration):
        self.net = network.read_network(model, calibration)
        self.threshold = np.float32(network.loosest_threshold(calibration))
        self.event = formats.event_dtype(self.net.feature_count)
        self.flagged = formats.flagged_dtype(self.net.feature_count)
        self.kind, self.received, self.kept, self.refused = kind, 0, 0, 0
        if kind != "forward":
            from bench_peers import engines

            self.session = engines.onnx_session(self.net, None)
            self.score(np.zeros((1, self.net.feature_count), np.float32))

    def score(self, features):
        return self.session.run(None, {"features": features})

    def take(self, messages):
        """Scores messages, and returns the flagged records to publish."""
        size = self.event.itemsize
        whole = [each for each in messages if len(each) % size == 0]
        self.refused += len(messages) - len(whole)
        records = np.frombuffer(whole[0] if len(whole) == 1 else b"".join(whole), self.event)
        good = (records["magic"] == formats.EVENT_MAGIC) & (records["kind"] == formats.EVENT)
        if not good.all():
            records = records[good]
        self.received += len(records)
        if not len(records):
            return []
        if self.kind == "forward":
            return [each.tobytes() for each in records[records["event"] % 10 == 0]]
        scores, attributions = self.score(np.ascontiguousarray(records["features"]))
        return self.flag(records, scores, attributions)

    def flag(self, records, scores, attributions):
        rows = np.flatnonzero(scores > self.threshold)
        if not len(rows):
            return []
        out = np.zeros(len(rows), self.flagged)
        out["magic"], out["version"] = formats.FLAGGED_MAGIC, formats.VERSION
        out["reasons"], out["working_points"], out["weight"] = formats.ABOVE_THRESHOLD, 1, 1
        out["score"], out["threshold"] = scores[rows], self.threshold
        out["number"] = self.kept + 1 + np.arange(len(rows))
        out["attributions"], out["event"] = attributions[rows], records[rows]
        self.kept += len(rows)
        return [each.tobytes() for each in out]


def waiting(source, kind, size):
    """The next message; with `drain` all that wait, as long as they have room in a batch."""
    messages = [source.recv()]
    taken = len(messages[0]) // size
    while kind == "drain" and taken < EVENTS_AT_ONCE:
        try:
            messages.append(source.recv(zmq.NOBLOCK))
        except zmq.Again:
            break
        taken += len(messages[-1]) // size
    return messages


def serve(daemon, source, sink, samples):
    size, next_sample = daemon.event.itemsize, 0.0
    while True:
        for record in daemon.take(waiting(source, daemon.kind, size)):
            sink.send_multipart([formats.TOPIC_FLAGGED, record])
        now = time.monotonic()
        if now >= next_sample:
            samples.append((now, daemon.received))
            next_sample = now + SAMPLE_SECONDS


class Ended(Exception):
    """SIGTERM has come."""


def end(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
    raise Ended


def main(arguments):
    kind, inward, outward, model, calibration = arguments
    daemon = Daemon(kind, model, calibration)
    context = zmq.Context()
    source, sink = context.socket(zmq.PULL), context.socket(zmq.PUB)
    sink.sndhwm, sink.linger = 0, 0
    source.bind(inward)
    sink.bind(outward)
    samples = []
    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
    try:
        serve(daemon, source, sink, samples)
    except Ended:
        pass
    samples.append((time.monotonic(), daemon.received))
    print(json.dumps({"received": daemon.received, "kept": daemon.kept,
                      "refused": daemon.refused, "samples": samples}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
