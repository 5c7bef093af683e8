"""Calibration files, as docs/formats.md has them."""

from __future__ import annotations

import hashlib
import pathlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .bounds import (
    EVENTS_MAX, U32_MAX, stated_float32, stated_number, stated_whole, strict_json)
from .faults import FileFault
from .models import Model, Scoring
from .rarity import BackgroundRates, QuietReference
from .runs import Path

__all__ = ["Calibration", "ConditionBins", "WorkingPoint"]


class WorkingPoint(NamedTuple):
    """A threshold for a false-positive rate; an event fires when its score is greater, or smaller where
    the side is `low`."""
    name: str
    target_fpr: float
    threshold: np.float32
    prescale: int
    fpr_interval: tuple[float, float] | None
    guarantee: str
    side: str = "high"


class ConditionBins(NamedTuple):
    """Thresholds by the condition of an event.

    edges       (K - 1,) ascending; an event is in the bin of the number of edges at or below its
                condition
    thresholds  (working points, K + 1): a column a bin, and last that of events without a condition
    events      (K,) background scores by bin
    """
    edges: npt.NDArray[np.float32]
    thresholds: npt.NDArray[np.float32]
    events: npt.NDArray[np.int64]

    def bins(self, conditions: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """The columns of thresholds of events with these conditions, (N,)."""
        values = np.asarray(conditions, np.float32)
        found = np.searchsorted(self.edges, values, side="right")
        return np.where(np.isnan(values), len(self.edges) + 1, found)


def _condition_bins(content: dict[str, Any], points: int) -> ConditionBins:
    rows = []
    for point in content["working_points"]:
        row = [stated_float32("threshold", each["threshold"]) for each in point["bins"]]
        without = point["without"]
        rows.append(row + [
            max(row) if without is None else stated_float32("threshold", without["threshold"])])
    found = ConditionBins(
        np.array([stated_float32("edges", each) for each in content["edges"]], np.float32),
        np.array(rows, np.float32),
        np.array([stated_whole("events", each, 0, EVENTS_MAX) for each in content["events"]],
                 np.int64))
    if (found.thresholds.shape != (points, len(found.edges) + 2)
            or len(found.events) != len(found.edges) + 1 or bool((np.diff(found.edges) <= 0).any())):
        raise ValueError("condition_bins: one more bin than edges, which ascend, was expected")
    return found


def _working_point(content: dict[str, Any]) -> WorkingPoint:
    interval = content["fpr_interval"]
    return WorkingPoint(
        str(content["name"]), stated_number("target_fpr", content["target_fpr"], 0, 1, inside=True),
        np.float32(stated_float32("threshold", content["threshold"])),
        stated_whole("prescale", content["prescale"], 1, U32_MAX),
        # A point that was extrapolated can do without.
        None if interval is None and content.get("extrapolated") else (
            stated_number("fpr_interval", interval[0], 0, 1),
            stated_number("fpr_interval", interval[1], 0, 1)),
        str(content["guarantee"]), str(content.get("side", "high")))


class Calibration:
    """Thresholds and scoring of a model.

    sha256          of the file, in hexadecimal
    model_sha256    of the model that it belongs to
    scoring         levels and weights, in place of the model's own
    working_points  in the order of their bits
    confidence      of intervals
    condition_bins  thresholds by condition; None where one holds for all
    background_rates  how rare scores are; None in files of before they were measured
    quiet           how rare low scores are, and the mean attributions; None where no working point is of
                    the low side
    content         everything in the file
    """

    def __init__(self, content: dict[str, Any], name: str = "calibration",
                 sha256: str | None = None):
        self.name, self.content, self.sha256 = name, content, sha256
        if content.get("format") not in ("tamis-calibration/1", "tamis-calibration/2"):
            raise FileFault(f"{name}: format {content.get('format')!r}; tamis-calibration/1 or "
                            "tamis-calibration/2 was expected")
        try:
            self.model_sha256 = str(content["model_sha256"])
            self.scoring = Scoring(
                [stated_whole("levels", each, 0, 65535) for each in content["levels"]],
                [stated_float32("weights", each, least=0) for each in content["weights"]])
            self.working_points = [_working_point(each) for each in content["working_points"]]
            self.confidence = stated_number(
                "confidence", content.get("confidence", 0.95), 0, 1, inside=True)
            events = stated_whole("events", content["events"], 1, EVENTS_MAX)
            bins = content.get("condition_bins")
            self.condition_bins = None if bins is None else _condition_bins(
                bins, len(self.working_points))
            rates = content.get("background_rates")
            self.background_rates = None if rates is None else BackgroundRates(
                rates["scores"], rates["ranks"], events, rates["tail"])
            quiet = content.get("quiet")
            self.quiet = None if quiet is None else QuietReference(
                quiet["scores"], quiet["ranks"], events, quiet["attribution_means"])
        except (KeyError, TypeError, ValueError, OverflowError) as fault:
            raise FileFault(f"{name}: {type(fault).__name__}: {fault}") from fault
        if not 1 <= len(self.working_points) <= 16:
            raise FileFault(f"{name}: {len(self.working_points)} working points; 1 to 16 were "
                            "expected")
        if not {each.side for each in self.working_points} <= {"high", "low"}:
            raise FileFault(f"{name}: a working point whose side is neither high nor low")
        if "low" in self.sides and (
                content["format"] == "tamis-calibration/1" or self.quiet is None
                or "high" not in self.sides or self.condition_bins is not None):
            raise FileFault(f"{name}: a working point of the low side; tamis-calibration/2 with `quiet`, "
                            "a point of the high side and no condition_bins was expected")
        if "low" not in self.sides and content["format"] != "tamis-calibration/1":
            raise FileFault(f"{name}: format {content['format']!r} without a working point of the low "
                            "side; tamis-calibration/1 was expected")

    @property
    def sides(self) -> list[str]:
        """Of each working point, `high` or `low`."""
        return [each.side for each in self.working_points]

    @property
    def loosest_threshold(self) -> np.float32:
        """The lowest threshold of the high side, of all conditions."""
        if self.condition_bins is not None:
            return np.float32(self.condition_bins.thresholds.min())
        return np.float32(min(each.threshold for each in self.working_points if each.side == "high"))

    @property
    def quiet_threshold(self) -> np.float32:
        """The highest threshold of the low side; minus infinity without one."""
        return np.float32(max((each.threshold for each in self.working_points if each.side == "low"),
                              default=-np.inf))

    def thresholds(self, conditions: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """The thresholds of events with these conditions (N,), (working points, N). The lowest of an
        event's is in its flagged record."""
        values = np.asarray(conditions, np.float32)
        if self.condition_bins is not None:
            return self.condition_bins.thresholds[:, self.condition_bins.bins(values)]
        own = np.array([each.threshold for each in self.working_points], np.float32)
        return np.repeat(own[:, None], len(values), axis=1)

    def check(self, model: Model) -> None:
        """Raises FileFault where the model is not the one that was calibrated."""
        if model.sha256 != self.model_sha256:
            raise FileFault(f"{self.name}: belongs to the model with SHA-256 "
                            f"{self.model_sha256[:12]}..., and {model.name} has "
                            f"{(model.sha256 or 'none')[:12]}...; calibrate that model")
        model.check(self.scoring)

    @classmethod
    def read(cls, path: Path) -> Calibration:
        """The calibration of a file."""
        path = pathlib.Path(path)
        try:
            text = path.read_bytes()
            content = strict_json(text)
        except OSError as fault:
            raise FileFault(f"{path}: {fault.strerror}") from fault
        except ValueError as fault:
            raise FileFault(f"{path}: not JSON: {fault}") from fault
        if not isinstance(content, dict):
            raise FileFault(f"{path}: an object was expected")
        return cls(content, str(path), hashlib.sha256(text).hexdigest())
