"""Columns in Parquet, HDF5 and ROOT files, written and read block by block.

A column is (N,) or, such as features, (N, D). What a file says of itself is one JSON object: the
key `tamis` of Parquet's schema, the attribute `tamis` of an HDF5 file, the object `tamis` of a ROOT
file.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .faults import FileFault, TamisError

__all__ = ["FORMATS", "ColumnFile", "format_of", "opened", "written"]

Columns = Mapping[str, npt.NDArray[Any]]
Block = dict[str, npt.NDArray[Any]]

ROWS_AT_ONCE = 8192
_FIELD_TYPE = re.compile(
    r"(std::array<)?(bool|char|float|double|(std::)?u?int(8|16|32|64)_t)(?(1), ?(?P<length>\d+)>)")
_KEY = "tamis"
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
    count       rows
    metadata    what Tamis wrote about the file; None where somebody else wrote it
    part_names  by name, attributes of the column that say names of its parts
    """

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.shapes: dict[str, tuple[int, ...] | None] = {}
        self.others: dict[str, str] = {}
        self.count = 0
        self.metadata: dict[str, Any] | None = None
        self.part_names: dict[str, list[str]] = {}

    def blocks(self, names: Sequence[str]) -> Iterator[Block]:
        """The named columns, in blocks of rows."""
        with placed(self.path):
            yield from self._blocks(names)

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
        return f"{shape[0] if shape[0] >= 0 else 'several'} numbers a row"

    def _add(self, name: str, shape: tuple[int, ...] | None, kind: object) -> None:
        self.shapes[name] = shape
        if shape is None:
            self.others[name] = str(kind)

    def _understood(self, text: object) -> None:
        if isinstance(text, (str, bytes)):
            with contextlib.suppress(ValueError):
                found = json.loads(text)
                self.metadata = found if isinstance(found, dict) else None


class _ParquetFile(ColumnFile):
    def __init__(self, path: pathlib.Path, inside: str | None):
        super().__init__(path)
        arrow, parquet = needed("pyarrow", "parquet"), needed("pyarrow.parquet", "parquet")
        if inside:
            raise FileFault(f"{path}: a Parquet file is one table; {inside!r} is not in it")
        self._file = parquet.ParquetFile(path)
        self._arrow = arrow
        self.count = self._file.metadata.num_rows
        schema = self._file.schema_arrow
        self._understood((schema.metadata or {}).get(_KEY.encode()))
        for field in schema:
            count = schema.names.count(field.name)
            if count > 1:
                self._add(field.name, None, f"{count} columns of this name")
            else:
                self._add(field.name, self._shape(field.type), f"of the type {field.type}")

    def _shape(self, kind: Any) -> tuple[int, ...] | None:
        types = self._arrow.types
        if types.is_fixed_size_list(kind) and _is_number(types, kind.value_type):
            return (kind.list_size,)
        if types.is_list(kind) or types.is_large_list(kind):
            return (-1,) if _is_number(types, kind.value_type) else None
        return () if _is_number(types, kind) else None

    def _blocks(self, names: Sequence[str]) -> Iterator[Block]:
        for batch in self._file.iter_batches(ROWS_AT_ONCE, columns=list(names)):
            yield {name: self._values(name, batch.column(name)) for name in names}

    def _values(self, name: str, column: Any) -> npt.NDArray[Any]:
        shape = self.shapes[name]
        if shape == ():
            return _flat(self._arrow, column)
        if column.null_count:
            raise FileFault(f"{self.path}: column {name}: {column.null_count} rows are null")
        flat = _flat(self._arrow, column.flatten())
        if shape == (-1,):
            lengths = np.diff(np.asarray(column.offsets))
            if len(lengths) and (lengths != lengths[0]).any():
                raise FileFault(f"{self.path}: column {name}: rows of {lengths.min()} to "
                                f"{lengths.max()} values; one length was expected")
        return flat.reshape(len(column), -1)

    def close(self) -> None:
        self._file.close()


def _is_number(types: Any, kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
                or types.is_timestamp(kind))


def _flat(arrow: Any, column: Any) -> npt.NDArray[Any]:
    """An arrow of numbers; nulls of floats are NaN, and of others a fault."""
    if arrow.types.is_timestamp(column.type):
        column = column.cast(arrow.timestamp("ns")).cast(arrow.int64())
    if column.null_count:
        column = column.cast(arrow.float64())
        return np.asarray(column.fill_null(float("nan")))
    return np.asarray(column.to_numpy(zero_copy_only=False))


