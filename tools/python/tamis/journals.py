"""What lies beside a flagged journal's segments: ledger, decisions, cursors."""

from __future__ import annotations

import json
import pathlib
import re
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from .checksums import crc32c
from .faults import RunFault
from .runs import Path, Run

__all__ = ["Deleted", "Journal", "Lines", "read_lines"]

_CHECKSUM = re.compile(rb',\s*"crc32c":\s*"([0-9a-f]{8})"\s*}\s*$')


class Lines(NamedTuple):
    """The objects of a file of one JSON object a line."""
    entries: list[dict[str, Any]]
    """The good lines, in order, without their checksums."""
    faults: list[str]
    """Lines that were left out, with the reason: torn by a crash, or changed since."""


def read_lines(path: Path) -> Lines:
    """Reads `ledger.jsonl`, `decisions.jsonl` or another file of one object a line.

    A line may end with a member `crc32c` over the bytes before it; it is checked where it is there.
    Lines of older daemons have none. Integers keep their 64 bits. A missing file has no lines.
    """
    path = pathlib.Path(path)
    entries: list[dict[str, Any]] = []
    faults: list[str] = []
    if not path.exists():
        return Lines(entries, faults)
    content = path.read_bytes()
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(line))
        except ValueError as fault:
            torn = number == content.count(b"\n") + 1
            faults.append(f"{path}, line {number}: " + ("torn" if torn else str(fault)))
    return Lines(entries, faults)


def _entry(line: bytes) -> dict[str, Any]:
    entry = json.loads(line)
    if not isinstance(entry, dict):
        raise ValueError("an object was expected")
    if "crc32c" in entry:
        found = _CHECKSUM.search(line)
        if not found or int(found[1], 16) != crc32c(line[:found.start()]):
            raise ValueError("its checksum is not that of its text")
        del entry["crc32c"]
    return entry


class Deleted(NamedTuple):
    """What retention has deleted from a journal."""
    last_number: int
    published: int
    unpublished: int
    last_segment: int


class Journal(Run):
    """A flagged journal: a run of flagged records and what the daemon keeps beside it.

    A daemon may be writing it meanwhile: this is the state at opening.
    """

    def __init__(self, path: Path):
        super().__init__(path)
        if self.kind != "flagged" or not self.path.is_dir():
            raise RunFault(f"{path}: a folder of flagged segments was expected")

    def ledger(self) -> Lines:
        """Every closing of a run and source, in the order of the file."""
        return read_lines(self.path / "ledger.jsonl")

    def closed_runs(self) -> list[dict[str, Any]]:
        """The ledger's lines that count, in the order in which their runs were closed first.

        Of lines with the same run, source and opening the last one counts; but a line whose closing
        is `silence` or `next_run` is a part by itself, to which what comes after it is added.
        """
        parts: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for line in self.ledger().entries:
            if line.get("closing") == "refused":
                continue
            found = parts.setdefault((line["run"], line["source"], line["opened_ns"]), [])
            if found and found[-1]["closing"] not in ("silence", "next_run"):
                found.pop()
            found.append(line)
        return [line for found in parts.values() for line in found]

    def refused(self) -> dict[tuple[int | None, int | None], dict[str, int]]:
        """Records that were refused, by run and source (None: of no run that can be told) and
        reason; the sums of all lines."""
        sums: dict[tuple[int | None, int | None], dict[str, int]] = {}
        for line in self.ledger().entries:
            reasons = sums.setdefault((line["run"], line["source"]), {})
            for reason, count in line.get("refused", {}).items():
                reasons[reason] = reasons.get(reason, 0) + int(count)
        return {key: reasons for key, reasons in sums.items() if reasons}

    def decisions(self) -> Lines:
        """Every change of what decides: models, calibrations, prescales."""
        return read_lines(self.path / "decisions.jsonl")

    @property
    def published(self) -> int:
        """The number of the last record handed to the output; 0 before the first."""
        return self._numbers("published", b"TMSPUBL1", 1)[0]

    @property
    def deleted(self) -> Deleted:
        """What retention has deleted; zeros where nothing was."""
        return Deleted(*self._numbers("deleted", b"TMSDELE1", 4))

    def _numbers(self, name: str, magic: bytes, count: int) -> tuple[int, ...]:
        """The first `count` numbers of a file of two copies, or of its older form without copies."""
        path = self.path / name
        if not path.exists():
            return (0,) * count
        content = path.read_bytes()
        if len(content) == 8 * count:
            return struct.unpack(f"<{count}Q", content)
        copies = [content[start:start + 64] for start in (0, 512)]
        good = [copy for copy in copies if len(copy) == 64 and copy[:8] == magic
                and struct.unpack_from("<I", copy, 60)[0] == crc32c(copy[:60])]
        if not good:
            raise RunFault(f"{path}: {len(content)} bytes without a whole copy of its numbers")
        newest = max(good, key=lambda copy: int(struct.unpack_from("<Q", copy, 8)[0]))
        return struct.unpack_from(f"<{count}Q", newest, 16)

    def faults(self) -> Iterator[str]:
        """What is wrong with records, segments, ledger and decisions, a line each."""
        yield from super().faults()
        yield from self.ledger().faults
        yield from self.decisions().faults
