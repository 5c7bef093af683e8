"""What files of columns have in common, whatever their format."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .faults import FileFault, TamisError

__all__ = ["KEY", "ROWS_AT_ONCE", "TREE", "Block", "ColumnFile", "Columns", "ColumnWriter", "needed",
           "placed"]

Columns = Mapping[str, npt.NDArray[Any]]
Block = dict[str, npt.NDArray[Any]]

ROWS_AT_ONCE = 8192
KEY = "tamis"
TREE = "events"


def needed(module: str, extra: str) -> Any:
    """An optional module; FileFault says how it is installed."""
    try:
        return importlib.import_module(module)
    except ImportError as fault:
        raise FileFault(f"{module} is not installed; pip install 'tamis[{extra}]'") from fault


@contextlib.contextmanager
def placed(path: pathlib.Path) -> Iterator[None]:
    """What a library says of a file that it cannot read becomes a FileFault that names the file."""
    try:
        yield
    except (TamisError, MemoryError):
        raise
    except Exception as fault:
        text = " ".join(str(fault).split())
        kind = "" if isinstance(fault, (OSError, ValueError)) else f"{type(fault).__name__}: "
        raise FileFault(f"{path}: cannot be read, it may be damaged or cut: {kind}{text}"
                        ) from fault


class ColumnFile:
    """A file of columns that is open for reading.

    shapes      by name: (), or (D,), of one row; None where the column is no array of numbers of
                one shape
    others      what the columns are whose shape is None, in words
    metadata    what Tamis wrote about the file; None where somebody else wrote it
    part_names  by name, attributes of the column that say names of its parts
    places      what else `inside` may name, such as groups that hold more columns
    times       columns that state a unit of time; their values come in nanoseconds
    """

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.shapes: dict[str, tuple[int, ...] | None] = {}
        self.others: dict[str, str] = {}
        self._count = 0
        self.metadata: dict[str, Any] | None = None
        self.part_names: dict[str, list[str]] = {}
        self.places: list[str] = []
        self.times: set[str] = set()

    def rows(self, names: Sequence[str]) -> int:
        """Rows of these columns; FileFault where they differ."""
        return self._count

    def blocks(self, names: Sequence[str]) -> Iterator[Block]:
        """The named columns, in blocks of rows."""
        with placed(self.path):
            for block in self._blocks(names):
                yield {name: self._of_one_shape(name, values) for name, values in block.items()}

    def _of_one_shape(self, name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A part of a column as its shape promises it: rows of a list may differ in length."""
        shape = self.shapes[name]
        if values.dtype == object:
            lengths = [len(each) for each in values]
            if min(lengths) != max(lengths):
                raise FileFault(f"{self.path}: column {name}: rows of {min(lengths)} to "
                                f"{max(lengths)} values; one length was expected")
            values = np.stack(list(values))
        found = values.shape[1:]
        if values.dtype.kind not in "iufb" or shape is None or found != shape and not (
                shape == () and found == (1,) or shape == (-1,) and len(found) == 1):
            raise FileFault(f"{self.path}: column {name}: {values.dtype} of the shape {found} a row; "
                            f"{self.described(name)} was expected")
        return values

    def _blocks(self, names: Sequence[str]) -> Iterator[Block]:
        raise NotImplementedError

    def close(self) -> None:
        """Closes the file."""

    def described(self, name: str) -> str:
        """What a column is, for an error."""
        shape = self.shapes[name]
        if shape is None:
            return self.others.get(name, "not numbers of one shape")
        if not shape:
            return "one number a row"
        return f"{shape[0]} numbers a row" if shape[0] >= 0 else \
            f"a list of numbers a row ({self.others[name]})"

    def _add(self, name: str, shape: tuple[int, ...] | None, kind: object) -> None:
        self.shapes[name] = shape
        self.others[name] = str(kind)

    def _understood(self, text: object) -> None:
        if isinstance(text, (str, bytes)):
            with contextlib.suppress(ValueError):
                found = json.loads(text)
                self.metadata = found if isinstance(found, dict) else None


class ColumnWriter:
    """A file of columns that is being written under another name."""

    def __init__(self, path: pathlib.Path, dtype: np.dtype[Any], metadata: dict[str, Any]):
        self.path = path
        self.partial = path.with_name(f".{path.name}.writing-{os.getpid()}")
        self.dtype, self.metadata = dtype, metadata

    def append(self, block: Columns) -> None:
        """Appends rows of all columns."""
        raise NotImplementedError

    def finish(self) -> None:
        """Ends the file; it has its name afterwards."""
        raise NotImplementedError
