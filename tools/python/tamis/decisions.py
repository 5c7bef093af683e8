"""Scores from attributions, prescales and decisions, as docs/formats.md has them, to the bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["decide", "passes", "prescale_hash", "prescales_of", "sum_attributions"]

_LANES = 16
_ABOVE_THRESHOLD, _UNBIASED, _NOT_SCORABLE, _BELOW_THRESHOLD = 1, 2, 4, 8


def sum_attributions(attributions: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The scores (N,) that go with attributions (N, D), float32, in their one order, to the bit."""
    count, feature_count = attributions.shape
    lanes = np.zeros((count, _LANES), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, feature_count, _LANES):
            part = attributions[:, start:start + _LANES]
            lanes[:, :part.shape[1]] += part
        for half in (8, 4, 2, 1):
            lanes = lanes[:, :half] + lanes[:, half:]
    return np.ascontiguousarray(lanes[:, 0])


def _mixed(z: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def prescale_hash(events: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """The 64-bit number of every event record, (N,), that all its prescales look at."""
    run, source = events["run"].astype(np.uint64), events["source"].astype(np.uint64)
    state = np.zeros(len(events), np.uint64)
    for word in (run << np.uint64(32) | source, events["sequence"], events["event"]):
        state = _mixed(state + np.uint64(0x9E3779B97F4A7C15) + word)
    return state


def passes(
        hashes: npt.NDArray[np.uint64], prescale: int | npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether floor(hash * prescale / 2^64) is 0, (N,); a prescale of 0 lets nothing pass. One for
    all, or one an event, (N,)."""
    prescales = np.broadcast_to(np.asarray(prescale, np.uint64), hashes.shape)
    limits = np.uint64(2**64 - 1) // np.maximum(prescales, np.uint64(1))
    passed: npt.NDArray[np.bool_] = (hashes <= limits) & (prescales > 0)
    return passed


def prescales_of(table: Mapping[str, Any], events: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """The prescales of event records (N,) by a table of decisions.jsonl, its line with `rows`:
    (working points, N)."""
    rows = table["rows"]
    starts = np.array([row["from"] for row in rows[1:]], np.uint64)
    keys = events["lumi" if table["by"] == "section" else "time_ns"].astype(np.uint64)
    values = np.array([row["prescales"] for row in rows], np.uint32)
    return values[np.searchsorted(starts, keys, side="right")].T


def decide(
        scores: npt.NDArray[np.float32], hashes: npt.NDArray[np.uint64],
        working_points: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]], unbiased_prescale: int = 0,
        flood_prescale: int = 1, factors: Sequence[float] | None = None,
        simulated: npt.NDArray[np.bool_] | None = None, sides: Sequence[str] | None = None,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16], npt.NDArray[np.uint32]]:
    """Reasons, working point mask and weight of every event, (N,) each.

    scores            (N,) float32, NaN where an event is not scorable
    hashes            (N,) of prescale_hash
    working_points    (threshold, prescale) pairs in the calibration's order; a threshold is a number,
                      or one an event, (N,), and so is a prescale (see prescales_of)
    unbiased_prescale one in this many events is kept whatever its score; 0 for none
    flood_prescale    what a flood imposes on all but the unbiased sample
    factors           what rate control multiplies each threshold by, as `factors` of a line of
                      decisions.jsonl; None for 1 everywhere
    simulated         (N,) true where the sender marked the event as simulated: it is never in the
                      unbiased sample; None where no event is
    sides             of each working point `high` or `low`, as `Calibration.sides` has them: on the low
                      side a score below the threshold fires; None for `high` everywhere

    Reasons 0 and weight 0 are events that are not kept.
    """
    unscorable = np.isnan(scores)
    never = np.uint32(2**32 - 1)
    kept = unscorable & passes(hashes, flood_prescale)
    reasons = np.where(kept, _NOT_SCORABLE, 0).astype(np.uint8)
    weight = np.where(kept, np.uint32(flood_prescale), never).astype(np.uint32)
    mask = np.zeros(len(scores), np.uint16)
    for index, (threshold, own_prescale) in enumerate(working_points):
        own = np.broadcast_to(np.asarray(own_prescale, np.uint32), scores.shape)
        prescale = np.where(own == 0, 0, np.maximum(own, np.uint32(flood_prescale))).astype(
            np.uint32)
        factor = np.float32(1 if factors is None else factors[index])
        is_low = sides is not None and sides[index] == "low"
        with np.errstate(invalid="ignore", over="ignore"):
            in_force = np.asarray(threshold, np.float32) * factor
            kept = (scores < in_force if is_low else scores > in_force) & passes(hashes, prescale)
        mask[kept] |= np.uint16(1 << index)
        reasons[kept] |= np.uint8(_BELOW_THRESHOLD if is_low else _ABOVE_THRESHOLD)
        weight[kept] = np.minimum(weight[kept], prescale[kept])
    kept = passes(hashes, unbiased_prescale)
    if simulated is not None:
        kept &= ~np.asarray(simulated, np.bool_)
    reasons[kept] |= np.uint8(_UNBIASED)
    # Bit 2 goes with every event that is not scorable, also with one that a flood leaves to the
    # unbiased sample.
    reasons[kept & unscorable] |= np.uint8(_NOT_SCORABLE)
    weight[kept] = np.minimum(weight[kept], np.uint32(unbiased_prescale))
    weight[reasons == 0] = 0
    return reasons, mask, weight
