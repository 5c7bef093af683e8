#!/usr/bin/python3
"""Receives flagged records over ZeroMQ, checks every one, and prints what was flagged and why.

Checked, as docs/formats.md has it: checksums of the record and of the event inside, the score
against the sum of the attributions (to the bit), reasons, and the record numbers, which rise by
one. Ends after --count records, after --idle seconds of silence once something came, after
--timeout seconds, or on SIGINT or SIGTERM when what has arrived is taken; exit status 1 when a
check failed or fewer than --count records came.

With --catch-up every record comes exactly once and in order, whatever this program or the daemon
went through: numbers that are missing are asked for from the daemon's journal. Started again with
the same --out it goes on behind the last record there.
"""

import argparse
import collections
import pathlib
import signal
import sys
import time

import numpy as np
import zmq

import tamis_catch_up as catch_up
import tamis_curve as curve
import tamis_formats as formats
import tamis_runs as runs

EXAMPLES = """examples:
  receive.py --connect tcp://127.0.0.1:5556 --idle 5
  receive.py --connect tcp://127.0.0.1:5556 --names model.safetensors --top 3 --out received
  receive.py --connect tcp://127.0.0.1:5556 --topic unbiased --count 100 --quiet
  receive.py --connect tcp://127.0.0.1:5556 --catch-up tcp://127.0.0.1:5557 --out received
"""
MESSAGES_AT_ONCE = 1024
POLL_MS = 50
# What may wait in the socket where what does not fit can be asked for.
QUEUED_MAX = 10_000
# After so long a silence the journal is asked whether it is one.
SILENCE_S = 2


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    address = parser.add_mutually_exclusive_group(required=True)
    address.add_argument("--bind", metavar="ADDRESS")
    address.add_argument("--connect", metavar="ADDRESS")
    parser.add_argument("--pattern", choices=["sub", "pull"], default="sub")
    parser.add_argument("--topic", default="", help="sub: flagged, unbiased or unflagged; all by default")
    parser.add_argument("--count", metavar="N", type=int, help="end after N records")
    parser.add_argument("--idle", metavar="SECONDS", type=float,
                        help="end after so long without a record, once one came")
    parser.add_argument("--timeout", metavar="SECONDS", type=float, help="end after so long")
    parser.add_argument("--names", metavar="FILE",
                        help="feature names: a model, a manifest or a JSON array")
    parser.add_argument("--top", metavar="K", type=int, default=3,
                        help="attributions to name for each event (default 3)")
    parser.add_argument("--out", metavar="RUN", help="write the records into a new run folder; "
                        "with --catch-up also into one of an earlier start")
    parser.add_argument("--catch-up", metavar="ADDRESS",
                        help="ask there for the records that are missing")
    parser.add_argument("--from", metavar="N", type=int, dest="first",
                        help="with --catch-up: begin with number N; by default behind the last one "
                        "in --out, or with the first that comes")
    parser.add_argument("--quiet", action="store_true", help="print the summary alone")
    curve.add_options(parser)
    options = parser.parse_args(arguments)
    if options.catch_up and options.topic:
        parser.error("--catch-up needs all topics: in one alone every number is not to be seen")
    if options.first is not None and (not options.catch_up or options.first < 1):
        parser.error("--from N is a number from 1 on, and needs --catch-up")
    return options


