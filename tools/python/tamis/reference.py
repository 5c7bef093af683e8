"""Scores and attributions, computed again from docs/method-engine.md alone.

Two arithmetics:

- `exact=True`: float32 with the fused multiply-adds and the elementary functions of that page, in
  its order; every bit is the program's. A fused multiply-add is done in float64, rounded to odd and
  then to float32, which is one correct rounding. Milliseconds an event: for checking.
- `exact=False`: float64 matrix products, rounded once at the end. Scores agree with the program's
  within 1e-5 relative, attributions within 1e-5 of their event's score.

Standardisation (without log1p), the sum of the attributions, prescales and decisions are bit-equal
in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .decisions import decide, prescale_hash, prescales_of, sum_attributions
from .faults import FileFault
from .calibrations import Calibration
from .models import Distance, Model, Scoring
from .records import BELOW_THRESHOLD, EVENT, SIMULATED_FLAG, Records, new_flagged, seal

__all__ = ["attributions", "flag", "fma", "log1p", "score", "silu", "standardised"]

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]

_F = np.float32
_ROWS_AT_ONCE = 1024


def fma(a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike) -> Float32s:
    """a * b + c for float32 arrays, rounded once to nearest, ties to even."""
    product = np.multiply(a, b, dtype=np.float64)  # exact: 24 + 24 bits fit in 53
    addend = np.asarray(c, np.float64)
    total = np.asarray(product + addend)
    # What the sum lost (Knuth); where it lost anything its last bit is set, rounding to odd, so
    # that the second rounding sees on which side of a tie it is.
    back = total - product
    lost = (product - (total - back)) + (addend - back)
    bits = total.view(np.int64)
    inexact = (lost != 0) & np.isfinite(total) & (bits & 1 == 0)
    # The odd neighbour lies on the side of the true value.
    step = np.where((lost > 0) == (total > 0), 1, -1)
    return (bits + np.where(inexact, step, 0)).view(np.float64).astype(np.float32)


def dense(values: Float32s, weight: Float32s, bias: Float32s) -> Float32s:
    """One chain of fused multiply-adds an output, (N, inputs) to (N, outputs)."""
    total = np.broadcast_to(bias, (len(values), len(bias))).astype(np.float32)
    for k in range(values.shape[1]):
        total = fma(values[:, k:k + 1], weight[:, k], total)
    return total


_LOG2E_HIGH, _LOG2E_LOW = _F(-float.fromhex("0x1.715476p+0")), _F(-float.fromhex("0x1.4ae0c0p-26"))
_SHIFT = _F(float.fromhex("0x1.8p23"))
_EXP2 = [_F(float.fromhex(each)) for each in (
    "0x1.449008p-13", "0x1.5f47e4p-10", "0x1.3b29aap-7", "0x1.c6aed0p-5", "0x1.ebfbe0p-3",
    "0x1.62e430p-1", "0x1p0")]


def silu(x: Float32s) -> Float32s:
    """x / (1 + exp(-x)) for finite float32, to the bits of docs/method-engine.md."""
    x = np.where(x < -87, _F(-87), x)
    y = np.where(x > 87, _F(87), x)
    t = fma(y, _LOG2E_HIGH, _SHIFT)
    n = t - _SHIFT
    f = fma(y, _LOG2E_LOW, fma(y, _LOG2E_HIGH, -n))
    p = np.full_like(f, _EXP2[0])
    for constant in _EXP2[1:]:
        p = fma(f, p, constant)
    e = (p.view(np.uint32) + (t.view(np.uint32) << np.uint32(23))).view(np.float32)
    return x / (_F(1) + e)


_LOG = [_F(float.fromhex(each)) for each in (
    "0x1.1457e0p-4", "-0x1.de3c4cp-4", "0x1.e6f070p-4", "-0x1.fc2200p-4", "0x1.233768p-3",
    "-0x1.555c4ep-3", "0x1.99a4b6p-3", "-0x1.000006p-2", "0x1.555548p-2", "-0x1p-1")]
_LN2_LOW, _LN2_HIGH = _F(-float.fromhex("0x1.bd0106p-13")), _F(float.fromhex("0x1.63p-1"))


def log1p(x: Float32s) -> Float32s:
    """log(1 + x) for finite float32 x >= 0, to the bits of docs/method-engine.md."""
    u = x + _F(1)
    c = np.where(x < 1, x - (u - _F(1)), _F(1) - (u - x))
    q = u.view(np.uint32) - np.uint32(0x3F3504F3)
    k = q.view(np.int32) >> 23
    m = ((q & np.uint32(0x7FFFFF)) + np.uint32(0x3F3504F3)).view(np.float32)
    f = fma(c, np.ldexp(_F(1), -np.minimum(k, 126)).astype(np.float32), m - _F(1))
    r = np.full_like(f, _LOG[0])
    for constant in _LOG[1:]:
        r = fma(f, r, constant)
    exponent = k.astype(np.float32)
    low = fma(exponent, _LN2_LOW, (f * f) * r)
    return fma(exponent, _LN2_HIGH, f + low)


def standardised(model: Model, features: Float32s, exact: bool = True) -> npt.NDArray[Any]:
    """The network's input (N, D) for finite features (N, D): float32, or float64 if not exact."""
    if exact:
        t = np.array(features, np.float32)
        t[:, model.log1p] = log1p(np.maximum(t[:, model.log1p], _F(0)))
        z: npt.NDArray[Any] = (t - model.mean) / model.scale
    else:
        wide = np.array(features, np.float64)
        wide[:, model.log1p] = np.log1p(np.maximum(wide[:, model.log1p], 0))
        z = (wide - model.mean.astype(np.float64)) / model.scale
    if model.clip is not None:
        z = np.clip(z, -model.clip, model.clip)
    return z


