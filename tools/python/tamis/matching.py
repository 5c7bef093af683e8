"""Which columns of somebody's file are the features of a model, and which the record's header."""

from __future__ import annotations

import argparse
import difflib
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .columns import ColumnFile
from .faults import FileFault
from .records import event_dtype

__all__ = ["FeatureColumns", "HeaderColumns"]


class FeatureColumns:
    """The columns that make the features of every event, in the model's order.

    names   D names; those of the columns where none are given
    notes   what a user should know
    """

    def __init__(self, file: ColumnFile, names: Sequence[str] | None,
                 renamed: Sequence[str], in_order: bool):
        self.file, self.notes = file, []
        self.names = list(names or [])
        self._columns = {name: name for name in self.names}
        self._order: list[int] | None = None
        self._array: str | None = None
        for each in renamed:
            feature, separator, column = each.partition("=")
            if not separator or feature not in self._columns:
                raise FileFault(f"--rename {each}: FEATURE=COLUMN with a feature of the model was "
                                "expected" + _close(feature, self.names))
            self._columns[feature] = column
        if len(set(self.names)) < len(self.names):
            raise FileFault("a feature name stands twice; columns cannot be found by it")
        arrays = [name for name, shape in file.shapes.items() if shape is not None and len(shape)]
        # Beside the features a file may have arrays of other lengths.
        for fitting in ((len(self.names),), (-1,)):
            arrays = [name for name in arrays if file.shapes[name] == fitting] or arrays
        missing = [each for each in self._columns.values() if each not in file.shapes]
        if missing and len(missing) == len(self.names) and len(arrays) == 1:
            self._take_array(arrays[0], in_order)
        else:
            self._take_columns(missing)

    notes: list[str]

    def _take_columns(self, missing: Sequence[str]) -> None:
        path, shapes = self.file.path, self.file.shapes
        if missing:
            text = ", ".join(f"{each}{_close(each, list(shapes))}" for each in missing[:8])
            more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
            raise FileFault(f"{path}: no column {text}{more}; there are "
                            f"{_columns_listed(self.file)}. --rename FEATURE=COLUMN names one")
        for feature, column in self._columns.items():
            if shapes[column] not in _ONE_NUMBER:
                raise FileFault(
                    f"{path}: column {column}: {self.file.described(column)}; one number a row "
                    f"was expected for the feature {feature}")

    def _take_array(self, name: str, in_order: bool) -> None:
        path, shape = self.file.path, self.file.shapes[name]
        width = shape[0] if shape else -1
        if width not in (-1, len(self.names)):
            raise FileFault(f"{path}: column {name}: {self.file.described(name)}; the model has "
                            f"{len(self.names)} features")
        self._array = name
        found = self.file.part_names.get(name)
        if found is None:
            if not in_order:
                raise FileFault(
                    f"{path}: column {name}: {self.file.described(name)} without names; give "
                    f"--in-order if they are, in this order, {_listed(self.names)}")
            self.notes.append(f"column {name} is taken to be in the model's order")
        elif found != self.names:
            unknown = [each for each in self.names if each not in found]
            if unknown or len(found) != len(self.names):
                raise FileFault(f"{path}: column {name} has the names {_listed(found)}; not there: "
                                f"{_listed(unknown)}")
            self._order = [found.index(each) for each in self.names]
            self.notes.append(f"column {name} was put into the model's order by its names")

    @property
    def wanted(self) -> set[str]:
        """The columns to read."""
        return {self._array} if self._array else set(self._columns.values())

    def features(self, block: dict[str, npt.NDArray[Any]],
                 ) -> tuple[npt.NDArray[np.float32], int]:
        """Features (n, D) of a block, and how many finite values float32 has no room for."""
        if self._array:
            values = np.asarray(block[self._array])
            if values.shape[1:] != (len(self.names),):
                raise FileFault(f"{self.file.path}: column {self._array}: {values.shape[1]} "
                                f"numbers a row; the model has {len(self.names)} features")
            if self._order:
                values = values[:, self._order]
        else:
            columns = [np.asarray(block[each]).reshape(-1) for each in self._columns.values()]
            values = np.stack(columns, axis=1)
        with np.errstate(over="ignore"):
            features = np.ascontiguousarray(values.astype(np.float32))
        if values.dtype == np.float32:
            return features, 0
        return features, int((np.isinf(features) & np.isfinite(values)).sum())