class Receiver:
    """What came so far, and what was wrong with it."""

    def __init__(self, options):
        self.options = options
        self.names = runs.feature_names_of(options.names) if options.names else None
        self.topics = collections.Counter()
        self.faults = collections.Counter()
        self.highest_number = 0
        self.repeated = 0
        self.weight_sum = 0
        self.writer = None
        self.caught_up = self.gone = 0
        self.client = catch_up.Client(
            options.catch_up,
            secure=lambda socket: curve.secure_client(socket, options, options.catch_up)
        ) if options.catch_up else None
        if self.client and options.out and pathlib.Path(options.out).exists():
            self._go_on(options.out)
        if options.first is not None:
            self.highest_number = max(self.highest_number, options.first - 1)

    def _go_on(self, out):
        """Takes up an earlier run."""
        try:
            feature_count = runs.Run(out).feature_count
        except runs.RunFault:
            return  # no record in it
        self.writer = runs.RunWriter(out, "flagged", feature_count, self.names, continuing=True)
        if self.writer.earlier:
            self.highest_number = int(runs.Run(self.writer.earlier[-1]).segments[0]["number"][-1])

    @property
    def knows_where(self):
        """Whether there is a number behind which to ask."""
        return self.highest_number > 0 or self.options.first is not None

    def ask(self, last=0):
        """Asks for what comes after the highest number, up to `last` or to the journal's end, and
        takes it; how many records came."""
        before = self.caught_up
        try:
            for gone, records in self.client.records_from(self.highest_number + 1, last):
                if gone:
                    self.gone += gone[1] - gone[0] + 1
                    print(f"gone from the journal: numbers {gone[0]} to {gone[1]}",
                          file=sys.stderr, flush=True)
                    self.highest_number = gone[1]
                if len(records):
                    self._check(records)
                    fresh = [self._is_fresh(each) for each in records["number"].tolist()]
                    self._deliver(records[np.array(fresh)])
                    self.caught_up += len(records)
            if last > self.highest_number:
                self.fault(f"record number {last}: not in the journal's answers")
        except catch_up.CatchUpFault as fault:
            self.fault(f"catch-up: {fault}")
        return self.caught_up - before

    @property
    def count(self):
        return sum(self.topics.values())

    def take(self, messages):
        """Takes messages, lists of parts, in the order in which they came."""
        whole = []
        for parts in messages:
            if len(parts) == 2 and formats.flagged_feature_count(len(parts[1])):
                whole.append(parts)
            else:
                sizes = [len(each) for each in parts]
                self.fault(f"a message of {len(parts)} parts of {sizes} bytes")
        while whole:
            size = len(whole[0][1])
            alike = [parts for parts in whole if len(parts[1]) == size]
            whole = [parts for parts in whole if len(parts[1]) != size]
            self._take_alike([parts[0] for parts in alike], _decoded([parts[1] for parts in alike]))

    def _take_alike(self, topics, records):
        """Takes records of one feature count."""
        self._check(records)
        for topic, record in zip(topics, records):
            if topic != formats.topic(record["reasons"]):
                self.fault(f"record number {record['number']}: topic {topic!r}")
            self.topics[topic.decode(errors="replace")] += 1
        fresh = []
        for row, number in enumerate(records["number"].tolist()):
            if self.client and self.knows_where and number > self.highest_number + 1:
                # What came before the gap, what is missing in it, and then on.
                self._deliver(records[fresh])
                fresh = []
                self.ask(last=number - 1)
            if self._is_fresh(number):
                fresh.append(row)
        self._deliver(records[fresh])

    def _check(self, records):
        for row, text in formats.flagged_faults(records):
            self.fault(f"record number {records['number'][row]}: {text}")

    def _deliver(self, records):
        """Hands on records that are new, in order."""
        self.weight_sum += int(records["weight"].sum())
        if not self.options.quiet:
            for record in records:
                print(describe(record, self.names, self.options.top), flush=True)
        if self.options.out and len(records):
            feature_count = records.dtype["attributions"].shape[0]
            self.writer = self.writer or runs.RunWriter(
                self.options.out, "flagged", feature_count, self.names)
            self.writer.append(records)

    def _is_fresh(self, number):
        """Notes a record's number; a record may come twice after a restart of the daemon."""
        if number <= self.highest_number:
            self.repeated += 1
            return False
        every_number_comes = not self.options.topic and self.highest_number
        if every_number_comes and number != self.highest_number + 1:
            self.fault(f"record number {number} after {self.highest_number}")
        self.highest_number = number
        return True

    def fault(self, text):
        kind = text.split(": ")[-1] if text.startswith("record number") else text
        self.faults[kind] += 1
        if self.faults[kind] <= 5:
            print(f"fault: {text}", file=sys.stderr, flush=True)

    def close(self):
        """Prints the summary; whether all checks held and as many came as were asked for."""
        if self.writer:
            self.writer.close()
        print(f"received: {self.count} records" + "".join(
            f", {count} {name}" for name, count in sorted(self.topics.items())))
        print(f"highest number: {self.highest_number}")
        print(f"repeated: {self.repeated}")
        print(f"sum of weights: {self.weight_sum}")
        if self.client:
            print(f"caught up: {self.caught_up}")
            print(f"gone: {self.gone}")
            self.client.close()
        print(f"faults: {self.faults.total()}")
        got = self.count + self.caught_up
        enough = self.options.count is None or got >= self.options.count
        return enough and not self.faults


