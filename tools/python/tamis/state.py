"""A small durable file: how far a receiver has come."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any

from .checksums import crc32c
from .faults import FileFault
from .runs import Path, sync_folder

__all__ = ["StateFile"]

_SLOT_BYTES = 4096
_FORMAT = "tamis-receiver/1"


class StateFile:
    """The number of the last record that was handled, and a note of the user's.

    Two slots, written in turn and synced, each with its own checksum and a count: whatever a crash
    cuts, the slot before it is whole.
    """

    def __init__(self, path: Path):
        self.path = pathlib.Path(path)
        self.number, self.note, self._count = 0, None, 0
        try:
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as fault:
            raise FileFault(f"{self.path}: {fault.strerror}") from fault
        content = os.pread(self._handle, 2 * _SLOT_BYTES, 0)
        slots = [slot for slot in map(_read_slot, (content[:_SLOT_BYTES], content[_SLOT_BYTES:]))
                 if slot]
        if content.strip(b"\0 \n") and not slots:
            os.close(self._handle)
            raise FileFault(f"{self.path}: not the state of a receiver; name another file")
        if slots:
            last = max(slots, key=lambda slot: int(slot["count"]))
            self.number, self.note, self._count = last["number"], last["note"], last["count"]
        else:
            sync_folder(self.path.parent)

    note: Any
    number: int

    def write(self, number: int, note: Any = None) -> None:
        """Records that everything up to `number` is handled; on the disk when it returns."""
        count = self._count + 1
        text = json.dumps({"format": _FORMAT, "count": count, "number": number, "note": note})
        slot = text.encode() + b" %08x\n" % crc32c(text.encode())
        if len(slot) > _SLOT_BYTES:
            raise ValueError(f"a note of {len(text)} bytes; about 3900 are room for it")
        os.pwrite(self._handle, slot.ljust(_SLOT_BYTES, b"\0"), (count % 2) * _SLOT_BYTES)
        os.fdatasync(self._handle)
        self.number, self.note, self._count = number, note, count

    def close(self) -> None:
        """Closes the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _read_slot(slot: bytes) -> dict[str, Any] | None:
    line = slot.split(b"\n", 1)[0]
    text, _, checksum = line.rpartition(b" ")
    try:
        if int(checksum, 16) != crc32c(text):
            return None
        content = json.loads(text)
    except ValueError:
        return None
    return content if isinstance(content, dict) and content.get("format") == _FORMAT else None
