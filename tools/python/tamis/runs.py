"""Runs and journals on disk, memory-mapped, as docs/formats.md has them."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import records as formats
from .faults import RunFault
from .records import (
    Records, events_of, is_flagged, numbered_names, record_dtype)
from .sequences import sequence_counts

__all__ = [
    "OPEN_SUFFIX", "Run", "RunFault", "SUFFIXES", "Segment", "events_of", "feature_names_of",
    "file_sha256", "is_flagged", "numbered_names", "read_npy", "record_dtype", "sequence_ledger",
    "summary"]

Path = str | os.PathLike[str]
Mask = npt.NDArray[np.bool_]

SUFFIXES = {"events": ".events", "flagged": ".flagged"}
OPEN_SUFFIX = ".writing"
# How many runs and sources a manifest lists, those of the highest runs.
SOURCES_LISTED_MAX = {"events": 4_096, "flagged": 128}
# Six digits, or as many as a larger number needs.
SEGMENT_NUMBER = re.compile(r"([0-9]{6}|[1-9][0-9]{6,11})\.")


class Segment(NamedTuple):
    """One segment of a run."""
    path: pathlib.Path
    records: Records
    """The whole records, mapped; shape (n,)."""
    torn_bytes: int
    """Bytes after the last whole record."""

    @property
    def is_open(self) -> bool:
        """Whether a writer is, or was when it died, at this segment."""
        return self.path.name.endswith(OPEN_SUFFIX)


class Run:
    """A recorded run or a flagged journal: its segments as mapped arrays, nothing copied.

    path            a run folder or one of its segments
    kind            "events" or "flagged"
    feature_count   D
    manifest        the manifest's dictionary, {} where there is none
    segments        one array of records a segment, in order
    torn_bytes      bytes after the last whole record, over all segments

    >>> run = Run("recorded")                                   # doctest: +SKIP
    >>> strange = run.select(run=42, time_ns=(begin, end))      # doctest: +SKIP
    """

    def __init__(self, path: Path):
        self.path = pathlib.Path(path)
        if not self.path.exists():
            raise RunFault(f"{self.path}: there is no such file or folder")
        self.manifest = _manifest(self.path)
        paths = _segment_paths(self.path)
        kinds = {_kind(each) for each in paths}
        if len(kinds) > 1:
            raise RunFault(f"{self.path}: event and flagged segments are mixed; name one segment")
        kind = kinds.pop()
        if kind is None:
            raise RunFault(f"{self.path}: not a segment; one is named NNNNNN.events or "
                           "NNNNNN.flagged")
        self.kind = kind
        self.feature_count = self._stated_feature_count() or _feature_count(paths, kind)
        self.dtype = record_dtype(kind, self.feature_count)
        self.files = [Segment(each, mapped(each, self.dtype),
                              each.stat().st_size % self.dtype.itemsize) for each in paths]
        self.segments = [each.records for each in self.files]
        self.torn_bytes = sum(each.torn_bytes for each in self.files)

    def _stated_feature_count(self) -> int | None:
        stated = self.manifest.get("features")
        if stated is not None and (type(stated) is not int or not 1 <= stated <= 65535):
            raise RunFault(f"{self.path}/manifest.json: features is {stated!r}; a number from 1 to "
                           "65535 was expected")
        return stated

    @property
    def feature_names(self) -> list[str]:
        """The features' names, made up where the manifest has none."""
        return self.stated_names or numbered_names(self.feature_count)

    @property
    def stated_names(self) -> list[str] | None:
        """The features' names as the manifest has them; None where it has none."""
        names = self.manifest.get("feature_names")
        return [str(each) for each in names] if names else None

    def __len__(self) -> int:
        return sum(len(segment) for segment in self.segments)

    def __repr__(self) -> str:
        return (f"<Run {self.path}: {len(self)} {self.kind} records of {self.feature_count} "
                "features>")

    def blocks(self, row_count_max: int = 8192) -> Iterator[Records]:
        """The records in order, as views of at most so many rows."""
        for segment in self.segments:
            for start in range(0, len(segment), row_count_max):
                yield segment[start:start + row_count_max]

    def records(self) -> Records:
        """All records, shape (N,): the map itself where there is one segment, else a copy."""
        filled = [each for each in self.segments if len(each)]
        if len(filled) == 1:
            return filled[0]
        return np.concatenate([np.asarray(each) for each in filled] or [np.zeros(0, self.dtype)])

    def select(
            self, *, run: int | Sequence[int] | None = None,
            source: int | Sequence[int] | None = None,
            time_ns: tuple[int | None, int | None] = (None, None),
            working_point: int | Sequence[int] | None = None, reason: int | None = None,
            kind: int | None = None, where: Callable[[Records], Mask] | None = None) -> Records:
        """A copy of the records for which all that is given holds, in order, shape (n,).

        run, source     of the event: one number, or several of which any
        time_ns         of the event: from (inclusive) and to (exclusive); None is open
        working_point   flagged: bit of a working point, or several of which any
        reason          flagged: bits of which any is set, such as ABOVE_THRESHOLD
        kind            events: EVENT, BEGIN_OF_RUN, END_OF_RUN or HEARTBEAT
        where           a function of records (n,) that gives (n,) booleans
        """
        if self.kind == "events" and (working_point is not None or reason is not None):
            raise RunFault(f"{self.path}: working points and reasons are of flagged records; these "
                           "are events")
        points = [] if working_point is None else np.atleast_1d(working_point).tolist()
        if not all(isinstance(each, int) and 0 <= each < 16 for each in points):
            raise ValueError(f"working_point {working_point!r}: places in the calibration, 0 to 15, were "
                             "expected")
        point_mask = sum(1 << each for each in set(points))
        kept = []
        for block in self.blocks():
            events = events_of(block)
            chosen = np.ones(len(block), np.bool_)
            for column, wanted in (("run", run), ("source", source), ("kind", kind)):
                if wanted is not None:
                    chosen &= np.isin(events[column], np.asarray(wanted, np.uint64))
            begin, end = time_ns
            if begin is not None:
                chosen &= events["time_ns"] >= np.uint64(begin)
            if end is not None:
                chosen &= events["time_ns"] < np.uint64(end)
            if points:
                chosen &= block["working_points"] & point_mask != 0
            if reason is not None:
                chosen &= block["reasons"] & reason != 0
            if where is not None:
                chosen &= where(block)
            kept.append(np.asarray(block[chosen]))
        return np.concatenate(kept or [np.zeros(0, self.dtype)])

    def features(self) -> npt.NDArray[np.float32]:
        """The features of all events, without control records: float32 (N, D), a copy."""
        kept = [events_of(block) for block in self.blocks()]
        return np.concatenate(
            [each["features"][each["kind"] == formats.EVENT] for each in kept]
            or [np.zeros((0, self.feature_count), np.float32)])

    def faults(self) -> Iterator[str]:
        """What is wrong with the records and the segments, a line each."""
        row = 0
        for block in self.blocks():
            found = formats.flagged_faults(block) if self.kind == "flagged" \
                else formats.event_fault_texts(block)
            for each, text in found:
                yield f"record {row + each}: {text}"
            row += len(block)
        if self.torn_bytes:
            yield f"{self.torn_bytes} bytes after the last whole record"
        for segment in self.manifest.get("segments", []) if self.path.is_dir() else []:
            path = self.path / segment["name"]
            if not path.exists():
                yield f"{path}: is in the manifest and not in the folder"
            elif file_sha256(path) != segment["sha256"]:
                yield f"{path}: SHA-256 differs from the manifest's"

    def jumps(self) -> list[tuple[int, int]]:
        """Flagged: ranges (first, last) of numbers that are not there between those that are.

        A journal jumps over numbers after an end that was not orderly; a receiver's run may have
        lost records there.
        """
        if self.kind != "flagged":
            raise RunFault(f"{self.path}: events have no record numbers")
        jumps, last = [], None
        for block in self.blocks():
            numbers = block["number"].astype(np.uint64)
            if last is not None:
                numbers = np.concatenate([np.array([last], np.uint64), numbers])
            for row in np.flatnonzero(numbers[1:] > numbers[:-1] + np.uint64(1)).tolist():
                jumps.append((int(numbers[row]) + 1, int(numbers[row + 1]) - 1))
            last = int(numbers[-1])
        return jumps