def _layer(model: Model, index: int, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    weight, bias = model.layers[index]
    if values.dtype == np.float32:
        return dense(values, weight, bias)
    product: npt.NDArray[Any] = values @ weight.T.astype(np.float64) + bias
    return product


def _activated(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if values.dtype == np.float32:
        return silu(values)
    quotient: npt.NDArray[Any] = values / (1 + np.exp(-np.clip(values, -87, None)))
    return quotient


def _far_shares(distance: Distance, z: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What the distance to the nearest prototype adds to each feature, (N, D)."""
    nearest = np.zeros(len(z), np.int64)
    for start in range(0, len(z), 64):
        rows = z[start:start + 64]
        sums = dense(rows, distance.prototypes, distance.offsets) if z.dtype == np.float32 \
            else rows @ distance.prototypes.T.astype(np.float64) + distance.offsets
        nearest[start:start + 64] = np.where(np.isnan(sums), -np.inf, sums).argmax(axis=1)
    difference = z - distance.prototypes[nearest]
    shares: npt.NDArray[Any] = z.dtype.type(distance.weight) * (difference * difference)
    return shares


def _network(model: Model, scoring: Scoring, z: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Attributions (N, D) of standardised features (N, D)."""
    last = len(model.layers) - 1
    if model.embedding is None:
        h = z
        for index in range(last):
            h = _layer(model, index, h)
            h = np.where(h < 0, h.dtype.type(0), h)
        difference = z - _layer(model, last, h)
        squares: npt.NDArray[Any] = difference * difference
        return squares
    total: npt.NDArray[Any] | None = None
    projected = _layer(model, 0, z)
    for level, weight in zip(scoring.levels, scoring.weights):
        h = projected + model.embedding[level]
        for index in range(1, last):
            h = h + _layer(model, index, _activated(h))
        o = _layer(model, last, _activated(h))
        share = z.dtype.type(weight) * (o * o)
        total = share if total is None else total + share
    if total is None:
        raise FileFault(f"{model.name}: no levels to score with")
    return total if model.distance is None else total + _far_shares(model.distance, z)


def attributions(model: Model, features: npt.ArrayLike, scoring: Scoring | None = None,
                 exact: bool = False) -> Float32s:
    """What each feature contributes to the score: float32 (N, D) of raw features (N, D).

    A row with a NaN or an infinity among its features is NaN. `scoring` is a calibration's; the
    model's own by default.
    """
    rows = np.ascontiguousarray(features, np.float32)
    if rows.ndim != 2 or rows.shape[1] != model.feature_count:
        raise FileFault(f"{model.name}: features of shape {rows.shape}; (N, {model.feature_count}) "
                        "was expected")
    scoring = scoring or model.scoring
    model.check(scoring)
    result = np.full(rows.shape, np.nan, np.float32)
    finite = np.flatnonzero(np.isfinite(rows).all(axis=1))
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(finite), _ROWS_AT_ONCE):
            chosen = finite[start:start + _ROWS_AT_ONCE]
            z = standardised(model, rows[chosen], exact)
            found = _network(model, scoring, z).astype(np.float32)
            result[chosen] = np.where(np.isnan(found), _F(np.inf), found)
    return result


def score(model: Model, features: npt.ArrayLike, scoring: Scoring | None = None,
          exact: bool = False) -> Float32s:
    """Scores, float32 (N,), of raw features (N, D); NaN where a feature is not finite."""
    return sum_attributions(attributions(model, features, scoring, exact))


def flag(model: Model, calibration: Calibration, events: Records, unbiased_prescale: int = 0,
         exact: bool = False, prescales: Mapping[str, Any] | None = None,
         factors: Sequence[float] | None = None, flood_prescale: int = 1,
         **columns: Any) -> Records:
    """The flagged records that event records (N,) would give, in their order.

    prescales, factors, flood_prescale: what held beside the calibration, as lines of a journal's
    `decisions.jsonl` say it: a table (the line with `rows`), the `factors` of rate control, the
    prescale of a flood. A journal in which they change is several calls, one a line.

    columns: number, received_ns, decided_ns, instance, as new_flagged takes them; numbers are 1 and
    on by default.
    """
    calibration.check(model)
    events = np.ascontiguousarray(events[events["kind"] == EVENT])
    parts = attributions(model, events["features"], calibration.scoring, exact)
    thresholds = calibration.thresholds(events["condition"])
    own: list[npt.ArrayLike] = [each.prescale for each in calibration.working_points]
    if prescales is not None:
        own = list(prescales_of(prescales, events))
        if len(own) != len(calibration.working_points):
            raise FileFault(f"{calibration.name}: {len(calibration.working_points)} working points, "
                            f"and the table of prescales has {len(own)}")
    if factors:
        thresholds = thresholds * np.asarray(factors, np.float32)[:, None]
    points = list(zip(thresholds, own))
    scores = sum_attributions(parts)
    reasons, mask, weight = decide(
        scores, prescale_hash(events), points, unbiased_prescale, flood_prescale,
        simulated=events["flags"] & SIMULATED_FLAG != 0, sides=calibration.sides)
    kept = reasons != 0
    rates, quiet = calibration.background_rates, calibration.quiet
    low = reasons[kept] & BELOW_THRESHOLD != 0
    high = np.array([side == "high" for side in calibration.sides])
    rate = np.zeros(int(kept.sum()), np.float32) if rates is None else rates.field(scores[kept])
    if quiet is not None:
        rate[low] = quiet.field(scores[kept][low])
    records = new_flagged(
        events[kept], parts[kept], reasons=reasons[kept], working_points=mask[kept],
        weight=weight[kept], background_rate=rate,
        threshold=np.where(low, calibration.quiet_threshold, thresholds[high].min(axis=0)[kept]),
        model=_prefix(model.sha256), calibration=_prefix(calibration.sha256),
        **{"number": 1 + np.arange(int(kept.sum()), dtype=np.uint64), **columns})
    return seal(records)


def _prefix(sha256: str | None) -> int:
    return int.from_bytes(bytes.fromhex(sha256 or "")[:4], "little")
