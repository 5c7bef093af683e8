"""Says how often each working point fired in each run, with exact intervals.

Counts the flagged records of a run of events that was triggered on, and gives the rate per event
of that run with its Clopper-Pearson interval. A prescaled working point's rate is the rate of
what was kept, times the prescale.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from .. import records as formats
from .. import runs
from .program import ended

EXAMPLE = "example:\n  tamis-rates --flagged journal --calibration c.json --input run3 run4"


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flagged", metavar="RUN", required=True, help="flagged records")
    parser.add_argument("--calibration", metavar="FILE", required=True)
    parser.add_argument("--input", metavar="RUN", nargs="+", required=True,
                        help="the events that were triggered on")
    parser.add_argument("--confidence", type=float, default=0.95, help="default 0.95")
    return parser.parse_args(arguments)


def clopper_pearson(successes: int, trials: int, confidence: float) -> tuple[float, float]:
    """The exact interval of a probability seen `successes` times in `trials`."""
    tail = (1 - confidence) / 2
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])

    def at_most(count: int, probability: float) -> float:
        """P(X <= count) of the binomial distribution."""
        k = np.arange(count + 1)
        terms = (logs[trials] - logs[k] - logs[trials - k]
                 + k * np.log(probability) + (trials - k) * np.log1p(-probability))
        return float(np.exp(terms).sum())

    def solved(count: int, wanted: float) -> float:
        """The probability at which P(X <= count), which falls as it grows, is `wanted`."""
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if at_most(count, middle) > wanted else (low, middle)
        return (low + high) / 2

    low = 0.0 if successes == 0 else solved(successes - 1, 1 - tail)
    high = 1.0 if successes == trials else solved(successes, tail)
    return low, high


def event_counts(paths: Iterable[str]) -> dict[int, int]:
    """How many events each run number has in recorded runs."""
    counts: dict[int, int] = {}
    for path in paths:
        for block in runs.Run(path).blocks():
            numbers = block["run"][block["kind"] == formats.EVENT]
            for number, count in zip(*np.unique(numbers, return_counts=True)):
                counts[int(number)] = counts.get(int(number), 0) + int(count)
    return counts


def kept_counts(path: str, point_count: int) -> dict[int, npt.NDArray[Any]]:
    """How many flagged records each run has for each working point, {run: array}."""
    counts: dict[int, npt.NDArray[Any]] = {}
    for block in runs.Run(path).blocks():
        fired = block["working_points"][:, None] >> np.arange(point_count) & 1
        for number in np.unique(block["event"]["run"]):
            mine = fired[block["event"]["run"] == number].sum(axis=0)
            counts[int(number)] = counts.get(int(number), 0) + mine
    return counts


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_arguments(arguments)
    with open(options.calibration) as file:
        points = json.load(file)["working_points"]
    kept = kept_counts(options.flagged, len(points))
    for run, events in sorted(event_counts(options.input).items()):
        for index, point in enumerate(points):
            count, prescale = int(kept.get(run, [0] * len(points))[index]), point["prescale"]
            low, high = (prescale * each
                         for each in clopper_pearson(count, events, options.confidence))
            print(f"run {run}, {point['name']}: {count} of {events} events kept, prescale "
                  f"{prescale}, rate {prescale * count / events:.4g}, {options.confidence:.0%} "
                  f"interval {low:.4g} to {high:.4g}, target FPR {point['target_fpr']:g}")
    return 0


def run() -> NoReturn:
    ended(main)