class _HDF5File(ColumnFile):
    def __init__(self, path: pathlib.Path, inside: str | None):
        super().__init__(path)
        h5py = needed("h5py", "hdf5")
        self._file = h5py.File(path, "r")
        try:
            place = self._file[inside] if inside else self._file
        except KeyError as fault:
            raise FileFault(f"{path}: no {inside!r}; there are "
                            f"{', '.join(self._file) or 'none'}") from fault
        self._understood(self._file.attrs.get(_KEY))
        self._columns: dict[str, Any] = {}
        if isinstance(place, h5py.Dataset):
            self._add_dataset(inside or "", place)
        else:
            for name, each in place.items():
                if isinstance(each, h5py.Dataset):
                    self._add_dataset(name, each)
        counts = {len(each) for each, _ in self._columns.values()}
        self.count = max(counts, default=0)
        if len(counts) > 1:
            lengths = ", ".join(f"{name} {len(each)}" for name, (each, _) in self._columns.items())
            raise FileFault(f"{path}: datasets of different lengths: {lengths}; name the group or "
                            "the dataset")

    def _add_dataset(self, name: str, dataset: Any) -> None:
        if dataset.shape in (None, ()):
            self._add(name, None, "a single value")
            return
        if dataset.dtype.names:
            for each in dataset.dtype.names:
                dtype = dataset.dtype[each]
                ok = dtype.base.kind in "iufb" and len(dtype.shape) < 2
                self._add(each, dtype.shape if ok else None, f"of the type {dtype}")
                self._columns[each] = (dataset, each)
            return
        ok = dataset.dtype.kind in "iufb" and dataset.ndim <= 2
        self._add(name, dataset.shape[1:] if ok else None,
                  f"of the type {dataset.dtype} and the shape {dataset.shape}")
        self._columns[name] = (dataset, None)
        for key in ("names", "feature_names", "columns"):
            if key in dataset.attrs:
                self.part_names[name] = [
                    each.decode() if isinstance(each, bytes) else str(each)
                    for each in np.ravel(dataset.attrs[key])]

    def _blocks(self, names: Sequence[str]) -> Iterator[Block]:
        for start in range(0, self.count, ROWS_AT_ONCE):
            block = {}
            for name in names:
                dataset, field = self._columns[name]
                rows = dataset[start:start + ROWS_AT_ONCE]
                block[name] = rows if field is None else rows[field]
            yield block

    def close(self) -> None:
        self._file.close()


class _ROOTFile(ColumnFile):
    def __init__(self, path: pathlib.Path, inside: str | None):
        super().__init__(path)
        uproot = needed("uproot", "root")
        self._file = uproot.open(path)
        trees = sorted({key.split(";")[0] for key, kind in self._file.classnames().items()
                        if kind in ("TTree", "ROOT::RNTuple", "TNtuple", "TNtupleD")})
        if _KEY in {key.split(";")[0] for key in self._file.keys()}:
            found = self._file[_KEY]
            self._understood(found if isinstance(found, str) else None)
        inside = inside or (trees[0] if len(trees) == 1 else None)
        if inside not in trees:
            missing = f"no tree {inside!r}; " if inside else ""
            raise FileFault(
                f"{path}: {missing}there are the trees {', '.join(trees)}; name one (--inside TREE)"
                if trees else f"{path}: no tree; a TTree or an RNTuple was expected")
        self._tree = self._file[inside]
        self.count = int(self._tree.num_entries)
        for branch in self._tree.keys():
            found = self._tree[branch]
            self._add(branch, self._shape(found), f"of the type {getattr(found, 'typename', '?')}")

    def _shape(self, branch: Any) -> tuple[int, ...] | None:
        interpretation = getattr(branch, "interpretation", None)
        if interpretation is None:  # a field of an RNTuple
            found = _FIELD_TYPE.fullmatch(getattr(branch, "typename", ""))
            return None if not found else (int(found["length"]),) if found["length"] else ()
        dtype = getattr(interpretation, "to_dtype", None)
        if dtype is None or dtype.base.kind not in "iufb" or len(dtype.shape) > 1:
            return None
        return tuple(dtype.shape)

    def _blocks(self, names: Sequence[str]) -> Iterator[Block]:
        for start in range(0, self.count, ROWS_AT_ONCE):
            stop = min(self.count, start + ROWS_AT_ONCE)
            yield {name: self._tree[name].array(library="np", entry_start=start, entry_stop=stop)
                   for name in names}

    def close(self) -> None:
        self._file.close()


# Writing


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


class _ParquetWriter(ColumnWriter):
    def __init__(self, path: pathlib.Path, dtype: np.dtype[Any], metadata: dict[str, Any]):
        super().__init__(path, dtype, metadata)
        arrow, parquet = needed("pyarrow", "parquet"), needed("pyarrow.parquet", "parquet")
        self._arrow = arrow
        fields = []
        for name in dtype.names or ():
            kind = arrow.from_numpy_dtype(dtype[name].base)
            if dtype[name].shape:
                kind = arrow.list_(arrow.field("item", kind, nullable=False), dtype[name].shape[0])
            unit = metadata["units"].get(name)
            fields.append(arrow.field(name, kind, nullable=False,
                                      metadata={"unit": unit} if unit else None))
        self._schema = arrow.schema(fields, {_KEY: json.dumps(metadata)})
        self._writer = parquet.ParquetWriter(self.partial, self._schema)

    def append(self, block: Columns) -> None:
        arrays = []
        for field in self._schema:
            values = np.ascontiguousarray(block[field.name])
            if values.ndim == 1:
                arrays.append(self._arrow.array(values, field.type))
            else:
                arrays.append(self._arrow.FixedSizeListArray.from_arrays(
                    self._arrow.array(values.reshape(-1)), type=field.type))
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def finish(self) -> None:
        self._writer.close()


