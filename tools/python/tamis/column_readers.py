"""Columns of Parquet, HDF5 and ROOT files, read block by block."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .column_base import KEY, ROWS_AT_ONCE, Block, ColumnFile, needed
from .faults import FileFault

__all__ = ["HDF5File", "ParquetFile", "ROOTFile"]

_FIELD_TYPE = re.compile(
    r"(?P<kind>std::(array|vector|optional)<)?(bool|char|float|double|(std::)?u?int(8|16|32|64)_t)"
    r"(?(kind)(, ?(?P<length>\d+))?>)")


class ParquetFile(ColumnFile):
    """Fields of structs are columns named STRUCT.FIELD; `inside` names a struct whose fields are
    columns by their own names as well."""

    def __init__(self, path: pathlib.Path, inside: str | None):
        super().__init__(path)
        arrow, parquet = needed("pyarrow", "parquet"), needed("pyarrow.parquet", "parquet")
        self._file = parquet.ParquetFile(path)
        self._arrow, self._compute = arrow, needed("pyarrow.compute", "parquet")
        self._count = self._file.metadata.num_rows
        schema = self._file.schema_arrow
        self._understood((schema.metadata or {}).get(KEY.encode()))
        self._paths: dict[str, tuple[str, ...]] = {}
        for field in schema:
            count = schema.names.count(field.name)
            if count > 1:
                self._add(field.name, None, f"{count} columns of this name")
            else:
                self._add_field(field.type, (field.name,))
        if inside is not None:
            self._enter(inside)

    def _add_field(self, kind: Any, path: tuple[str, ...]) -> None:
        name = ".".join(path)
        if name in self.shapes:
            self._add(name, None, "several columns of this name")
            return
        if self._arrow.types.is_struct(kind):
            self._add(name, None, "a struct")
            self.places.append(name)
            for field in kind:
                self._add_field(field.type, (*path, field.name))
            return
        self._add(name, self._shape(kind), f"of the type {kind}")
        self._paths[name] = path
        if self._arrow.types.is_timestamp(kind):
            self.times.add(name)

    def _enter(self, inside: str) -> None:
        if inside not in self.places:
            raise FileFault(f"{self.path}: no struct {inside!r}; there are "
                            f"{', '.join(self.places) or 'none: it is one table'}")
        for name in [each for each in self.shapes if each.startswith(f"{inside}.")]:
            short = name.removeprefix(f"{inside}.")
            self._add(short, self.shapes[name], self.others.get(name))
            self._paths[short] = self._paths.get(name, ())
            if name in self.times:
                self.times.add(short)
            del self.shapes[name]

    def _shape(self, kind: Any) -> tuple[int, ...] | None:
        types = self._arrow.types
        if types.is_fixed_size_list(kind) and _is_number(types, kind.value_type):
            return (kind.list_size,)
        if types.is_list(kind) or types.is_large_list(kind):
            return (-1,) if _is_number(types, kind.value_type) else None
        return () if _is_number(types, kind) else None

    def _blocks(self, names: Sequence[str]) -> Iterator[Block]:
        columns = sorted({self._paths[name][0] for name in names})
        for batch in self._file.iter_batches(ROWS_AT_ONCE, columns=columns):
            yield {name: self._values(name, self._column(batch, name)) for name in names}

    def _column(self, batch: Any, name: str) -> Any:
        top, *fields = self._paths[name]
        column = batch.column(top)
        for field in fields:
            # A field of a struct that is null is null.
            column = self._compute.struct_field(column, field)
        return column

    def _values(self, name: str, column: Any) -> npt.NDArray[Any]:
        shape = self.shapes[name]
        if shape == ():
            return self._flat(name, column)
        if column.null_count:
            raise FileFault(f"{self.path}: column {name}: {column.null_count} rows are null")
        flat = self._flat(name, column.flatten())
        if shape == (-1,):
            lengths = np.diff(np.asarray(column.offsets))
            if len(lengths) and (lengths != lengths[0]).any():
                raise FileFault(f"{self.path}: column {name}: rows of {lengths.min()} to "
                                f"{lengths.max()} values; one length was expected")
        return flat.reshape(len(column), -1)

    def _flat(self, name: str, column: Any) -> npt.NDArray[Any]:
        """An arrow of numbers; where some are null, float64 with NaN there."""
        types = self._arrow.types
        if types.is_timestamp(column.type):
            try:
                column = column.cast(self._arrow.timestamp("ns")).cast(self._arrow.int64())
            except self._arrow.ArrowInvalid as fault:
                raise FileFault(f"{self.path}: column {name}: a time is outside of the years 1678 "
                                "to 2261") from fault
        elif types.is_decimal(column.type):
            column = column.cast(self._arrow.float64())
        if not column.null_count:
            return np.asarray(column.to_numpy(zero_copy_only=False))
        missing = np.asarray(column.is_null())
        zero = self._arrow.scalar(False if types.is_boolean(column.type) else 0).cast(column.type)
        return _without(np.asarray(column.fill_null(zero).to_numpy(zero_copy_only=False)), missing)

    def close(self) -> None:
        self._file.close()


def _is_number(types: Any, kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
                or types.is_timestamp(kind) or types.is_decimal(kind))


def _without(values: npt.NDArray[Any], missing: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """float64 with NaN where a value is missing."""
    return np.where(missing, np.nan, values.astype(np.float64))


class HDF5File(ColumnFile):
    def __init__(self, path: pathlib.Path, inside: str | None):
        super().__init__(path)
        h5py = needed("h5py", "hdf5")
        self._h5py, self._file = h5py, h5py.File(path, "r")
        try:
            place = self._file[inside] if inside else self._file
        except KeyError as fault:
            raise FileFault(f"{path}: no {inside!r}; there are "
                            f"{', '.join(self._file) or 'none'}") from fault
        self._understood(self._file.attrs.get(KEY))
        self._columns: dict[str, Any] = {}
        if isinstance(place, h5py.Dataset):
            self._add_dataset(inside or "", place)
            return
        for name in place:
            each, at = place.get(name), f"{inside.strip('/')}/{name}" if inside else name
            if each is None:
                self._add(name, None, "a link that leads nowhere")
            elif isinstance(each, h5py.Dataset):
                self._add_dataset(name, each)
                if each.dtype.names or each.ndim == 2:
                    self.places.append(at)
            elif isinstance(each, h5py.Group):
                self.places.append(at)
        self._name_blocks(place)

    def _name_blocks(self, group: Any) -> None:
        """pandas' to_hdf() keeps the columns of one type as blockN_values, their names beside it."""
        for name in list(self._columns):
            items = group.get(f"{name.removesuffix('_values')}_items")
            if name.endswith("_values") and isinstance(items, self._h5py.Dataset) \
                    and items.ndim == 1 and items.dtype.kind == "S":
                self.part_names[name] = [each.decode() for each in items[()]]

    def rows(self, names: Sequence[str]) -> int:
        named = {len(self._columns[name][0]): name for name in reversed(names)}
        if len(named) > 1:
            lengths = ", ".join(f"{name} {count}" for count, name in named.items())
            raise FileFault(f"{self.path}: columns of different lengths, such as {lengths}")
        return max(named, default=0)

    def _add_dataset(self, name: str, dataset: Any) -> None:
        if dataset.shape in (None, ()):
            self._add(name, None, "a single value")
            return
        if dataset.dtype.names:
            for each in dataset.dtype.names:
                dtype = dataset.dtype[each]
                ok = dtype.base.kind in "iufb" and len(dtype.shape) < 2
                self._add_once(each, dtype.shape if ok else None, f"of the type {dtype}",
                               (dataset, each))
            return
        ok = dataset.dtype.kind in "iufb" and dataset.ndim <= 2
        shape = dataset.shape[1:] if ok else None
        kind = f"of the type {dataset.dtype} and the shape {dataset.shape}"
        content = self._h5py.check_vlen_dtype(dataset.dtype)
        if dataset.ndim == 1 and isinstance(content, np.dtype) and content.kind in "iufb":
            shape, kind = (-1,), f"of variable length, of the type {content}"
        self._add_once(name, shape, kind, (dataset, None))
        for key in ("names", "feature_names", "columns"):
            if key in dataset.attrs:
                self.part_names[name] = [
                    each.decode() if isinstance(each, bytes) else str(each)
                    for each in np.ravel(dataset.attrs[key])]

    def _add_once(self, name: str, shape: tuple[int, ...] | None, kind: str,
                  column: tuple[Any, str | None]) -> None:
        if name in self._columns:
            shape, kind = None, "in more than one dataset"
        self._add(name, shape, kind)
        self._columns[name] = column

    def _blocks(self, names: Sequence[str]) -> Iterator[Block]:
        for start in range(0, self.rows(names), ROWS_AT_ONCE):
            block = {}
            for name in names:
                dataset, field = self._columns[name]
                rows = dataset[start:start + ROWS_AT_ONCE]
                block[name] = rows if field is None else rows[field]
            yield block

    def close(self) -> None:
        self._file.close()


