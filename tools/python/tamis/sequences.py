"""Which sequence numbers of one run and source were seen, as a manifest and the ledger count them."""

from __future__ import annotations

import bisect
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["RANGES_MAX", "sequence_counts"]

# Ranges of seen numbers that are told apart; where one more would be needed the oldest is closed.
RANGES_MAX = 64


def sequence_counts(sequences: npt.NDArray[Any]) -> dict[str, int]:
    """How many numbers are lost, late and repeated among `sequences` (N,), in the order of coming.

    Numbers count from 1; 0 is a repeated one, as is a number that was seen before.
    """
    numbered = sequences[sequences != 0]
    zero_count = len(sequences) - len(numbered)
    if not len(numbered):
        return {"lost": 0, "late": 0, "repeated": zero_count}
    # Where the numbers do not go on by one. Each such place can begin a range, no other can.
    jumps = int(np.count_nonzero(numbered[1:] != numbered[:-1] + np.uint64(1)))
    if jumps < RANGES_MAX:
        distinct, places = np.unique(numbered, return_index=True)
        late = int((distinct < np.maximum.accumulate(numbered)[places]).sum())
        return {"lost": int(distinct[-1]) - len(distinct), "late": late,
                "repeated": len(numbered) - len(distinct) + zero_count}
    seen = _Seen()
    for sequence in numbered.tolist():
        seen.note(sequence)
    return {"lost": seen.highest - seen.received, "late": seen.late,
            "repeated": seen.repeated + zero_count}


class _Seen:
    """At most RANGES_MAX ranges of numbers that were seen, ascending, none touching the next."""

    def __init__(self) -> None:
        self.firsts: list[int] = []
        self.lasts: list[int] = []
        # Numbers up to here are no longer told apart.
        self.closed_through = 0
        self.highest = self.received = self.late = self.repeated = 0

    def note(self, sequence: int) -> None:
        if sequence > self.highest:
            if self.firsts and sequence - self.highest == 1:
                self.lasts[-1] = sequence
            else:
                self._insert(len(self.firsts), sequence)
            self.highest = sequence
            self.received += 1
        elif sequence <= self.closed_through:
            self.repeated += 1
        else:
            self._note_old(sequence)

    def _note_old(self, sequence: int) -> None:
        # The range that the number belongs to, or that follows it. The last one ends at `highest`.
        place = bisect.bisect_left(self.lasts, sequence)
        if self.firsts[place] <= sequence:
            self.repeated += 1
            return
        self.received += 1
        self.late += 1
        touches_next = self.firsts[place] - sequence == 1
        touches_previous = place > 0 and sequence - self.lasts[place - 1] == 1
        if touches_next and touches_previous:
            self.firsts[place] = self.firsts[place - 1]
            del self.firsts[place - 1], self.lasts[place - 1]
        elif touches_previous:
            self.lasts[place - 1] = sequence
        elif touches_next:
            self.firsts[place] = sequence
        else:
            self._insert(place, sequence)

    def _insert(self, place: int, sequence: int) -> None:
        if len(self.firsts) == RANGES_MAX:
            if place == 0:
                self.closed_through = sequence
                return
            self.closed_through = self.lasts[0]
            del self.firsts[0], self.lasts[0]
            place -= 1
        self.firsts.insert(place, sequence)
        self.lasts.insert(place, sequence)