def _manifest(path: pathlib.Path) -> dict[str, Any]:
    manifest_path = path / "manifest.json"
    if not path.is_dir() or not manifest_path.exists():
        return {}
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise RunFault(f"{manifest_path}: not JSON: {fault}; move it away to read the segments "
                       "alone") from fault
    if not isinstance(manifest, dict):
        raise RunFault(f"{manifest_path}: an object was expected")
    if manifest.get("format", "tamis-run/1") != "tamis-run/1":
        raise RunFault(f"{manifest_path}: format {manifest['format']!r}, not tamis-run/1")
    return manifest


def _segment_paths(path: pathlib.Path) -> list[pathlib.Path]:
    if path.is_file():
        return [path]
    paths = segment_paths_or_none(path)
    if not paths:
        raise RunFault(f"{path}: no segment NNNNNN.events or NNNNNN.flagged")
    return paths


def segment_paths_or_none(folder: pathlib.Path) -> list[pathlib.Path]:
    """A folder's segments in the order of their numbers, open ones too."""
    return sorted((each for each in folder.iterdir()
                   if SEGMENT_NUMBER.match(each.name) and _kind(each)),
                  key=lambda each: (segment_number(each), each.name))


def segment_number(path: pathlib.Path) -> int:
    """The number in a segment's name."""
    return int(path.name.split(".")[0])


def _kind(path: pathlib.Path) -> str | None:
    name = path.name.removesuffix(OPEN_SUFFIX)
    return next((each for each, suffix in SUFFIXES.items() if name.endswith(suffix)), None)


