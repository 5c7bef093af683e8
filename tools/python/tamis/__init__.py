"""Tamis in Python: records, runs and journals, senders and receivers, models and scores, files.

See docs/python.md for a tour. NumPy and pyzmq are all that is needed; Parquet, HDF5, ROOT, pandas
and ONNX come with the extras of those names.
"""

from . import records
from .calibrations import Calibration, WorkingPoint
from .curve import Curve
from .faults import CatchUpFault, FileFault, KeyFault, NoAnswer, RunFault, TamisError
from .files import (
    Table, from_hdf5, from_parquet, from_root, to_hdf5, to_pandas, to_parquet, to_root)
from .journals import Journal, read_lines
from .models import Model, Scoring
from .rarity import BackgroundRates, QuietReference
from .receiver import Receiver
from .records import (
    describe, event_dtype, flagged_dtype, flagged_faults, new_events, new_flagged, schema_prefix,
    seal)
from .reference import attributions, flag, score
from .run_writer import RunWriter
from .runs import Run, read_npy
from .sender import NobodyReceives, Sender

__version__ = "0.1.0"

__all__ = [
    "BackgroundRates", "Calibration", "CatchUpFault", "Curve", "FileFault", "Journal", "KeyFault", "Model", "NoAnswer",
    "NobodyReceives", "QuietReference", "Receiver", "Run", "RunFault", "RunWriter", "Scoring", "Sender", "Table",
    "TamisError", "WorkingPoint", "attributions", "describe", "event_dtype", "flag",
    "flagged_dtype", "flagged_faults", "from_hdf5", "from_parquet", "from_root", "new_events",
    "new_flagged", "read_lines", "read_npy", "records", "schema_prefix", "score", "seal",
    "to_hdf5", "to_pandas", "to_parquet", "to_root"]
