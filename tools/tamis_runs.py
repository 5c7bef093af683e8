"""Tamis on disk: run folders and their segments, read and written as docs/formats.md has them."""

import hashlib
import json
import os
import pathlib

import numpy as np

import tamis_formats as formats

SUFFIXES = {"events": ".events", "flagged": ".flagged"}
OPEN_SUFFIX = ".writing"


class RunFault(Exception):
    """A run that cannot be read, and why."""


class Run:
    """A recorded run: its segments as memory-mapped arrays of records, nothing copied.

    kind            "events" or "flagged"
    feature_count   D
    manifest        the manifest's dictionary, {} where there is none
    segments        one array of records a segment, in order
    torn_bytes      bytes after the last whole record, over all segments
    """

    def __init__(self, path):
        path = pathlib.Path(path)
        manifest_path = path / "manifest.json"
        self.manifest = json.loads(manifest_path.read_text()) if manifest_path.exists() else {}
        if self.manifest.get("format", "tamis-run/1") != "tamis-run/1":
            raise RunFault(f"{manifest_path}: format {self.manifest['format']!r}, not tamis-run/1")
        paths = _segment_paths(path)
        self.kind = _kind(paths[0])
        if any(_kind(each) != self.kind for each in paths):
            raise RunFault(f"{path}: event and flagged segments are mixed; name one segment")
        self.feature_count = self.manifest.get("features") or _feature_count(paths, self.kind)
        dtype = record_dtype(self.kind, self.feature_count)
        self.segments = [_mapped(each, dtype) for each in paths]
        self.torn_bytes = sum(each.stat().st_size % dtype.itemsize for each in paths)

    @property
    def feature_names(self):
        """The features' names, made up where the manifest has none."""
        return self.manifest.get("feature_names") or numbered_names(self.feature_count)

    def __len__(self):
        return sum(len(segment) for segment in self.segments)

    def blocks(self, row_count_max=8192):
        """The records in order, as views of at most so many rows."""
        for segment in self.segments:
            for start in range(0, len(segment), row_count_max):
                yield segment[start:start + row_count_max]


class RunWriter:
    """Writes records into a run folder, one segment a writer; close() names it and its manifest.

    With `continuing` a run that is there already is gone on with, also after its writer was killed:
    what follows the last good record of an open segment is cut off first.
    """

    def __init__(self, path, kind, feature_count, feature_names=None, continuing=False):
        self.folder = pathlib.Path(path)
        self.folder.mkdir(parents=True, exist_ok=True)
        if not continuing and any(self.folder.iterdir()):
            raise RunFault(f"{path}: not empty; a run is written into a new folder")
        if feature_names and len(feature_names) != feature_count:
            raise RunFault(f"{path}: {len(feature_names)} names for {feature_count} features")
        self.kind, self.feature_count = kind, feature_count
        self.feature_names = feature_names
        dtype = record_dtype(kind, feature_count)
        self.earlier = [each for each in _segment_paths_or_none(self.folder)
                        if _closed_after_crash(each, dtype)]
        self.earlier = [each.with_name(each.name.removesuffix(OPEN_SUFFIX))
                        for each in self.earlier]
        index = 1 + max((int(each.name[:6]) for each in self.earlier), default=0)
        self.segment = self.folder / f"{index:06}{SUFFIXES[kind]}"
        self.open_segment = self.segment.with_name(self.segment.name + OPEN_SUFFIX)
        self.file = open(self.open_segment, "wb")

    def append(self, records):
        """Appends an array of records, as they are; they survive the end of this process."""
        self.file.write(np.ascontiguousarray(records).tobytes())
        self.file.flush()

    def close(self):
        """Puts the segment on the disk under its name, then the manifest."""
        _synced(self.file)
        if self.earlier and not self.open_segment.stat().st_size:
            self.open_segment.unlink()
        else:
            self.open_segment.rename(self.segment)
        partial = self.folder / "manifest.json.partial"
        with open(partial, "w") as file:
            json.dump(self._manifest(), file, indent=2)
            _synced(file)
        partial.rename(self.folder / "manifest.json")

    def _manifest(self):
        paths = self.earlier + [self.segment] * self.segment.exists()
        dtype = record_dtype(self.kind, self.feature_count)
        segments = [_mapped(each, dtype) for each in paths]
        manifest = {"format": "tamis-run/1", "kind": self.kind, "features": self.feature_count}
        if self.feature_names:
            manifest["feature_names"] = self.feature_names
        manifest["schema"] = self._schema(segments)
        manifest |= summary(segments)
        manifest["segments"] = [{
            "name": path.name, "bytes": path.stat().st_size, "records": len(records),
            "sha256": file_sha256(path)} for path, records in zip(paths, segments)]
        return manifest

    def _schema(self, segments):
        """As text: of the names, else the one that the records say, else 0."""
        stated = set().union(*(np.unique(events_of(each)["schema"]).tolist()
                               for each in segments)) - {0}
        value = stated.pop() if len(stated) == 1 else 0
        if self.feature_names:
            value = formats.schema_prefix(self.feature_names)
        return value.to_bytes(4, "little").hex()


def record_dtype(kind, feature_count):
    """The layout of a segment's records."""
    dtypes = {"events": formats.event_dtype, "flagged": formats.flagged_dtype}
    return dtypes[kind](feature_count)


