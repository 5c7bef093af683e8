"""How rare scores are: the background rates of a calibration, as docs/method-rarity.md has them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .bounds import stated_float32, stated_number, stated_whole
from .faults import FileFault

__all__ = ["BackgroundRates", "QuietReference", "RateEstimate", "Tail", "clopper_pearson"]

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]

_TINY = np.float32(np.finfo(np.float32).tiny)


class Tail(NamedTuple):
    """A generalised Pareto law of the excesses over `base`."""
    base: float
    shape: float
    scale: float
    excesses: int
    base_rate: float

    def rate(self, scores: npt.ArrayLike) -> Float64s:
        """The share of background events with a score above `scores`, which are above base."""
        excess = np.asarray(scores, np.float64) - self.base
        if self.shape == 0:
            return np.asarray(self.base_rate * np.exp(-excess / self.scale))
        log = np.log1p(self.shape * excess / self.scale)
        return np.asarray(self.base_rate * np.exp(-log / self.shape))


def _tail(content: Mapping[str, Any], events: int) -> Tail:
    """A tail that has no end, so that every score has a rate."""
    shape = stated_number("shape", content["shape"], 0, 1)
    if shape == 1:
        raise ValueError("shape 1: a shape below 1 was expected")
    scale = stated_number("scale", content["scale"], 0, np.inf, inside=True)
    return Tail(
        stated_number("base", content["base"], -np.inf, np.inf, inside=True), shape, scale,
        stated_whole("excesses", content["excesses"], 1, events),
        stated_number("base_rate", content["base_rate"], np.nextafter(0, 1), 1))


class RateEstimate(NamedTuple):
    """A background rate and what is known of it.

    interval  of the true rate: exact (Clopper and Pearson) within the sample; beyond it a
              parametric bootstrap of the tail, which does not doubt the tail's form
    limit     the exact upper limit, without a tail
    """
    rate: float
    extrapolated: bool
    interval: tuple[float, float]
    limit: float


class BackgroundRates:
    """The table of background scores by rank, and the tail beyond the largest.

    scores, ranks  the entries: scores fall, ranks grow
    events         N, the background scores that are ranked
    tail           None where none could be fitted
    """

    def __init__(self, scores: Sequence[float], ranks: Sequence[int], events: int,
                 tail: Mapping[str, Any] | None):
        self.scores = np.array([stated_float32("scores", each) for each in scores], np.float32)
        self.ranks = np.array([stated_whole("ranks", each, 1, events) for each in ranks], np.int64)
        self.events = events
        self.tail = None if tail is None else _tail(tail, events)
        if (len(self.scores) != len(self.ranks) or bool((np.diff(self.scores) >= 0).any())
                or bool((np.diff(self.ranks) <= 0).any())):
            raise FileFault("background_rates: falling scores and as many growing ranks were "
                            "expected")

    def _places(self, scores: Float32s) -> npt.NDArray[np.intp]:
        """Of each score the first entry below it."""
        return len(self.scores) - np.searchsorted(self.scores[::-1], scores, side="left")

    def field(self, scores: npt.ArrayLike) -> Float32s:
        """The field background_rate of records with these scores: negative where extrapolated, 0
        for NaN.

        A rate within the sample has the bits of the program. One of the tail may differ in the last
        bit, since NumPy's exponential may.
        """
        values = np.atleast_1d(np.asarray(scores, np.float32))
        rates = np.append(self.ranks / (self.events + 1.0), 1.0).astype(np.float32)
        found = rates[self._places(values)]
        if self.tail is not None and len(self.scores):
            beyond = values > self.scores[0]
            with np.errstate(over="ignore", under="ignore"):
                fitted = self.tail.rate(values[beyond]).astype(np.float32)
            found[beyond] = -np.maximum(np.minimum(fitted, rates[0]), _TINY)
        found[np.isnan(values)] = 0
        return found

    def estimate(self, score: float, confidence: float = 0.95, seed: int = 1) -> RateEstimate:
        """The rate of one score with its interval."""
        rate = float(self.field(score)[0])
        if rate == 0:
            raise ValueError("a NaN has no rate")
        place = int(self._places(np.array([score], np.float32))[0])
        most = int(self.ranks[place]) - 1 if place < len(self.ranks) else self.events
        fewest = 0
        if place > 0:
            fewest = int(self.ranks[place - 1])
            # Entries of the bulk lie just below an edge of the histogram.
            fewest -= fewest > min(self.events, self.events // 8 + 1)
        low = clopper_pearson(min(fewest, most), self.events, confidence)[0]
        limit = clopper_pearson(most, self.events, confidence)[1]
        if rate > 0:
            return RateEstimate(rate, False, (min(low, rate), max(limit, rate)), limit)
        low, high = self._bootstrap(score, confidence, seed)
        return RateEstimate(-rate, True, (min(low, -rate), max(high, -rate)), limit)

    def _bootstrap(self, score: float, confidence: float, seed: int) -> tuple[float, float]:
        """Of fits to 1,000 samples from the fitted tail."""
        tail = self.tail
        if tail is None:
            raise ValueError("no tail was fitted")
        random = np.random.default_rng(seed)
        shares = random.beta(tail.excesses + 1, max(1, self.events - tail.excesses), 1000)
        uniform = random.random((1000, tail.excesses))
        logs = -np.log1p(-uniform)
        excesses = logs if tail.shape == 0 else np.expm1(tail.shape * logs) / tail.shape
        excesses = np.sort(tail.scale * excesses, axis=1)
        count = tail.excesses
        mean = excesses.mean(axis=1)
        weights = 1 - (np.arange(count) + 0.65) / count
        weighted = (excesses * weights).mean(axis=1)
        difference = mean - 2 * weighted
        shapes = 2 - mean / difference
        scales = np.where(shapes > 0, 2 * mean * weighted / difference, mean)
        rates = [float(Tail(tail.base, max(shape, 0.0), scale, count, share).rate(score))
                 for shape, scale, share in zip(shapes, scales, shares)]
        highest = (self.ranks[0] if len(self.ranks) else self.events) / (self.events + 1)
        ends = np.quantile(np.minimum(rates, highest), [(1 - confidence) / 2, (1 + confidence) / 2])
        return max(float(ends[0]), float(_TINY)), max(float(ends[1]), float(_TINY))


class QuietReference:
    """What a calibration with working points of the low side knows of quiet events.

    scores, ranks      the lowest background scores: both rise
    events             N, the background scores that are ranked
    attribution_means  (D,) of each feature over background
    """

    def __init__(self, scores: Sequence[float], ranks: Sequence[int], events: int,
                 attribution_means: Sequence[float]):
        self.scores = np.array([stated_float32("scores", each) for each in scores], np.float32)
        self.attribution_means = np.array(
            [stated_float32("attribution_means", each) for each in attribution_means], np.float32)
        # The mirror image: the lowest score is the largest with the opposite sign.
        self._rates = BackgroundRates((-self.scores).tolist(), ranks, events, None)
        self.ranks = self._rates.ranks

    def field(self, scores: npt.ArrayLike) -> Float32s:
        """The field background_rate of records that are kept for scores this low; 0 for NaN."""
        return self._rates.field(-np.atleast_1d(np.asarray(scores, np.float32)))

    def estimate(self, score: float, confidence: float = 0.95) -> RateEstimate:
        """The rate of scores at most this high with its interval."""
        return self._rates.estimate(-score, confidence)


def clopper_pearson(successes: int, trials: int, confidence: float) -> tuple[float, float]:
    """The exact central interval of a probability; within 1e-6 of itself."""
    if not 0 <= successes <= trials or not 0 < confidence < 1:
        raise ValueError("0 <= successes <= trials and 0 < confidence < 1 were expected")
    outside = (1 - confidence) / 2
    low = 0.0 if successes == 0 else _beta_quantile(successes, trials - successes + 1, outside)
    high = 1.0 if successes == trials else \
        1 - _beta_quantile(trials - successes, successes + 1, outside)
    return low, high


def _beta_quantile(a: float, b: float, lower: float) -> float:
    """The x with P(Beta(a, b) <= x) = lower, by halving; from the nearer end of 0 to 1."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2 if low > 0 or high < 1e-300 else \
            max(high / 2, 0.0)
        if _beta_lower(a, b, middle) < lower:
            low = middle
        else:
            high = middle
        if high - low <= 1e-12 * high:
            break
    return (low + high) / 2


def _beta_lower(a: float, b: float, x: float) -> float:
    """I_x(a, b), by the continued fraction of DLMF 8.17.22."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_lower(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
                     + a * math.log(x) + b * math.log1p(-x)) / a
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, 100_000):
        for numerator in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                          -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d = 1 / (1 + numerator * d)
            c = 1 + numerator / c
            change = c * d
            fraction *= change
        if abs(change - 1) < 1e-14:
            break
    return front * fraction
