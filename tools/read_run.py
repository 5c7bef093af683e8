#!/usr/bin/python3
"""Reads a recorded run or flagged journal with NumPy, checks it, and says what is in it.

Takes a run folder or one segment. Exit status 1 when a record or a segment's SHA-256 is wrong.
"""

import argparse
import json
import pathlib
import sys

import numpy as np

import receive
import tamis_formats as formats
import tamis_runs as runs

EXAMPLES = """examples:
  read_run.py recorded
  read_run.py journal --show 5
  read_run.py recorded --features events.npy
"""


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--show", metavar="N", type=int, default=0,
                        help="print the first N records")
    parser.add_argument("--features", metavar="FILE.npy", help="write the events' features there")
    return parser.parse_args(arguments)


def faults(run):
    """Lines that say what is wrong with the run's records and segments."""
    row = 0
    for block in run.blocks():
        if run.kind == "flagged":
            found = formats.flagged_faults(block)
        else:
            found = [(each, "header or checksum")
                     for each in np.flatnonzero(formats.event_faults(block))]
        for each, text in found:
            yield f"record {row + each}: {text}"
        row += len(block)
    if run.torn_bytes:
        yield f"{run.torn_bytes} bytes after the last whole record"


def segment_faults(run, folder):
    """Lines that say which segments are not what the manifest says."""
    for segment in run.manifest.get("segments", []):
        path = folder / segment["name"]
        if not path.exists():
            yield f"{path}: is in the manifest and not in the folder"
        elif runs.file_sha256(path) != segment["sha256"]:
            yield f"{path}: SHA-256 differs from the manifest's"


def show(run, count):
    """Prints the first `count` records."""
    for block in run.blocks():
        for record in block[:count]:
            if run.kind == "flagged":
                print(receive.describe(record, run.feature_names, top=3))
            else:
                kind = formats.KIND_NAMES.get(int(record["kind"]), "unknown kind")
                print(f"{record['sequence']}: run {record['run']} source {record['source']} "
                      f"{kind} {record['event']}, features {record['features'][:4]} ...")
        count -= min(count, len(block))
        if count == 0:
            return


def main(arguments=None):
    options = parse_arguments(arguments)
    run = runs.Run(options.run)
    print(f"{options.run}: {run.kind}, {run.feature_count} features, "
          f"{len(run.segments)} segments")
    for key, value in runs.summary(run.segments).items():
        print(f"{key}: {value}")
    if run.kind == "flagged":
        print(f"sum of weights: {sum(int(each['weight'].sum()) for each in run.segments)}")
    ledger = pathlib.Path(options.run) / "ledger.jsonl"
    if ledger.exists():
        for line in ledger.read_text().splitlines():
            entry = json.loads(line)
            print("ledger: " + ", ".join(f"{key} {value}" for key, value in entry.items()))
    show(run, options.show)
    if options.features:
        parts = [runs.events_of(block) for block in run.blocks()]
        np.save(options.features, np.concatenate(
            [part["features"][part["kind"] == formats.EVENT] for part in parts]))
    wrong = [*faults(run), *segment_faults(run, pathlib.Path(options.run))]
    for line in wrong[:20]:
        print(f"fault: {line}", file=sys.stderr)
    print(f"faults: {len(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, runs.RunFault) as fault:
        sys.exit(f"read_run.py: {fault}")
