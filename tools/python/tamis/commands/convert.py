"""Makes a run of events in a Parquet, HDF5 or ROOT file.

Columns are taken by the model's feature names and in its order; or one column of D numbers a row,
whose names, where the file has them, are compared with the model's. A file that to_parquet(),
to_hdf5() or to_root() wrote becomes the run that it was, byte by byte.

The run has a begin and an end of run around the events and sequences from 1. Floats are rounded to
float32; what is missing is NaN, and an event with one is not scorable.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from .. import columns as tables
from ..bounds import U32_MAX, whole_option
from ..faults import FileFault, RunFault
from ..files import is_table, read_table
from ..matching import FeatureColumns, HeaderColumns
from ..models import Model
from ..records import BEGIN_OF_RUN, END_OF_RUN, Records, new_events, schema_prefix, seal
from ..run_writer import RunWriter
from ..runs import feature_names_of
from .program import ended

EXAMPLES = """examples:
  tamis-convert events.parquet --model model.safetensors --out run
  tamis-convert a.root --inside Events --model model.safetensors --event eventNumber --out run
  tamis-convert jets.h5 --inside jets/features --in-order --model model.safetensors --out run
  tamis-convert calo.h5 --names names.json --rename MET_pt=met --out run
"""


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", metavar="FILE", nargs="+", help="in the order of the run")
    parser.add_argument("--out", metavar="RUN", required=True, help="a new run folder")
    names = parser.add_mutually_exclusive_group()
    names.add_argument("--model", metavar="FILE", help="whose features the columns must be")
    names.add_argument("--names", metavar="FILE", help="the names: a manifest or a JSON array")
    parser.add_argument("--inside", metavar="NAME",
                        help="ROOT: the tree; HDF5: the group or dataset; Parquet: a struct")
    parser.add_argument("--rename", metavar="FEATURE=COLUMN", action="append", default=[],
                        help="the column of a feature whose name differs")
    parser.add_argument("--in-order", action="store_true",
                        help="a column of D numbers without names is in the model's order")
    for name, text in (("run", "run number, or a column (default 1)"),
                       ("lumi", "luminosity section, or a column (default 1)"),
                       ("event", "a column of event numbers; 1, 2, ... by default"),
                       ("time", "a column of times; the time of the conversion by default"),
                       ("condition", "a number or a column, such as pile-up; unknown by default"),
                       ("orbit", "a column"), ("bunch-crossing", "a column")):
        parser.add_argument(f"--{name}", metavar="COLUMN", help=text)
    parser.add_argument("--time-unit", choices=["ns", "us", "ms", "s"], default="ns",
                        help="of the column of times, since 1970-01-01 UTC (default ns); a "
                             "Parquet timestamp has its own")
    parser.add_argument("--source", metavar="S", type=whole_option(0, U32_MAX), default=1,
                        help="0 to 4294967295 (default 1)")
    parser.add_argument("--simulated", action="store_true", help="mark the events as simulated")
    return parser.parse_args(arguments)


def wanted_names(options: argparse.Namespace) -> list[str] | None:
    """The feature names of --model or --names; None where neither states them."""
    if options.model:
        return Model.read(options.model).stated_names
    return feature_names_of(options.names) if options.names else None


def restored(options: argparse.Namespace) -> bool:
    """Makes the run of a file that Tamis wrote; False where it did not."""
    if len(options.files) != 1 or options.inside:
        return False
    file = tables.opened(options.files[0])
    ours = is_table(file)
    file.close()
    if not ours:
        return False
    table = read_table(options.files[0])
    names = wanted_names(options)
    if names and table.feature_names and names != table.feature_names:
        raise FileFault(f"{options.files[0]}: its features are not those of "
                        f"{options.model or options.names}, or in another order")
    run = table.write_run(options.out)
    print(f"restored: {len(run)} {run.kind} records in {len(run.segments)} segments, {options.out}")
    return True


class _Sequences:
    """Numbers the records of every run, and adds what begins and ends them."""

    def __init__(self, options: argparse.Namespace, names: Sequence[str] | None):
        self.options, self.flags = options, 2 if options.simulated else 0
        self.schema = schema_prefix(names) if names else 0
        self.run: int | None = None
        self.sequence = self.last_time_ns = 0
        self.feature_count = 0

    def records(self, path: str, features: npt.NDArray[np.float32], header: dict[str, Any],
                ) -> Iterator[Records]:
        """Sealed records of a block of events, with control records where the run changes."""
        self.feature_count = features.shape[1]
        numbers = np.broadcast_to(header.pop("run"), len(features))
        starts = [0, *(np.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist(), len(features)]
        for start, end in zip(starts, starts[1:]):
            run = int(numbers[start]) if end > start else None
            if run is None:
                continue
            rows = {name: values[start:end] if np.ndim(values) else values
                    for name, values in header.items()}
            first_ns = int(np.ravel(rows["time_ns"])[0])
            if run != self.run:
                yield from self.end()
                if self.run is not None and run < self.run:
                    raise RunFault(f"{path}: run {run} after run {self.run}: run numbers only "
                                   "rise; sort the events by run, or convert run by run")
                self.run, self.sequence = run, 0
                yield self._control(BEGIN_OF_RUN, first_ns)
            yield self._built(end - start, features=features[start:end], **rows)
            self.last_time_ns = int(np.ravel(rows["time_ns"])[-1])

    def end(self) -> Iterator[Records]:
        """The end of the run that is open."""
        if self.run is not None and self.sequence:
            yield self._control(END_OF_RUN, self.last_time_ns)

    def _control(self, kind: int, time_ns: int) -> Records:
        return self._built(1, kind=kind, time_ns=time_ns, lumi=1)

    def _built(self, count: int, **columns: Any) -> Records:
        sequence = self.sequence + 1 + np.arange(count, dtype=np.uint64)
        self.sequence += count
        flags = 0 if "kind" in columns else self.flags
        return seal(new_events(
            count, self.feature_count, run=self.run, source=self.options.source, flags=flags,
            schema=self.schema, sequence=sequence, **columns))


def converted(options: argparse.Namespace, names: Sequence[str] | None) -> dict[str, int]:
    """Writes the run; what is in it."""
    counts = {"events": 0, "not_finite": 0, "overflowed": 0}
    writer = None
    sequences = _Sequences(options, names)
    try:
        for path in options.files:
            file = tables.opened(path, inside=options.inside)
            columns = FeatureColumns(file, names, options.rename, options.in_order)
            for note in columns.notes:
                print(f"note: {path}: {note}", file=sys.stderr)
            names = names or columns.names
            header = HeaderColumns(file, options)
            for block in file.blocks(sorted(columns.wanted | header.wanted)):
                features, overflowed = columns.features(block)
                given = header.values(block, len(features), counts["events"])
                for records in sequences.records(path, features, given):
                    writer = writer or RunWriter(
                        options.out, "events", features.shape[1], names or None)
                    writer.append(records)
                counts["events"] += len(features)
                counts["overflowed"] += overflowed
                counts["not_finite"] += int((~np.isfinite(features).all(axis=1)).sum())
            file.close()
        if writer is None:
            raise FileFault(f"{', '.join(options.files)}: no events")
        for records in sequences.end():
            writer.append(records)
        writer.close()
    except BaseException:
        if writer is not None:
            writer.discard()
        raise
    return counts


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_arguments(arguments)
    if restored(options):
        return 0
    names = wanted_names(options)
    if names is None:
        raise FileFault(
            f"{options.model}: has no feature names; give --names FILE" if options.model
            else "whose features these are: --model FILE or --names FILE was expected")
    counts = converted(options, names)
    print(f"converted: {counts['events']} events, {counts['not_finite']} not finite, {options.out}")
    if counts["overflowed"]:
        print(f"note: {counts['overflowed']} values were beyond float32 and are infinite",
              file=sys.stderr)
    return 0


def run() -> NoReturn:
    ended(main)