class _HDF5Writer(ColumnWriter):
    def __init__(self, path: pathlib.Path, dtype: np.dtype[Any], metadata: dict[str, Any]):
        super().__init__(path, dtype, metadata)
        h5py = needed("h5py", "hdf5")
        self._file = h5py.File(self.partial, "w")
        self._file.attrs[_KEY] = json.dumps(metadata)
        for name in dtype.names or ():
            tail = dtype[name].shape
            rows = max(1, (1 << 20) // dtype[name].itemsize)
            dataset = self._file.create_dataset(
                name, (0, *tail), dtype[name].base, maxshape=(None, *tail),
                chunks=(min(rows, ROWS_AT_ONCE), *tail), compression="gzip", compression_opts=1,
                shuffle=True)
            if unit := metadata["units"].get(name):
                dataset.attrs["unit"] = unit
            if tail and metadata["feature_names"]:
                dataset.attrs["names"] = metadata["feature_names"]

    def append(self, block: Columns) -> None:
        for name in self.dtype.names or ():
            dataset, values = self._file[name], block[name]
            dataset.resize(len(dataset) + len(values), axis=0)
            dataset[len(dataset) - len(values):] = values

    def finish(self) -> None:
        self._file.close()


class _ROOTWriter(ColumnWriter):
    def __init__(self, path: pathlib.Path, dtype: np.dtype[Any], metadata: dict[str, Any]):
        super().__init__(path, dtype, metadata)
        uproot = needed("uproot", "root")
        self._file = uproot.recreate(self.partial)
        self._file[_KEY] = json.dumps(metadata)
        self._tree = self._file.mktree(
            TREE, {name: dtype[name] for name in dtype.names or ()}, title="Tamis records")

    def append(self, block: Columns) -> None:
        self._tree.extend({name: np.ascontiguousarray(values) for name, values in block.items()})

    def finish(self) -> None:
        self._file.close()


FORMATS: dict[str, tuple[type[Any], type[Any], tuple[str, ...]]] = {
    "parquet": (_ParquetFile, _ParquetWriter, (".parquet", ".pq")),
    "hdf5": (_HDF5File, _HDF5Writer, (".h5", ".hdf5", ".hdf")),
    "root": (_ROOTFile, _ROOTWriter, (".root",)),
}


def format_of(path: str | os.PathLike[str]) -> str:
    """"parquet", "hdf5" or "root", by the file's first bytes, else by its name."""
    path = pathlib.Path(path)
    if path.is_file():
        with open(path, "rb") as file:
            begin = file.read(8)
        for name, magic in (
                ("parquet", b"PAR1"), ("hdf5", b"\x89HDF\r\n\x1a\n"), ("root", b"root")):
            if begin.startswith(magic):
                return name
        found = f"begins with {begin!r}" if begin else "is empty"
        raise FileFault(f"{path}: {found}; a Parquet, HDF5 or ROOT file was expected")
    for name, (_, _, suffixes) in FORMATS.items():
        if path.suffix.lower() in suffixes:
            return name
    raise FileFault(f"{path}: there is no such file")


def opened(path: str | os.PathLike[str], kind: str | None = None, inside: str | None = None,
           ) -> ColumnFile:
    """A file of columns, for reading. inside: ROOT's tree, HDF5's group or dataset."""
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileFault(f"{path}: is no file; a Parquet, HDF5 or ROOT file was expected"
                        if path.exists() else f"{path}: there is no such file")
    found = format_of(path)
    if kind not in (None, found):
        raise FileFault(f"{path}: a file of {found}; {kind} was expected")
    with placed(path):
        file: ColumnFile = FORMATS[found][0](path, inside)
    return file


def written(kind: str, path: str | os.PathLike[str], dtype: np.dtype[Any],
            metadata: dict[str, Any], blocks: Iterator[Block], force: bool = False) -> None:
    """Writes a file of columns; it is there whole or not at all."""
    path = pathlib.Path(path)
    if path.exists() and not force:
        raise FileFault(f"{path} exists; choose another name, or force=True (--force)")
    writer = FORMATS[kind][1](path, dtype, metadata)
    try:
        for block in blocks:
            if len(next(iter(block.values()))):
                writer.append(block)
        writer.finish()
        os.replace(writer.partial, path)
    except BaseException:
        pathlib.Path(writer.partial).unlink(missing_ok=True)
        raise
