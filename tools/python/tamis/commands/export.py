"""Writes a model with its calibration as one ONNX graph, for whoever must score elsewhere.

Standardiser, levels, weights, score and attributions are in the graph; hashes, working points and a
test vector in its metadata. ONNX Runtime, where it is installed, is asked at once: more than 1e-5
relative from the test vector is a failure. --check does so with a file that is there.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import NoReturn

from ..calibrations import Calibration
from ..faults import FileFault
from ..models import Model
from ..onnx_export import check_onnx, export_onnx
from .program import ended

EXAMPLES = """examples:
  tamis-export --onnx model.safetensors --calibration calibration.json --out model.onnx
  tamis-export --check model.onnx
"""
ERROR_MAX = 1e-5


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--onnx", metavar="MODEL", help="the model file to write as ONNX")
    what.add_argument("--check", metavar="FILE",
                      help="an ONNX file to compare with its test vector")
    parser.add_argument("--calibration", metavar="FILE")
    parser.add_argument("--out", metavar="FILE")
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    options = parser.parse_args(arguments)
    if options.onnx and not (options.calibration and options.out):
        parser.error("--onnx needs --calibration and --out")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_arguments(arguments)
    if options.check:
        error = check_onnx(options.check)
    else:
        model = Model.read(options.onnx)
        error = export_onnx(
            model, Calibration.read(options.calibration), options.out, options.force)
        print(f"written: {options.out}, {model.feature_count} features, model "
              f"{(model.sha256 or '')[:8]}")
    if math.isnan(error):
        print("not compared: onnxruntime is not installed")
        return 0
    print(f"ONNX Runtime differs by at most {error:.2g} relative from the test vector")
    if error > ERROR_MAX:
        raise FileFault(f"that is more than {ERROR_MAX:g}")
    return 0


def run() -> NoReturn:
    ended(main)
