"""Says how often each working point fired in each run, with exact intervals.

Counts the flagged records of a run of events that was triggered on, and gives the rate per event
of that run with its Clopper-Pearson interval. A prescaled working point's rate is the rate of
what was kept, times the prescale. Where prescales went by section or time, or a flood raised them,
the journal's decisions.jsonl tells the prescale of each record: the rate is then the sum over the
prescales, and the interval holds for all of them together. Events that their sender marked as
simulated are left out.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from .. import records as formats
from .. import runs
from ..bounds import number_option
from ..calibrations import Calibration
from ..decisions import prescales_of
from ..faults import RunFault
from ..journals import read_lines
from ..rarity import clopper_pearson
from .program import ended

EXAMPLE = "example:\n  tamis-rates --flagged journal --calibration c.json --input run3 run4"


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flagged", metavar="RUN", required=True, help="flagged records")
    parser.add_argument("--calibration", metavar="FILE", required=True)
    parser.add_argument("--input", metavar="RUN", nargs="+", required=True,
                        help="the events that were triggered on")
    parser.add_argument("--confidence", type=number_option(0, 1, inside=True), default=0.95,
                        help="default 0.95")
    return parser.parse_args(arguments)


def measured(events: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which records are events that no sender marked as simulated, (N,)."""
    found: npt.NDArray[np.bool_] = (
        (events["kind"] == formats.EVENT) & (events["flags"] & formats.SIMULATED_FLAG == 0))
    return found


def event_counts(paths: Iterable[str]) -> dict[int, int]:
    """How many events each run number has in recorded runs, without simulated ones."""
    counts: dict[int, int] = {}
    for path in paths:
        for block in runs.Run(path).blocks():
            numbers = block["run"][measured(block)]
            for number, count in zip(*np.unique(numbers, return_counts=True)):
                counts[int(number)] = counts.get(int(number), 0) + int(count)
    return counts


class Prescales:
    """What a working point's prescale was at each record of a journal that a calibration decided."""

    def __init__(self, path: str, own: Sequence[int], sha256: str):
        self.left_out = 0
        self.prefix = int.from_bytes(bytes.fromhex(sha256)[:4], "little")
        lines = read_lines(pathlib.Path(path) / "decisions.jsonl").entries
        self.own = np.array(own, np.uint32)
        self.tables = {line["prescale_table"]: line for line in lines if "rows" in line}
        self.changes = [line for line in lines if line.get("calibration_sha256") == sha256]
        self.firsts = np.array([line["number"] for line in self.changes], np.uint64)
        unknown = {line["prescale_table"] for line in self.changes if "prescale_table" in line}
        if unknown - self.tables.keys():
            raise RunFault(f"{path}: decisions.jsonl lacks the rows of a table of prescales; what its "
                           "records stand for is not known")

    @property
    def in_force(self) -> list[tuple[npt.NDArray[np.uint32], int]]:
        """Rows of prescales, (rows, working points), with the flood's, of every change."""
        found = [(self._rows(line), int(line["flood_prescale"])) for line in self.changes]
        return found or [(self.own[None], 1)]

    def _rows(self, line: Mapping[str, Any]) -> npt.NDArray[np.uint32]:
        if "prescale_table" not in line:
            return self.own[None]
        return np.array([row["prescales"] for row in self.tables[line["prescale_table"]]["rows"]],
                        np.uint32)

    def decided(self, records: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Which flagged records the calibration decided, (N,); others are counted as left out. 0 is of
        records that do not say."""
        found: npt.NDArray[np.bool_] = np.isin(records["calibration"], [0, self.prefix])
        self.left_out += int((~found).sum())
        return found

    def of(self, records: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
        """(working points, N) for flagged records (N,)."""
        found = np.repeat(self.own[:, None], len(records), axis=1)
        places = np.searchsorted(self.firsts, records["number"], side="right") - 1
        for place in np.unique(places[places >= 0]):
            line, chosen = self.changes[place], places == place
            if "prescale_table" in line:
                found[:, chosen] = prescales_of(
                    self.tables[line["prescale_table"]], records["event"][chosen])
            found[:, chosen] = np.maximum(found[:, chosen], np.uint32(line["flood_prescale"]))
        return found


def kept_counts(
        path: str, prescales: Prescales) -> dict[int, list[dict[int, int]]]:
    """How many flagged records each run has for each working point by prescale:
    {run: [{prescale: count} a point]}."""
    counts: dict[int, list[dict[int, int]]] = {}
    point_count = len(prescales.own)
    for block in runs.Run(path).blocks():
        block = block[prescales.decided(block) & measured(block["event"])]
        fired = (block["working_points"][None] >> np.arange(point_count)[:, None] & 1) == 1
        own = prescales.of(block)
        for number in np.unique(block["event"]["run"]):
            mine = counts.setdefault(int(number), [{} for _ in range(point_count)])
            is_here = block["event"]["run"] == number
            for point in range(point_count):
                values, found = np.unique(own[point][fired[point] & is_here], return_counts=True)
                for value, count in zip(values, found):
                    mine[point][int(value)] = mine[point].get(int(value), 0) + int(count)
    return counts


def rate_text(kept: Mapping[int, int], possible: set[int], events: int, confidence: float) -> str:
    """The estimated rate of a working point with its interval, as a text.

    `kept` has the number of kept records for each prescale they were kept under, `possible` the
    prescales in force, and `events` the number of events decided.
    """
    unseen = possible - kept.keys() - {0}
    counts = dict(kept) | ({max(unseen): 0} if unseen else {})
    ends = [(prescale, clopper_pearson(count, events, 1 - (1 - confidence) / len(counts)))
            for prescale, count in counts.items()]
    rate = sum(prescale * count for prescale, count in counts.items()) / events
    low = sum(prescale * each[0] for prescale, each in ends)
    high = sum(prescale * each[1] for prescale, each in ends)
    text = "prescale " + ", ".join(
        f"{each}" for each in sorted(kept.keys() | unseen | ({0} & possible)))
    if 0 in possible:
        return (f"{text}, rate at least {low:.4g} at {confidence:.0%}: events of prescale 0 are in "
                "no record of the working point")
    return f"{text}, rate {rate:.4g}, {confidence:.0%} interval {low:.4g} to {high:.4g}"


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_arguments(arguments)
    calibration = Calibration.read(options.calibration)
    points = calibration.working_points
    prescales = Prescales(options.flagged, [point.prescale for point in points],
                          calibration.sha256 or "")
    in_force = prescales.in_force
    kept = kept_counts(options.flagged, prescales)
    if prescales.left_out:
        print(f"tamis-rates: {options.flagged}: {prescales.left_out} records of another calibration are "
              "left out: the rates of their runs are too low", file=sys.stderr)
    for run, events in sorted(event_counts(options.input).items()):
        for index, point in enumerate(points):
            mine = kept.get(run, [{}] * len(points))[index]
            possible = {0 if each == 0 else max(int(each), flood)
                        for rows, flood in in_force for each in rows[:, index]}
            print(f"run {run}, {point.name}: {sum(mine.values())} of {events} events kept, "
                  f"{rate_text(mine, possible, events, options.confidence)}, "
                  f"target FPR {point.target_fpr:g}")
    return 0


def run() -> NoReturn:
    ended(main)