def is_flagged(records):
    """Whether an array holds flagged records."""
    return "attributions" in records.dtype.names


def events_of(records):
    """The event records of an array, which may be inside flagged ones."""
    return records["event"] if is_flagged(records) else records


def summary(segments):
    """What a manifest says of the records in some segments' arrays."""
    def column(name, records=events_of):
        return np.concatenate([records(each)[name] for each in segments])

    flagged = is_flagged(segments[0])
    events = {name: column(name) for name in ("kind", "run", "source", "sequence", "time_ns")}
    result = {"records": len(events["kind"])}
    if flagged:
        reasons = column("reasons", np.asarray)
        result["counts"] = {name: int((reasons & bit != 0).sum())
                            for bit, name in formats.REASON_NAMES.items()}
    else:
        result["counts"] = {name: int((events["kind"] == kind).sum())
                            for kind, name in formats.KIND_NAMES.items()}
    result["runs"] = np.unique(events["run"]).tolist()
    if result["records"]:
        result["first_time_ns"] = int(events["time_ns"].min())
        result["last_time_ns"] = int(events["time_ns"].max())
        if flagged:
            numbers = column("number", np.asarray)
            result["first_number"], result["last_number"] = int(numbers.min()), int(numbers.max())
    result["sources"] = sequence_ledger(events, with_gaps=not flagged)
    return result


def sequence_ledger(events, with_gaps=True):
    """Per run and source: how many records, and what their sequence numbers say is missing.

    events: a mapping from field name to column, such as an array of event records.
    """
    streams = events["run"].astype(np.uint64) << np.uint64(32) | events["source"]
    ledger = []
    for stream in np.unique(streams):
        sequences = events["sequence"][streams == stream]
        entry = {"run": int(stream) >> 32, "source": int(stream) & 0xFFFFFFFF,
                 "records": len(sequences), "first_sequence": int(sequences.min()),
                 "last_sequence": int(sequences.max())}
        if with_gaps:
            distinct, places = np.unique(sequences, return_index=True)
            highest_so_far = np.maximum.accumulate(sequences)
            entry |= {"lost": entry["last_sequence"] - len(distinct),
                      "late": int((distinct < highest_so_far[places]).sum()),
                      "repeated": len(sequences) - len(distinct)}
        ledger.append(entry)
    return ledger


def numbered_names(feature_count):
    """Names for features that have none."""
    return [f"feature_{index}" for index in range(feature_count)]


def feature_names_of(path):
    """Feature names from a model file, a manifest, or a JSON array; None where it has none."""
    path = pathlib.Path(path)
    if path.suffix == ".safetensors":
        with open(path, "rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return json.loads(header.get("__metadata__", {}).get("feature_names", "null"))
    content = json.loads(path.read_text())
    return content if isinstance(content, list) else content.get("feature_names")


def file_sha256(path):
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _synced(file):
    file.flush()
    os.fsync(file.fileno())
    file.close()


def _segment_paths_or_none(folder):
    return sorted(each for each in folder.glob("[0-9]" * 6 + ".*") if _kind(each))


def _closed_after_crash(path, dtype):
    """Cuts the torn end of an open segment and names it; whether any record is left."""
    if not path.name.endswith(OPEN_SUFFIX):
        return True
    records = _mapped(path, dtype)
    good = np.flatnonzero(records["crc32c"] == formats.checksums(records)) if len(records) else []
    count = int(good[-1]) + 1 if len(good) else 0
    del records
    if not count:
        path.unlink()
        return False
    os.truncate(path, count * dtype.itemsize)
    path.rename(path.with_name(path.name.removesuffix(OPEN_SUFFIX)))
    return True


def _segment_paths(path):
    if path.is_file():
        return [path]
    paths = _segment_paths_or_none(path)
    if not paths:
        raise RunFault(f"{path}: no segment NNNNNN.events or NNNNNN.flagged")
    return paths


def _kind(path):
    name = path.name.removesuffix(OPEN_SUFFIX)
    return next((each for each, suffix in SUFFIXES.items() if name.endswith(suffix)), None)


def _feature_count(paths, kind):
    """D as the first record says it: an event record's field, or the place of the inner event."""
    filled = next((each for each in paths if each.stat().st_size), None)
    if kind is None or filled is None:
        raise RunFault(f"{paths[0]}: not a segment, or nothing in it that says how many features")
    with open(filled, "rb") as file:
        first = file.read(2 * formats.HEADER_BYTES + 8 * 65535)
    if kind == "events":
        return int.from_bytes(first[20:22], "little")
    for start in range(formats.HEADER_BYTES + 4, len(first) - 22, 4):
        if first[start:start + 4] == formats.EVENT_MAGIC:
            feature_count = int.from_bytes(first[start + 20:start + 22], "little")
            if start == formats.HEADER_BYTES + 4 * feature_count:
                return feature_count
    raise RunFault(f"{filled}: the first flagged record holds no event record")


def _mapped(path, dtype):
    count = path.stat().st_size // dtype.itemsize
    if count == 0:
        return np.zeros(0, dtype)
    return np.memmap(path, dtype, mode="r", shape=(count,))
