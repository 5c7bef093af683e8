"""Asks a daemon for the flagged records that were missed, by number, and writes them into a run.

Checked, as docs/formats.md has it: checksums of the replies, of each record and of the event
inside, scores, and that no number is missing without a word. Numbers that the journal
has no more are told as gone. Exit status 1 when a check failed.
"""

from __future__ import annotations

import argparse
import collections
import sys
from collections.abc import Sequence
from typing import NoReturn

from .. import curve, runs
from ..bounds import SECONDS_MAX, U32_MAX, U64_MAX, number_option, whole_option
from ..catchup import Client
from ..records import describe, feature_count_of, flagged_faults
from ..run_writer import RunWriter
from .program import ended

EXAMPLES = """examples:
  tamis-catch-up --connect tcp://127.0.0.1:5557 --from 1 --out missed
  tamis-catch-up --connect tcp://127.0.0.1:5557 --from 1200 --to 1300 --show
"""


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connect", metavar="ADDRESS", required=True)
    parser.add_argument("--from", metavar="N", type=whole_option(1, U64_MAX), dest="first",
                        required=True,
                        help="the first number, from 1")
    parser.add_argument("--to", metavar="M", type=whole_option(0, U64_MAX), dest="last", default=0,
                        help="the last number; the journal's last by default")
    parser.add_argument("--instance", metavar="I", type=whole_option(0, U32_MAX),
                        help="the daemon that is meant")
    parser.add_argument("--out", metavar="RUN", help="write the records into a new run folder")
    parser.add_argument("--names", metavar="FILE",
                        help="feature names: a model, a manifest or a JSON array")
    parser.add_argument("--timeout", metavar="SECONDS", type=number_option(0, SECONDS_MAX), default=60,
                        help="how long to wait for an answer (default 60)")
    parser.add_argument("--show", action="store_true", help="print a line for each record")
    curve.add_options(parser, binds=False)
    return parser.parse_args(curve.joined(arguments))


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_arguments(arguments)
    names = runs.feature_names_of(options.names) if options.names else None
    client = Client(
        options.connect, options.instance, patience_s=options.timeout,
        secure=lambda socket: curve.secure_client(socket, options, options.connect))
    faults: collections.Counter[str] = collections.Counter()
    writer = None
    following, count, gone_count = options.first, 0, 0
    for gone, records in client.records_from(options.first, options.last):
        if gone:
            print(f"gone: numbers {gone[0]} to {gone[1]}")
            gone_count += gone[1] - gone[0] + 1
            following = gone[1] + 1
        for row, text in flagged_faults(records):
            faults[text] += 1
            print(f"fault: number {records['number'][row]}: {text}", file=sys.stderr)
        for number in records["number"].tolist():
            if number != following:
                faults["numbers that were left out"] += 1
                print(f"fault: number {number} after {following - 1}", file=sys.stderr)
            following = number + 1
        if options.show:
            for record in records:
                print(describe(record, names, 3))
        if options.out and len(records):
            writer = writer or RunWriter(
                options.out, "flagged", feature_count_of(records), names)
            writer.append(records)
        count += len(records)
    if writer:
        writer.close()
    client.close()
    print(f"records: {count}")
    print(f"gone: {gone_count}")
    print(f"next number: {following}")
    print(f"faults: {faults.total()}")
    return 1 if faults else 0


def run() -> NoReturn:
    ended(main)
