"""Columns in Parquet, HDF5 and ROOT files, written and read block by block.

A column is (N,) or, such as features, (N, D). What a file says of itself is one JSON object: the
key `tamis` of Parquet's schema, the attribute `tamis` of an HDF5 file, the object `tamis` of a ROOT
file.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from .column_base import ROWS_AT_ONCE, Block, ColumnFile, needed, placed
from .column_readers import HDF5File, ParquetFile, ROOTFile
from .column_writers import HDF5Writer, ParquetWriter, ROOTWriter
from .faults import FileFault

__all__ = ["FORMATS", "ROWS_AT_ONCE", "Block", "ColumnFile", "format_of", "needed", "opened", "placed",
           "written"]

FORMATS: dict[str, tuple[type[Any], type[Any], tuple[str, ...]]] = {
    "parquet": (ParquetFile, ParquetWriter, (".parquet", ".pq")),
    "hdf5": (HDF5File, HDF5Writer, (".h5", ".hdf5", ".hdf")),
    "root": (ROOTFile, ROOTWriter, (".root",)),
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
        raise FileFault(f"{path}: {found}; a Parquet, HDF5 or ROOT file was expected; CSV becomes a "
                        "run as docs/python.md says")
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
    if not path.parent.is_dir():
        raise FileFault(f"{path}: there is no folder {path.parent}")
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
