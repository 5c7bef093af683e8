"""Receives flagged records over ZeroMQ, checks every one, and prints what was flagged and why.

Checked, as docs/formats.md has it: checksums of the record and of the event inside, the score
against the sum of the attributions (to the bit), reasons, and the record numbers, which rise by
one. A record whose checksum is wrong is left out. Ends after --count records, after --idle seconds
of silence once something came, after --timeout seconds, or on SIGINT or SIGTERM when what has
arrived is taken; exit status 1 when a check failed or fewer than --count records came.

With --catch-up every record comes exactly once and in order, whatever this program or the daemon
went through: numbers that are missing are asked for from the daemon's journal. Started again with
the same --out it goes on behind the last record there.

At the end are printed: received, what came over the output, repeated records too, by topic;
repeated, those that had come before, also by catch-up, and were dropped; delivered, those that were
printed or written, each once; sum of weights, the number of events of the stream that they stand
for, simulated ones left out; caught up, those that came by catch-up; gone, numbers that the journal
no longer has; faults, failed checks.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from .. import curve, runs
from ..bounds import SECONDS_MAX, U64_MAX, number_option, whole_option
from ..receiver import Receiver
from ..records import FEATURES_MAX, Records, describe, simulated_count, weight_sum
from .program import ended

EXAMPLES = """examples:
  tamis-receive --connect tcp://127.0.0.1:5556 --idle 5
  tamis-receive --connect tcp://127.0.0.1:5556 --names model.safetensors --top 3 --out received
  tamis-receive --connect tcp://127.0.0.1:5556 --topic unbiased --count 100 --quiet
  tamis-receive --connect tcp://127.0.0.1:5556 --catch-up tcp://127.0.0.1:5557 --out received
"""


def working_point_place(text: str) -> int:
    """A place in the calibration. A name would need the calibration, which this program does not read."""
    if not text.isdecimal() or int(text) > 15:
        raise argparse.ArgumentTypeError(
            f"{text!r}: a place from 0 to 15 was expected, in the order in which `tamis inspect "
            "CALIBRATION` lists the working points; tamis.Receiver(..., calibration=...) takes names")
    return int(text)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    address = parser.add_mutually_exclusive_group(required=True)
    address.add_argument("--bind", metavar="ADDRESS")
    address.add_argument("--connect", metavar="ADDRESS")
    parser.add_argument("--pattern", choices=["sub", "pull"], default="sub")
    parser.add_argument("--topic", default="",
                        help="sub: flagged, unbiased or unflagged; all by default")
    parser.add_argument("--working-point", metavar="I", type=working_point_place,
                        help="sub: records of one working point alone, by its place in the "
                        "calibration: a number from 0, not its name")
    parser.add_argument("--count", metavar="N", type=whole_option(0, U64_MAX),
                        help="end after N records")
    parser.add_argument("--idle", metavar="SECONDS", type=number_option(0, SECONDS_MAX),
                        help="end after so long without a record, once one came")
    parser.add_argument("--timeout", metavar="SECONDS", type=number_option(0, SECONDS_MAX),
                        help="end after so long")
    parser.add_argument("--names", metavar="FILE",
                        help="feature names: a model, a manifest or a JSON array")
    parser.add_argument("--top", metavar="K", type=whole_option(0, FEATURES_MAX), default=3,
                        help="attributions to name for each event (default 3)")
    parser.add_argument("--out", metavar="RUN", help="write the records into a new run folder; "
                        "with --catch-up also into one of an earlier start")
    parser.add_argument("--catch-up", metavar="ADDRESS",
                        help="ask there for the records that are missing")
    parser.add_argument("--from", metavar="N", type=whole_option(0, U64_MAX), dest="first",
                        help="with --catch-up: begin with number N; by default behind the last one "
                        "in --out, or with the first that comes")
    parser.add_argument("--quiet", action="store_true", help="print the summary alone")
    curve.add_options(parser)
    options = parser.parse_args(curve.joined(arguments))
    if options.catch_up and options.topic:
        parser.error("--catch-up needs all topics: in one alone every number is not to be seen")
    if options.working_point is not None and (options.topic or options.pattern == "pull"):
        parser.error("--working-point needs the pattern sub, and no --topic")
    if options.first is not None and (not options.catch_up or options.first < 1):
        parser.error("--from N is a number from 1 on, and needs --catch-up")
    return options


def open_receiver(options: argparse.Namespace) -> Receiver:
    """The receiver that the options ask for."""
    return Receiver(
        options.connect, bind=options.bind, pattern=options.pattern, topic=options.topic,
        catch_up=options.catch_up, out=options.out, first=options.first,
        names=runs.feature_names_of(options.names) if options.names else None,
        curve=curve.curve_of(options), working_point=options.working_point)


class Account:
    """What came, and what is said of it."""

    def __init__(self, receiver: Receiver, options: argparse.Namespace):
        self.receiver, self.options = receiver, options
        self.names = receiver.names
        self.delivered = self.weight_sum = self.simulated = 0

    @property
    def count(self) -> int:
        return self.receiver.received + self.receiver.caught_up

    def take(self, records: Records | None) -> None:
        """Prints what came and what was wrong."""
        for message in self.receiver.messages:
            print(message, file=sys.stderr, flush=True)
        self.receiver.messages.clear()
        if records is None:
            return
        self.delivered += len(records)
        self.weight_sum += weight_sum(records)
        self.simulated += simulated_count(records)
        if not self.options.quiet:
            for record in records:
                print(describe(record, self.names, self.options.top), flush=True)

    def close(self) -> bool:
        """Prints the summary; whether all checks held and as many came as were asked for."""
        receiver = self.receiver
        while receiver.is_behind:
            self.take(receiver.take(0))
        receiver.close()
        self.take(None)
        print(f"received: {receiver.received} records" + "".join(
            f", {count} {name}" for name, count in sorted(receiver.topics.items())))
        print(f"highest number: {receiver.highest_number}")
        print(f"repeated: {receiver.repeated}")
        print(f"delivered: {self.delivered}")
        print(f"sum of weights: {self.weight_sum}"
              + (f", without {self.simulated} simulated" if self.simulated else ""))
        if self.options.catch_up:
            print(f"caught up: {receiver.caught_up}")
            print(f"gone: {receiver.gone}")
        print(f"faults: {receiver.faults.total()}")
        enough = self.options.count is None or self.count >= self.options.count
        return enough and not receiver.faults


def receive(account: Account, signals: list[int]) -> None:
    """Receives until one of the ends; a first signal waits for silence, a second one does not."""
    options, receiver = account.options, account.receiver
    start = last = time.monotonic()
    while len(signals) < 2:
        before = account.count
        if options.count is not None:
            if before >= options.count:
                return
            receiver.batch_max = min(1024, options.count - before)
        account.take(receiver.take(0.05))
        now = time.monotonic()
        if account.count > before or receiver.is_behind:
            last = now
        elif signals or (options.idle is not None and account.count
                         and now - last >= options.idle):
            return
        if options.timeout is not None and now - start >= options.timeout:
            return


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_arguments(arguments)
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: signals.append(number))
    # A parent whose threads block signals hands that on.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    account = Account(open_receiver(options), options)
    receive(account, signals)
    return 0 if account.close() else 1


def run() -> NoReturn:
    ended(main)
