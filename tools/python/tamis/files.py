"""Runs as Parquet, HDF5 and ROOT files and pandas frames, and back to the same bytes.

Every field of the records is a column; those of the event inside a flagged record begin with
`event_`, and features and attributions are columns of D numbers a row. Constants of the format
(magic, version, features_count) are left out where they are what they should be, and kept
where they are not, so that nothing is lost. Times are uint64 nanoseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import columns as tables
from . import records as formats
from .columns import ROWS_AT_ONCE, Block, needed
from .faults import FileFault
from .records import Records, feature_count_of, is_flagged, record_dtype
from .run_writer import RunWriter
from .runs import Path, Run

__all__ = ["Table", "from_hdf5", "from_parquet", "from_root", "to_hdf5", "to_pandas", "to_parquet",
           "to_root"]

FORMAT = "tamis-table/1"

UNITS = {
    "time_ns": "ns since 1970-01-01 UTC", "received_ns": "ns since 1970-01-01 UTC",
    "decided_ns": "ns since 1970-01-01 UTC", "orbit": "count", "bunch_crossing": "count",
    "score": "1", "threshold": "1", "attributions": "1", "weight": "events"}


@dataclasses.dataclass
class Table:
    """Records and what is known of them.

    records        (N,) event or flagged records
    feature_names  D names, or None
    units          by feature name, such as {"pt": "GeV"}
    provenance     where they come from, of any JSON content
    segments       records in each segment of the run that they come from
    """
    records: Records
    feature_names: list[str] | None = None
    units: dict[str, str] = dataclasses.field(default_factory=dict)
    provenance: dict[str, Any] = dataclasses.field(default_factory=dict)
    segments: list[int] = dataclasses.field(default_factory=list)

    @property
    def kind(self) -> str:
        """"events" or "flagged"."""
        return "flagged" if is_flagged(self.records) else "events"

    def write_run(self, path: Path) -> Run:
        """Writes a run folder with the same segments."""
        writer = RunWriter(path, self.kind, feature_count_of(self.records), self.feature_names)
        try:
            start = 0
            for index, count in enumerate(self.segments or [len(self.records)]):
                if index:
                    writer.next_segment()
                writer.append(self.records[start:start + count])
                start += count
            writer.close()
        except BaseException:
            writer.discard()
            raise
        return Run(path)


Source = Run | Table | Records | str | os.PathLike[str]


class _Source:
    """Where records come from, block by block."""

    def __init__(self, source: Source, units: Mapping[str, str] | None,
                 names: Sequence[str] | None = None):
        if isinstance(source, (str, os.PathLike)):
            source = Run(source)
        if isinstance(source, np.ndarray):
            source = Table(source)
        if isinstance(source, Run):
            self.parts = source.segments
            self.names, self.units = source.stated_names, {}
            self.provenance: dict[str, Any] = {
                "path": str(source.path), "manifest": source.manifest or None}
            self.kind, self.feature_count = source.kind, source.feature_count
        else:
            self.parts = [source.records]
            self.names, self.units = source.feature_names, dict(source.units)
            self.provenance = source.provenance
            self.kind, self.feature_count = source.kind, feature_count_of(source.records)
        self.segments = [len(each) for each in self.parts]
        if isinstance(source, Table) and source.segments:
            self.segments = source.segments
        if names is not None:
            self._take(list(names))
        self.units |= dict(units or {})
        if self.units and not self.names:
            raise FileFault("units of features whose names are not known: a run has them in its "
                            "manifest, and a journal from the daemon's end on; give feature_names")
        unknown = sorted(set(self.units) - set(self.names or []))
        if unknown:
            raise FileFault(f"units of {', '.join(unknown)}: no such feature")
        self.dtype = record_dtype(self.kind, self.feature_count)

    def _take(self, names: list[str]) -> None:
        if len(names) != self.feature_count:
            raise FileFault(f"{len(names)} feature names for {self.feature_count} features")
        if self.names not in (None, names):
            raise FileFault("the records state other feature names, or in another order")
        self.names = names

    def blocks(self) -> Iterator[Records]:
        for part in self.parts:
            for start in range(0, len(part), ROWS_AT_ONCE):
                yield part[start:start + ROWS_AT_ONCE]


def _flat_fields(dtype: np.dtype[Any], prefix: str = "") -> list[tuple[str, tuple[str, ...]]]:
    """(column, path of fields) of every field, those of the event inside with their prefix."""
    found = []
    for name in dtype.names or ():
        if dtype[name].names:
            found += [(column, (name, *path))
                      for column, path in _flat_fields(dtype[name], "event_")]
        else:
            found.append((prefix + name, (name,)))
    return found


def _column(records: Records, path: tuple[str, ...]) -> npt.NDArray[Any]:
    values = records
    for name in path:
        values = values[name]
    return np.ascontiguousarray(values).view("<u4") if values.dtype.kind == "S" else values


def _constants(kind: str, feature_count: int) -> dict[str, int]:
    """What format constants are, by column."""
    prefix = "event_" if kind == "flagged" else ""
    events = {"magic": int.from_bytes(formats.EVENT_MAGIC, "little"), "version": formats.VERSION,
              "features_count": feature_count}
    constants = {prefix + name: value for name, value in events.items()}
    if kind == "flagged":
        constants |= {"magic": int.from_bytes(formats.FLAGGED_MAGIC, "little"),
                      "version": formats.VERSION}
    return constants


def _write(kind: str, source: Source, path: Path, units: Mapping[str, str] | None,
           provenance: Mapping[str, Any] | None, force: bool, names: Sequence[str] | None) -> None:
    found = _Source(source, units, names)
    fields = dict(_flat_fields(found.dtype))
    omitted = {
        name: value for name, value in _constants(found.kind, found.feature_count).items()
        if all((_column(block, fields[name]) == value).all() for block in found.blocks())}
    kept = {name: path for name, path in fields.items() if name not in omitted}
    one = np.zeros(1, found.dtype)
    dtype = np.dtype([(name, values.dtype, values.shape[1:])
                      for name, values in ((name, _column(one, at)) for name, at in kept.items())])
    schema = formats.schema_prefix(found.names) if found.names else 0
    metadata = {
        "format": FORMAT, "kind": found.kind, "features": found.feature_count,
        "feature_names": found.names, "feature_units": found.units,
        "schema": formats.schema_text(schema), "records": sum(found.segments),
        "segments": found.segments, "omitted": omitted,
        "units": {name: UNITS[name.removeprefix("event_")] for name in kept
                  if name.removeprefix("event_") in UNITS},
        "provenance": {**found.provenance, **(provenance or {}), "program": _program(),
                       "created": _created()}}
    blocks = ({name: _column(block, at) for name, at in kept.items()} for block in found.blocks())
    tables.written(kind, path, dtype, metadata, blocks, force)


def _program() -> str:
    from . import __version__
    return f"tamis (Python) {__version__}"


def _created() -> str:
    stated = os.environ.get("SOURCE_DATE_EPOCH")
    zone = datetime.timezone.utc
    now = datetime.datetime.fromtimestamp(int(stated), zone) if stated else \
        datetime.datetime.now(zone)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def read_table(path: Path, kind: str | None = None) -> Table:
    """The records of a file that to_parquet, to_hdf5 or to_root wrote."""
    file = tables.opened(pathlib.Path(path), kind)
    try:
        with tables.placed(file.path):
            return _table(file)
    finally:
        file.close()


def is_table(file: tables.ColumnFile) -> bool:
    """Whether Tamis wrote this file."""
    return file.metadata is not None and file.metadata.get("format") == FORMAT


def _table(file: tables.ColumnFile) -> Table:
    metadata = file.metadata
    if metadata is None or not is_table(file):
        raise FileFault(f"{file.path}: not written by tamis; tamis-convert makes a run of it")
    dtype = record_dtype(metadata["kind"], metadata["features"])
    fields, omitted = dict(_flat_fields(dtype)), dict(metadata["omitted"])
    if "reserved" in omitted and "background_rate" in fields:
        # Files of before background rates call the field so, and have 0 there.
        omitted["background_rate"] = omitted.pop("reserved")
    missing = sorted(set(fields) - set(omitted) - set(file.shapes))
    if missing:
        raise FileFault(f"{file.path}: columns {', '.join(missing)} are missing")
    kept = [name for name in fields if name not in omitted]
    records = np.zeros(file.rows(kept), dtype)
    for name, value in omitted.items():
        _set(records, fields[name], np.full(len(records), value, np.uint32))
    start = 0
    for block in file.blocks(kept):
        count = len(block[kept[0]])
        for name, values in block.items():
            _check_type(file, name, values, _column(records[:0], fields[name]))
            _set(records[start:start + count], fields[name], values)
        start += count
    segments = metadata["segments"] if sum(metadata["segments"]) == len(records) else [len(records)]
    return Table(records, metadata["feature_names"], metadata["feature_units"],
                 metadata["provenance"], segments)


def _check_type(file: tables.ColumnFile, name: str, values: npt.NDArray[Any],
                wanted: npt.NDArray[Any]) -> None:
    """Refuses what another program has made of a column: it would not be the same bytes again."""
    if values.dtype.newbyteorder("=") != wanted.dtype.newbyteorder("=") \
            or values.shape[1:] != wanted.shape[1:]:
        raise FileFault(f"{file.path}: column {name}: {values.dtype} of the shape "
                        f"{values.shape[1:]} a row; {wanted.dtype} of {wanted.shape[1:]} was "
                        "expected, as tamis wrote it")


def _set(records: Records, path: tuple[str, ...], values: npt.NDArray[Any]) -> None:
    for name in path[:-1]:
        records = records[name]
    field = records.dtype[path[-1]]
    if field.kind == "S":
        values = np.ascontiguousarray(values, "<u4").view("S4")
    records[path[-1]] = values


def to_parquet(source: Source, path: Path, *, units: Mapping[str, str] | None = None,
               provenance: Mapping[str, Any] | None = None, force: bool = False,
               feature_names: Sequence[str] | None = None) -> None:
    """Writes a Parquet file of a run, table or array of records; needs tamis[parquet].

    units          of features by name, such as {"pt": "GeV"}
    provenance     more to keep with it, of any JSON content
    feature_names  D names, for an array, or the journal of a daemon that runs, which state none
    """
    _write("parquet", source, path, units, provenance, force, feature_names)


def from_parquet(path: Path) -> Table:
    """The records of a file of to_parquet(), in memory."""
    return read_table(path, "parquet")


def to_hdf5(source: Source, path: Path, *, units: Mapping[str, str] | None = None,
            provenance: Mapping[str, Any] | None = None, force: bool = False,
            feature_names: Sequence[str] | None = None) -> None:
    """Writes an HDF5 file, a dataset a column, as to_parquet(); needs tamis[hdf5]."""
    _write("hdf5", source, path, units, provenance, force, feature_names)


def from_hdf5(path: Path) -> Table:
    """The records of a file of to_hdf5(), in memory."""
    return read_table(path, "hdf5")


def to_root(source: Source, path: Path, *, units: Mapping[str, str] | None = None,
            provenance: Mapping[str, Any] | None = None, force: bool = False,
            feature_names: Sequence[str] | None = None) -> None:
    """Writes a ROOT file with a TTree `events`, a branch a column, as to_parquet(); needs
    tamis[root]."""
    _write("root", source, path, units, provenance, force, feature_names)


def from_root(path: Path) -> Table:
    """The records of a file of to_root(), in memory."""
    return read_table(path, "root")


def to_pandas(source: Source) -> Any:
    """A pandas.DataFrame, one row a record; needs tamis[pandas].

    Features are columns of their names, attributions of `attribution_` and the name; a name that is
    taken already gets `feature_` in front. Times stay uint64. What is known of the records is in
    `frame.attrs["tamis"]`.
    """
    pandas = needed("pandas", "pandas")
    found = _Source(source, None)
    blocks = [np.asarray(block) for block in found.blocks()]
    records = np.concatenate(blocks or [np.zeros(0, found.dtype)])
    names: Sequence[str] = found.names or formats.numbered_names(found.feature_count)
    columns: Block = {}
    constants = _constants(found.kind, found.feature_count)
    for column, path in _flat_fields(found.dtype):
        if column in constants:
            continue
        values = _column(records, path)
        if values.ndim == 1:
            columns[column] = values
            continue
        prefix = "attribution_" if column == "attributions" else ""
        for index, name in enumerate(names):
            label = prefix + name
            if label in columns or not prefix and label in dict(_flat_fields(found.dtype)):
                label = f"feature_{name}" if f"feature_{name}" not in columns else \
                    f"feature_{index}_{name}"
            columns[label] = values[:, index]
    frame = pandas.DataFrame({name: values.astype(values.dtype.newbyteorder("="))
                              for name, values in columns.items()})
    frame.attrs["tamis"] = {
        "kind": found.kind, "feature_names": found.names, "feature_units": found.units,
        "units": {name: UNITS[name] for name in columns if name in UNITS},
        "provenance": found.provenance}
    return frame
