"""Reads a recorded run or flagged journal with NumPy, checks it, and says what is in it.

Takes a run folder or one segment. Exit status 1 when a record or a segment's SHA-256 is wrong.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from ..bounds import U64_MAX, whole_option
from ..journals import read_lines
from ..records import KIND_NAMES, describe, simulated_count, weight_sum
from ..runs import Run, summary
from .program import ended

EXAMPLES = """examples:
  tamis-read-run recorded
  tamis-read-run journal --show 5
  tamis-read-run recorded --features events.npy
"""


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--show", metavar="N", type=whole_option(0, U64_MAX), default=0,
                        help="print the first N records")
    parser.add_argument("--features", metavar="FILE.npy", help="write the events' features there")
    return parser.parse_args(arguments)


def show(run: Run, count: int) -> None:
    """Prints the first `count` records."""
    for block in run.blocks():
        for record in block[:count]:
            if run.kind == "flagged":
                print(describe(record, run.feature_names, top=3))
            else:
                kind = KIND_NAMES.get(int(record["kind"]), "unknown kind")
                print(f"{record['sequence']}: run {record['run']} source {record['source']} "
                      f"{kind} {record['event']}, features {record['features'][:4]} ...")
        count -= min(count, len(block))
        if count == 0:
            return


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_arguments(arguments)
    run = Run(options.run)
    print(f"{options.run}: {run.kind}, {run.feature_count} features, "
          f"{len(run.segments)} segments")
    for key, value in summary(run.segments).items():
        print(f"{key}: {value}")
    wrong = list(run.faults())
    if run.kind == "flagged":
        simulated = sum(simulated_count(each) for each in run.segments)
        print(f"sum of weights: {sum(weight_sum(each) for each in run.segments)}"
              + (f", without {simulated} simulated" if simulated else ""))
        for first, last in run.jumps():
            print(f"numbers not there: {first} to {last}")
    ledger = read_lines(pathlib.Path(options.run) / "ledger.jsonl")
    for entry in ledger.entries:
        print("ledger: " + ", ".join(f"{key} {value}" for key, value in entry.items()))
    wrong += ledger.faults
    show(run, options.show)
    if options.features:
        np.save(options.features, run.features())
    for line in wrong[:20]:
        print(f"fault: {line}", file=sys.stderr)
    print(f"faults: {len(wrong)}")
    return 1 if wrong else 0


def run() -> NoReturn:
    ended(main)
