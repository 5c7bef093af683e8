"""Writing run folders as docs/formats.md has them, also after a crash of the writer."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
from collections.abc import Sequence
from typing import IO, Any

import numpy as np

from . import records as formats
from .faults import RunFault
from .records import Records, record_dtype
from .runs import (
    OPEN_SUFFIX, SUFFIXES, Path, events_of, file_sha256, mapped, segment_number,
    segment_paths_or_none, summary, sync_folder)

__all__ = ["RunWriter"]


class RunWriter:
    """Writes records into a run folder; close() names the segment and writes the manifest.

    With `continuing` records are appended to a run that exists, also after its writer was killed:
    what follows the last good record of an open segment is cut off first. As a context manager it
    is closed at the end of the block, and left as after a crash where the block raises. The folder is
    held meanwhile, as the commands hold it: a second writer is refused.

    >>> with RunWriter("new", "events", 64, names) as writer:     # doctest: +SKIP
    ...     writer.append(records)
    """

    def __init__(self, path: Path, kind: str, feature_count: int,
                 feature_names: Sequence[str] | None = None, continuing: bool = False):
        self.folder = pathlib.Path(path)
        if self.folder.exists() and not self.folder.is_dir():
            raise RunFault(f"{path}: is a file; a run is written into a new folder")
        self._made_folder = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._hold = _HeldFolder(self.folder)
        if not continuing and any(self.folder.iterdir()):
            raise RunFault(f"{path}: not empty; a run is written into a new folder")
        if feature_names and len(feature_names) != feature_count:
            raise RunFault(f"{path}: {len(feature_names)} names for {feature_count} features")
        self.kind, self.feature_count = kind, feature_count
        self.feature_names = list(feature_names) if feature_names else None
        self.dtype = record_dtype(kind, feature_count)
        self.last_number = 0
        """Flagged: the highest number of the records that were there before."""
        self.earlier = [each.with_name(each.name.removesuffix(OPEN_SUFFIX))
                        for each in segment_paths_or_none(self.folder)
                        if self._closed_after_crash(each)]
        if kind == "flagged" and self.earlier:
            self.last_number = int(mapped(self.earlier[-1], self.dtype)["number"][-1])
        self._before = set(self.earlier)
        self._index = max((segment_number(each) for each in self.earlier), default=0)
        self._open_next()

    def _open_next(self) -> None:
        self._index += 1
        self.segment = self.folder / f"{self._index:06}{SUFFIXES[self.kind]}"
        self.open_segment = self.segment.with_name(self.segment.name + OPEN_SUFFIX)
        self.file: IO[bytes] = open(self.open_segment, "wb")
        sync_folder(self.folder)

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.file.close()
            self._hold.close()

    def append(self, records: Records, durable: bool = False) -> None:
        """Appends an array of records, as they are; they survive the end of this process, and
        with `durable` that of the machine."""
        if records.dtype != self.dtype:
            raise RunFault(f"{self.folder}: {self.kind} records of {self.feature_count} features "
                           f"are written here, of {self.dtype.itemsize} bytes; these have "
                           f"{records.dtype.itemsize}")
        self.file.write(np.ascontiguousarray(records).tobytes())
        self.file.flush()
        if durable:
            os.fdatasync(self.file.fileno())

    def next_segment(self) -> None:
        """Closes the segment and begins the next one."""
        self._name_segment()
        self._open_next()

    def close(self) -> None:
        """Puts the segment on the disk under its name, then the manifest."""
        self._name_segment()
        # The name that the commands use, too, and remove with a run that was not finished.
        partial = self.folder / "manifest.json.new"
        try:
            with open(partial, "w", encoding="utf-8") as file:
                json.dump(self._manifest(), file, indent=2)
                _synced(file)
            partial.rename(self.folder / "manifest.json")
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(self.folder)
        self._hold.close()

    def discard(self) -> None:
        """Removes what was written since the writer was made, and the folder if it made that: for a run
        that cannot be finished and can be made again."""
        with contextlib.suppress(OSError):
            self.file.close()  # What it had not written yet finds no room, perhaps.
        (self.folder / "manifest.json").unlink(missing_ok=True)
        for path in {self.segment, self.open_segment, *self.earlier} - self._before:
            path.unlink(missing_ok=True)
        if self._made_folder:
            with contextlib.suppress(OSError):
                self.folder.rmdir()
        self._hold.close()

    def _name_segment(self) -> None:
        _synced(self.file)
        if self.earlier and not self.open_segment.stat().st_size:
            self.open_segment.unlink()
            return
        self.open_segment.rename(self.segment)
        self.earlier.append(self.segment)
        sync_folder(self.folder)

    def _manifest(self) -> dict[str, Any]:
        segments = [mapped(each, self.dtype) for each in self.earlier]
        manifest: dict[str, Any] = {
            "format": "tamis-run/1", "kind": self.kind, "features": self.feature_count}
        if self.feature_names:
            manifest["feature_names"] = self.feature_names
        manifest["schema"] = self._schema(segments)
        manifest |= summary(segments)
        manifest["segments"] = [{
            "name": path.name, "bytes": path.stat().st_size, "records": len(records),
            "sha256": file_sha256(path)} for path, records in zip(self.earlier, segments)]
        return manifest

    def _schema(self, segments: Sequence[Records]) -> str:
        """As text: of the names, else the one that the records say, else 0."""
        if self.feature_names:
            return formats.schema_text(formats.schema_prefix(self.feature_names))
        stated: set[int] = set()
        for each in segments:
            stated |= set(np.unique(events_of(each)["schema"]).tolist())
        stated -= {0}
        return formats.schema_text(stated.pop() if len(stated) == 1 else 0)

    def _closed_after_crash(self, path: pathlib.Path) -> bool:
        """Cuts the torn end of an open segment and names it; whether any record is left."""
        if not path.name.endswith(SUFFIXES[self.kind]) and \
                not path.name.endswith(SUFFIXES[self.kind] + OPEN_SUFFIX):
            raise RunFault(f"{path}: {self.kind} records are to be written beside it")
        if not path.name.endswith(OPEN_SUFFIX):
            return path.stat().st_size > 0
        records = mapped(path, self.dtype)
        count = 0
        if len(records):
            good = np.flatnonzero(records["crc32c"] == formats.checksums(records))
            count = int(good[-1]) + 1 if len(good) else 0
        del records
        if not count:
            path.unlink()
            return False
        os.truncate(path, count * self.dtype.itemsize)
        path.rename(path.with_name(path.name.removesuffix(OPEN_SUFFIX)))
        return True


class _HeldFolder:
    """Holds a folder by flock(2) on the folder itself, until close() or the end of the process."""

    def __init__(self, folder: pathlib.Path):
        self.descriptor: int | None = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise RunFault(f"{folder}: another process writes there; wait for its end") from None
        except OSError:
            pass  # Some file systems lock no folders.

    def close(self) -> None:
        """Lets the folder go."""
        if self.descriptor is not None:
            os.close(self.descriptor)
        self.descriptor = None

    __del__ = close


def _synced(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
