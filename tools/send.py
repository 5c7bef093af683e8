#!/usr/bin/python3
"""Sends event records over ZeroMQ, as docs/formats.md has them.

Events come from a .npy of shape (N, D), from a recorded run (records as they were, with the
replayed bit set), or from a seeded generator of independent normal numbers. Events that are not
from a run get a begin and an end of run around them and sequence numbers from 1.
"""

import argparse
import sys
import time

import numpy as np
import zmq

import tamis_curve as curve
import tamis_formats as formats
import tamis_runs as runs

EXAMPLES = """examples:
  send.py --events background.npy --connect tcp://127.0.0.1:5555
  send.py --generate 1000000 --rate 20000 --batch 64 --connect tcp://127.0.0.1:5555
  send.py --run recorded --pattern pub --bind tcp://127.0.0.1:5555 --wait-subscriber
"""
BLOCK_ROWS = 8192


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    events = parser.add_mutually_exclusive_group(required=True)
    events.add_argument("--events", metavar="FILE.npy", help="features, shape (N, D)")
    events.add_argument("--run", metavar="RUN", help="a run folder or one of its segments")
    events.add_argument("--generate", metavar="N", type=int, help="make N events")
    address = parser.add_mutually_exclusive_group(required=True)
    address.add_argument("--bind", metavar="ADDRESS")
    address.add_argument("--connect", metavar="ADDRESS")
    parser.add_argument("--pattern", choices=["push", "pub"], default="push")
    parser.add_argument("--topic", default="", help="topic part before the records (pub)")
    parser.add_argument("--wait-subscriber", action="store_true",
                        help="pub: send nothing before somebody has subscribed")
    parser.add_argument("--may-drop", action="store_true",
                        help="pub: drop when a subscriber is slow, as a plain PUB socket does, "
                        "instead of waiting")
    parser.add_argument("--batch", metavar="RECORDS", type=int, default=16,
                        help="records a message (default 16)")
    parser.add_argument("--rate", metavar="EVENTS/S", type=float, default=0,
                        help="records a second; 0 is as fast as it goes (default)")
    parser.add_argument("--save", metavar="RUN", help="also write what is sent into a run folder")
    parser.add_argument("--wait", metavar="SECONDS", type=float, default=60,
                        help="give up when nobody takes a message for so long (default 60)")
    parser.add_argument("--seed", type=int, default=1, help="of the generator (default 1)")
    parser.add_argument("--features", metavar="D", type=int, default=64,
                        help="of the generator (default 64)")
    parser.add_argument("--run-number", metavar="R", type=int, default=1)
    parser.add_argument("--source", metavar="S", type=int, default=1)
    parser.add_argument("--names", metavar="FILE",
                        help="feature names for the schema field: a model, a manifest or a JSON "
                        "array; without it the field is 0")
    curve.add_options(parser)
    options = parser.parse_args(arguments)
    if options.batch < 1:
        parser.error("--batch must be at least 1")
    return options


def feature_blocks(options):
    """Arrays of raw features, (n, D) float32."""
    if options.events:
        features = np.load(options.events, mmap_mode="r")
        if features.ndim != 2:
            raise SystemExit(f"{options.events}: shape {features.shape}, expected (N, D)")
        for start in range(0, len(features), BLOCK_ROWS):
            yield features[start:start + BLOCK_ROWS].astype(np.float32)
        return
    generator = np.random.default_rng(options.seed)
    for start in range(0, options.generate, BLOCK_ROWS):
        count = min(BLOCK_ROWS, options.generate - start)
        yield generator.standard_normal((count, options.features), np.float32)


def fresh_records(options, names):
    """Blocks of sealed records: begin of run, the events, end of run."""
    schema = formats.schema_prefix(names) if names else 0
    sequence = 0

    def records(count, feature_count, **columns):
        nonlocal sequence
        numbers = sequence + 1 + np.arange(count, dtype=np.uint64)
        sequence += count
        return formats.seal(formats.new_events(
            count, feature_count, sequence=numbers, run=options.run_number, lumi=1,
            source=options.source, schema=schema, time_ns=time.time_ns(), **columns))

    feature_count = len(names) if names else options.features
    event = 0
    for features in feature_blocks(options):
        feature_count = features.shape[1]
        if sequence == 0:
            yield records(1, feature_count, kind=formats.BEGIN_OF_RUN)
        numbers = event + 1 + np.arange(len(features), dtype=np.uint64)
        event += len(features)
        yield records(len(features), feature_count, features=features, event=numbers)
    yield records(1, feature_count, kind=formats.END_OF_RUN)