def describe(record, names, top):
    """One line for a record: who it is, why it was kept, where its score comes from."""
    event, attributions = record["event"], record["attributions"]
    reasons = [name.replace("_", " ") for bit, name in formats.REASON_NAMES.items()
               if record["reasons"] & bit]
    points = [str(bit) for bit in range(16) if record["working_points"] >> bit & 1]
    line = (f"{record['number']}: run {event['run']} source {event['source']} "
            f"event {event['event']}: {' + '.join(reasons)}, score {record['score']:.6g}, "
            f"threshold {record['threshold']:.6g}, weight {record['weight']}")
    if points:
        line += f", working points {' '.join(points)}"
    if record["reasons"] & formats.NOT_SCORABLE or not record["score"] > 0:
        return line
    largest = np.argsort(-attributions, kind="stable")[:top]
    with np.errstate(invalid="ignore"):
        shares = attributions[largest] / record["score"]
    named = names or runs.numbered_names(len(attributions))
    return line + "; " + ", ".join(
        f"{named[index]} {share:.1%}" for index, share in zip(largest, shares))


def _decoded(parts):
    return np.frombuffer(
        b"".join(parts), formats.flagged_dtype(formats.flagged_feature_count(len(parts[0]))))


def open_socket(context, options):
    """The input socket; without a limit on what may wait in it where what is lost cannot be had."""
    socket = context.socket(zmq.SUB if options.pattern == "sub" else zmq.PULL)
    socket.rcvhwm = QUEUED_MAX if options.catch_up else 0
    socket.linger = 0
    if options.pattern == "sub":
        socket.subscribe(options.topic)
    curve.secure(socket, options)
    if options.bind:
        socket.bind(options.bind)
    else:
        socket.connect(options.connect)
    return socket


def messages_that_wait(socket, count_max):
    """What has come, at most so many messages; waits a little for the first."""
    messages = []
    if socket.poll(POLL_MS):
        while len(messages) < count_max:
            try:
                messages.append(socket.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                break
    return messages


def receive(socket, receiver, options, signals):
    """Receives until one of the ends; a first signal waits for silence, a second one does not."""
    start = last = asked = time.monotonic()
    if receiver.client and receiver.knows_where:
        # The socket gathers what is published meanwhile.
        receiver.ask()
    while len(signals) < 2:
        got = receiver.count + receiver.caught_up
        left = MESSAGES_AT_ONCE if options.count is None else options.count - got
        if left <= 0:
            return
        messages = messages_that_wait(socket, min(left, MESSAGES_AT_ONCE))
        now = time.monotonic()
        if messages:
            receiver.take(messages)
            last = time.monotonic()
        elif signals:
            return
        elif receiver.client and receiver.knows_where and now - max(last, asked) >= SILENCE_S:
            # What was lost with nothing behind it shows no gap.
            if receiver.ask():
                last = time.monotonic()
            asked = time.monotonic()
        elif options.idle is not None and got and now - last >= options.idle:
            return
        if options.timeout is not None and now - start >= options.timeout:
            return


def main(arguments=None):
    options = parse_arguments(arguments)
    receiver = Receiver(options)
    signals = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: signals.append(number))
    # A parent whose threads block signals hands that on.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    context = zmq.Context.instance()
    socket = open_socket(context, options)
    receive(socket, receiver, options, signals)
    socket.close()
    return 0 if receiver.close() else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, runs.RunFault, zmq.ZMQError) as fault:
        sys.exit(f"receive.py: {fault}")