class HeaderColumns:
    """Values of the record's header: a constant, or a column by name."""

    def __init__(self, file: ColumnFile, options: argparse.Namespace):
        self.file = file
        self.now_ns = time.time_ns()
        # A column that states its unit needs no other.
        self.scale = 1 if options.time in file.times else _NANOSECONDS[options.time_unit]
        self.columns: dict[str, str] = {}
        self.constants: dict[str, Any] = {"run": 1, "lumi": 1, "condition": np.nan}
        for field, given in (("run", options.run), ("lumi", options.lumi),
                             ("event", options.event), ("time_ns", options.time),
                             ("condition", options.condition), ("orbit", options.orbit),
                             ("bunch_crossing", options.bunch_crossing)):
            if given is None:
                continue
            if given in file.shapes:
                if file.shapes[given] not in _ONE_NUMBER:
                    raise FileFault(f"{file.path}: column {given}: {file.described(given)}; one "
                                    "number a row was expected")
                self.columns[field] = given
            elif field in self.constants and _is_number(given):
                self.constants[field] = float(given) if field == "condition" else \
                    _number_of(field, given)
            else:
                raise FileFault(f"{file.path}: no column {given}"
                                f"{_close(given, list(file.shapes))}; there are "
                                f"{_columns_listed(file)}")

    @property
    def wanted(self) -> set[str]:
        """The columns to read."""
        return set(self.columns.values())

    def values(self, block: dict[str, npt.NDArray[Any]], count: int, before: int,
               ) -> dict[str, Any]:
        """Fields of `count` records, `before` events behind them."""
        found: dict[str, Any] = {
            **self.constants, "event": before + 1 + np.arange(count, dtype=np.uint64),
            "time_ns": self.now_ns}
        for field, column in self.columns.items():
            values = np.asarray(block[column]).reshape(-1)
            if field == "time_ns":
                values = self._times(column, values)
            elif field != "condition":
                values = self._whole(field, column, values)
            found[field] = values
        return found

    def _times(self, column: str, values: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
        if values.dtype.kind == "f":
            if values.dtype.itemsize < 8:
                raise FileFault(f"{self.file.path}: column {column}: {values.dtype}, which tells times "
                                "of these years to a minute at best; float64, an integer or a "
                                "timestamp was expected")
            if not np.isfinite(values).all() or (values < 0).any() \
                    or (values * self.scale >= 2.0**64).any():
                raise FileFault(f"{self.file.path}: column {column}: a time is missing, before "
                                "1970 or beyond 64 bits of nanoseconds; see --time-unit")
            # Seconds as float64 are exact to some 200 ns: whole and fraction apart keep that.
            whole = np.floor(values)
            rest = np.rint((values - whole) * self.scale)
            times: npt.NDArray[np.uint64] = \
                whole.astype(np.uint64) * np.uint64(self.scale) + rest.astype(np.uint64)
            return times
        if (values < 0).any() or (values.astype(np.uint64) > (2**64 - 1) // self.scale).any():
            raise FileFault(f"{self.file.path}: column {column}: a time is before 1970 or beyond "
                            "64 bits of nanoseconds; see --time-unit")
        times = values.astype(np.uint64) * np.uint64(self.scale)
        return times

    def _whole(self, field: str, column: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        limit = _limit(field)
        if values.dtype.kind == "f":
            # Beyond 2^53 not every whole number is a float64, beyond 2^24 a float32.
            limit = min(limit, 2**(np.finfo(values.dtype).nmant + 1) - 1)
            if not (values == np.floor(values)).all():
                raise FileFault(f"{self.file.path}: column {column}: whole numbers were expected "
                                "(and none missing)")
        if len(values) and (values.min() < 0 or int(values.max()) > limit):
            raise FileFault(f"{self.file.path}: column {column}: {values.min()} to {values.max()}; "
                            f"0 to {limit} was expected")
        return values.astype(np.uint64)


_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
# A row of one number, or of an array of one.
_ONE_NUMBER = ((), (1,))


def _limit(field: str) -> int:
    return int(np.iinfo(event_dtype(1)[field]).max)


def _number_of(field: str, text: str) -> int:
    value = int(text) if text.isdecimal() else float(text)
    if not math.isfinite(value) or value != int(value) or not 0 <= value <= _limit(field):
        raise FileFault(f"--{field} {text}: a whole number of 0 to {_limit(field)}, or a column, "
                        "was expected")
    return int(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _close(name: str, names: Sequence[str]) -> str:
    found = difflib.get_close_matches(name, names, 1, 0.6)
    lower = [each for each in names if each.lower() == name.lower()]
    return f" (is it {(lower or found)[0]}?)" if lower or found else ""


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _columns_listed(file: ColumnFile) -> str:
    columns = _listed([name if shape is not None else f"{name} ({file.described(name)})"
                       for name, shape in file.shapes.items()]) or "none"
    return columns + (f"; --inside may be {_listed(file.places)}" if file.places else "")