def replayed_records(path):
    """Blocks of a recorded run's records, with the replayed bit set."""
    run = runs.Run(path)
    if run.kind != "events":
        raise runs.RunFault(f"{path}: holds flagged records; events were expected")
    for block in run.blocks(BLOCK_ROWS):
        records = block.copy()
        records["flags"] |= formats.REPLAYED_FLAG
        yield formats.seal(records)


def open_socket(context, options):
    """A PUSH socket, or an XPUB one: a PUB that also hears who subscribes."""
    socket = context.socket(zmq.PUSH if options.pattern == "push" else zmq.XPUB)
    socket.linger = socket.sndtimeo = socket.rcvtimeo = int(options.wait * 1000)
    if options.pattern == "push":
        socket.immediate = 1  # queue only for a receiver that is connected
    if options.pattern == "pub" and not options.may_drop:
        socket.setsockopt(zmq.XPUB_NODROP, 1)
    curve.secure(socket, options)
    if options.bind:
        socket.bind(options.bind)
    else:
        socket.connect(options.connect)
    if options.pattern == "pub" and options.wait_subscriber:
        while not socket.recv().startswith(b"\x01"):
            pass
    return socket


class Pace:
    """Holds a sender to a rate, without drift: late messages are sent at once."""

    def __init__(self, rate):
        self.rate, self.start = rate, time.monotonic()

    def wait(self, sent):
        """Returns when record number `sent` is due."""
        if self.rate > 0:
            ahead = self.start + sent / self.rate - time.monotonic()
            if ahead > 0.001:
                time.sleep(ahead)


def saved(blocks, path, names):
    """The same blocks, written into a new run folder on their way."""
    writer = None
    for block in blocks:
        feature_count = block.dtype["features"].shape[0]
        writer = writer or runs.RunWriter(path, "events", feature_count, names)
        writer.append(block)
        yield block
    if writer:
        writer.close()


def send(socket, blocks, options):
    """Sends all records in messages of at most options.batch; returns what was sent."""
    prefix = [options.topic.encode()] if options.topic else []
    pace, records_sent, messages_sent, events_sent = Pace(options.rate), 0, 0, 0
    for block in blocks:
        events_sent += int((block["kind"] == formats.EVENT).sum())
        for start in range(0, len(block), options.batch):
            part = block[start:start + options.batch]
            pace.wait(records_sent)
            socket.send_multipart(prefix + [part.tobytes()])
            records_sent += len(part)
            messages_sent += 1
    return records_sent, events_sent, messages_sent


def main(arguments=None):
    options = parse_arguments(arguments)
    names = runs.feature_names_of(options.names) if options.names else None
    blocks = replayed_records(options.run) if options.run else fresh_records(options, names)
    if options.save:
        blocks = saved(blocks, options.save, names)
    context = zmq.Context()
    socket = open_socket(context, options)
    start = time.monotonic()
    records, events, messages = send(socket, blocks, options)
    socket.close()
    closing = time.monotonic()
    context.term()  # returns when all has left, or is thrown away after the waiting time
    seconds = time.monotonic() - start
    if time.monotonic() - closing >= 0.9 * options.wait:  # timers count in milliseconds
        raise zmq.Again
    print(f"sent: {records} records, {events} events, {messages} messages")
    print(f"time: {seconds:.3f} s, {records / seconds:.0f} records/s")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except zmq.Again:
        sys.exit("send.py: nobody takes what is sent; is the receiver there? (see --wait)")
    except (OSError, ValueError, runs.RunFault, zmq.ZMQError) as fault:
        sys.exit(f"send.py: {fault}")