class ROOTFile(ColumnFile):
    def __init__(self, path: pathlib.Path, inside: str | None):
        super().__init__(path)
        uproot = needed("uproot", "root")
        self._file = uproot.open(path)
        cycles = {key for key, kind in self._file.classnames().items()
                  if kind in ("TTree", "ROOT::RNTuple", "TNtuple", "TNtupleD")}
        trees = sorted({key.split(";")[0] for key in cycles})
        if KEY in {key.split(";")[0] for key in self._file.keys()}:
            found = self._file[KEY]
            self._understood(found if isinstance(found, str) else None)
        inside = inside or (trees[0] if len(trees) == 1 else None)
        if inside not in trees and inside not in cycles:
            missing = f"no tree {inside!r}; " if inside else ""
            raise FileFault(
                f"{path}: {missing}there are the trees {', '.join(trees)}; name one (--inside TREE)"
                if trees else f"{path}: no tree; a TTree or an RNTuple was expected")
        self._tree = self._file[inside]
        self._count = int(self._tree.num_entries)
        for branch in self._tree.keys():
            found = self._tree[branch]
            kind = getattr(found, "typename", "")
            self._add(branch, self._shape(found), f"of the type {kind}" if kind else "a group")

    def _shape(self, branch: Any) -> tuple[int, ...] | None:
        interpretation = getattr(branch, "interpretation", None)
        if interpretation is None:  # a field of an RNTuple
            found = _FIELD_TYPE.fullmatch(getattr(branch, "typename", ""))
            if found and "vector" in (found["kind"] or ""):
                return (-1,)
            return None if not found else (int(found["length"]),) if found["length"] else ()
        content = getattr(interpretation, "content", None)
        if content is not None and getattr(content, "to_dtype", np.dtype("O")).kind in "iufb":
            return (-1,)
        dtype = getattr(interpretation, "to_dtype", None)
        if dtype is None or dtype.base.kind not in "iufb" or len(dtype.shape) > 1:
            return None
        return tuple(dtype.shape)

    def _blocks(self, names: Sequence[str]) -> Iterator[Block]:
        for start in range(0, self._count, ROWS_AT_ONCE):
            stop = min(self._count, start + ROWS_AT_ONCE)
            yield {name: self._values(name, start, stop) for name in names}

    def _values(self, name: str, start: int, stop: int) -> npt.NDArray[Any]:
        branch = self._tree[name]
        if not getattr(branch, "typename", "").startswith("std::optional<"):
            values: npt.NDArray[Any] = branch.array(
                library="np", entry_start=start, entry_stop=stop)
            return values
        awkward = needed("awkward", "root")
        found = branch.array(library="ak", entry_start=start, entry_stop=stop)
        missing = np.asarray(awkward.to_numpy(awkward.is_none(found)))
        values = np.asarray(awkward.to_numpy(awkward.fill_none(found, 0)))
        return _without(values, missing) if missing.any() else values

    def close(self) -> None:
        self._file.close()
