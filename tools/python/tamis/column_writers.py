"""Columns into Parquet, HDF5 and ROOT files, block by block."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

from .column_base import KEY, ROWS_AT_ONCE, TREE, Columns, ColumnWriter, needed

__all__ = ["HDF5Writer", "ParquetWriter", "ROOTWriter"]


class ParquetWriter(ColumnWriter):
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
        self._schema = arrow.schema(fields, {KEY: json.dumps(metadata)})
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


class HDF5Writer(ColumnWriter):
    def __init__(self, path: pathlib.Path, dtype: np.dtype[Any], metadata: dict[str, Any]):
        super().__init__(path, dtype, metadata)
        h5py = needed("h5py", "hdf5")
        self._file = h5py.File(self.partial, "w")
        self._file.attrs[KEY] = json.dumps(metadata)
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


class ROOTWriter(ColumnWriter):
    def __init__(self, path: pathlib.Path, dtype: np.dtype[Any], metadata: dict[str, Any]):
        super().__init__(path, dtype, metadata)
        uproot = needed("uproot", "root")
        self._file = uproot.recreate(self.partial)
        self._file[KEY] = json.dumps(metadata)
        self._tree = self._file.mktree(
            TREE, {name: dtype[name] for name in dtype.names or ()}, title="Tamis records")

    def append(self, block: Columns) -> None:
        self._tree.extend({name: np.ascontiguousarray(values) for name, values in block.items()})

    def finish(self) -> None:
        self._file.close()