def _feature_count(paths: Sequence[pathlib.Path], kind: str) -> int:
    """D as the first record says it: an event record's field, or the place of the inner event."""
    filled = next((each for each in paths if each.stat().st_size), None)
    if filled is None:
        raise RunFault(f"{paths[0]}: nothing in it that says how many features events have")
    with open(filled, "rb") as file:
        first = file.read(2 * formats.HEADER_BYTES + 8 * 65535)
    if kind == "events":
        feature_count = int.from_bytes(first[20:22], "little")
        if first[:4] != formats.EVENT_MAGIC or not feature_count:
            raise RunFault(f"{filled}: does not begin with an event record (TMSE)")
        return feature_count
    for start in range(formats.HEADER_BYTES + 4, len(first) - 22, 4):
        if first[start:start + 4] == formats.EVENT_MAGIC:
            feature_count = int.from_bytes(first[start + 20:start + 22], "little")
            if start == formats.HEADER_BYTES + 4 * feature_count:
                return feature_count
    raise RunFault(f"{filled}: the first flagged record holds no event record")


def mapped(path: pathlib.Path, dtype: np.dtype[Any]) -> Records:
    """The whole records of a segment, read-only, where they lie."""
    count = path.stat().st_size // dtype.itemsize
    if count == 0:
        return np.zeros(0, dtype)
    return np.memmap(path, dtype, mode="r", shape=(count,))


# What a manifest says


def summary(segments: Sequence[Records]) -> dict[str, Any]:
    """What a manifest says of the records in some segments' arrays."""
    def column(name: str, inside: bool = True) -> npt.NDArray[Any]:
        return np.concatenate([(events_of(each) if inside else each)[name] for each in segments])

    flagged = is_flagged(segments[0])
    events = {name: column(name) for name in ("kind", "run", "source", "sequence", "time_ns")}
    result: dict[str, Any] = {"records": len(events["kind"])}
    if flagged:
        reasons = column("reasons", inside=False)
        result["counts"] = {name: int((reasons & bit != 0).sum())
                            for bit, name in formats.REASON_NAMES.items()
                            if bit != formats.BELOW_THRESHOLD}
    else:
        result["counts"] = {name: int((events["kind"] == kind).sum())
                            for kind, name in formats.KIND_NAMES.items()}
    ledger = sequence_ledger(events, with_gaps=not flagged)
    listed = ledger[-(SOURCES_LISTED_MAX["flagged" if flagged else "events"]):]
    result["runs"] = sorted({entry["run"] for entry in listed})
    if result["records"]:
        result["first_time_ns"] = int(events["time_ns"].min())
        result["last_time_ns"] = int(events["time_ns"].max())
        if flagged:
            numbers = column("number", inside=False)
            result["first_number"], result["last_number"] = int(numbers.min()), int(numbers.max())
    result["sources"] = listed
    if len(listed) < len(ledger):
        result["records_not_listed"] = sum(
            entry["records"] for entry in ledger[:len(ledger) - len(listed)])
    return result


def sequence_ledger(
        events: Mapping[str, npt.NDArray[Any]] | Records, with_gaps: bool = True,
) -> list[dict[str, int]]:
    """Per run and source: how many records, and what their sequence numbers say is missing.

    events: a mapping from field name to column (N,), such as an array of event records.
    """
    streams = events["run"].astype(np.uint64) << np.uint64(32) | events["source"]
    # Stable: the records of a stream stay in the order in which they came.
    order = np.argsort(streams, kind="stable")
    numbers, begins = np.unique(streams[order], return_index=True)
    ledger = []
    for stream, places in zip(numbers.tolist(), np.split(order, begins[1:])):
        sequences = events["sequence"][places]
        entry = {"run": stream >> 32, "source": stream & 0xFFFFFFFF,
                 "records": len(sequences), "first_sequence": int(sequences.min()),
                 "last_sequence": int(sequences.max())}
        if with_gaps:
            entry |= sequence_counts(sequences)
        ledger.append(entry)
    return ledger


def feature_names_of(path: Path) -> list[str] | None:
    """Feature names from a model file, a manifest, or a JSON array; None where it has none."""
    path = pathlib.Path(path)
    if path.suffix == ".safetensors":
        from .models import read_safetensors
        text = read_safetensors(path)[1].get("feature_names", "null")
        names: list[str] | None = json.loads(text)
        return names
    content = json.loads(path.read_text(encoding="utf-8"))
    return content if isinstance(content, list) else content.get("feature_names")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Makes the names of a folder's files durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_npy(path: Path) -> npt.NDArray[np.float32]:
    """Features (N, D) of a .npy file as the program takes one: <f4 or <f8 (rounded), C order.

    float32 files are mapped.
    """
    features = np.load(path, mmap_mode="r", allow_pickle=False)
    if features.ndim != 2 or not 1 <= features.shape[1] <= 65535:
        raise RunFault(f"{path}: shape {features.shape}; (N, D) was expected")
    if features.dtype.str not in ("<f4", "<f8"):
        raise RunFault(f"{path}: {features.dtype}; little-endian float32 or float64 was expected")
    if not features.flags.c_contiguous and len(features) > 1:
        raise RunFault(f"{path}: Fortran order; save np.ascontiguousarray of it")
    with np.errstate(over="ignore"):
        rounded: npt.NDArray[np.float32] = features.astype(np.float32, copy=False)
        return rounded
