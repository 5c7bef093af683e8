"""A model with its calibration as one ONNX graph, for whoever must score elsewhere.

Input `features` (N, D) float32, raw; outputs `scores` (N,) and `attributions` (N, D), float32. The
graph standardises (log1p, clip), runs the network at the scoring levels, weights and sums. Events
with a feature that is not finite get NaN, finite events that overflow +infinity, as everywhere.
Another engine adds in another order: agreement is within 1e-5 relative, not to the bit. Of two
prototypes that are equally near to an event but for rounding it may take the other. The score of an
event that is next to a prototype, and so nearly 0, may then differ by more.

Metadata (strings, keys with the prefix `tamis.`): `model_sha256`, `calibration_sha256`, `schema`,
`feature_names`, `levels`, `weights`, `working_points`, `condition_bins` (`null`, or as in the calibration file,
where thresholds go by an event's condition), `program`, and a test vector, `test_shape`
and base64 of little-endian float32 `test_features`, `test_scores`, `test_attributions`, computed in
the exact arithmetic.
"""

from __future__ import annotations

import base64
import json
import os
import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt

from .calibrations import Calibration
from .columns import needed
from .decisions import sum_attributions
from .faults import FileFault
from .models import Distance, Model, Scoring
from .records import schema_text
from .reference import attributions
from .runs import Path

__all__ = ["check_onnx", "export_onnx", "largest_error"]

_OPSET, _IR_VERSION = 17, 8
_TEST_EVENTS = 16


class _Graph:
    """Nodes and constants of a graph that grows."""

    def __init__(self, onnx: Any):
        self.helper, self.numpy_helper = onnx.helper, onnx.numpy_helper
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, values: npt.ArrayLike) -> str:
        if name not in self.constants:
            self.constants[name] = self.numpy_helper.from_array(np.array(values), name)
        return name

    def node(self, operation: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(self.helper.make_node(operation, inputs, [output], **attributes))
        return output

    def dense(self, model: Model, index: int, value: str) -> str:
        weight, bias = model.layers[index]
        product = self.node("MatMul", [value, self.constant(f"weight{index}", weight.T.copy())],
                            f"product{index}")
        return self.node("Add", [product, self.constant(f"bias{index}", bias)], f"dense{index}")


def _graph(model: Model, scoring: Scoring, onnx: Any) -> _Graph:
    graph = _Graph(onnx)
    graph.constant("zero", np.float32(0))
    graph.constant("axis1", np.array([1], np.int64))
    graph.node("IsNaN", ["features"], "is_nan")
    graph.node("IsInf", ["features"], "is_infinite")
    graph.node("Or", ["is_nan", "is_infinite"], "is_bad")
    graph.node("Cast", ["is_bad"], "bad_numbers", to=onnx.TensorProto.FLOAT)
    graph.node("ReduceMax", ["bad_numbers"], "worst", axes=[1], keepdims=1)
    graph.node("Greater", ["worst", "zero"], "not_scorable")
    graph.node("Where", ["is_bad", "zero", "features"], "finite")
    z = _standardised(graph, model)
    found = _autoencoder(graph, model, z) if model.embedding is None else \
        _score_network(graph, model, scoring, z)
    if model.distance is not None:
        found = graph.node("Add", [found, _far_shares(graph, model.distance, z)], "with_distance")
    graph.node("IsNaN", [found], "overflowed")
    graph.node("Where", ["overflowed", graph.constant("infinity", np.float32(np.inf)), found],
               "scorable_attributions")
    graph.node("Where", ["not_scorable", graph.constant("nan", np.float32(np.nan)),
                         "scorable_attributions"], "attributions")
    graph.node("ReduceSum", ["attributions", "axis1"], "scores", keepdims=0)
    return graph


def _far_shares(graph: _Graph, distance: Distance, z: str) -> str:
    node, constant = graph.node, graph.constant
    product = node("MatMul", [z, constant("prototypes_by_feature", distance.prototypes.T.copy())],
                   "prototype_products")
    sums = node("Add", [product, constant("prototype_offsets", distance.offsets)],
                "prototype_sums")
    place = node("ArgMax", [sums], "nearest", axis=1, keepdims=0)
    row = node("Gather", [constant("prototypes", distance.prototypes), place], "nearest_prototype")
    difference = node("Sub", [z, row], "far")
    square = node("Mul", [difference, difference], "far_squares")
    return node("Mul", [square, constant("distance_weight", distance.weight)], "far_shares")


def _standardised(graph: _Graph, model: Model) -> str:
    node, constant = graph.node, graph.constant
    value = "finite"
    if model.log1p.any():
        # log(1 + x) without the loss at small x: x log(u) / (u - 1) where u = 1 + x in float32.
        one = constant("one", np.float32(1))
        x = node("Max", ["finite", "zero"], "positive")
        u = node("Add", [x, one], "plus_one")
        kept = node("Sub", [u, one], "kept")
        quotient = node("Div", [x, kept], "correction")
        corrected = node("Mul", [node("Log", [u], "logarithm"), quotient], "corrected")
        small = node("Equal", [kept, "zero"], "is_small")
        logarithm = node("Where", [small, x, corrected], "log1p")
        value = node("Where", [constant("is_log", model.log1p), logarithm, value], "transformed")
    value = node("Sub", [value, constant("mean", model.mean)], "centred")
    value = node("Div", [value, constant("scale", model.scale)], "standard")
    if model.clip is not None:
        value = node("Clip", [value, constant("lowest", np.float32(-model.clip)),
                              constant("highest", np.float32(model.clip))], "clipped")
    return value


def _score_network(graph: _Graph, model: Model, scoring: Scoring, z: str) -> str:
    node, constant = graph.node, graph.constant
    assert model.embedding is not None
    width, levels = model.embedding.shape[1], len(scoring.levels)

    def silu(index: int, value: str) -> str:
        return node("Mul", [value, node("Sigmoid", [value], f"sigmoid{index}")], f"silu{index}")

    # All levels of an event go through the hidden layers as rows of one matrix.
    value = node("Unsqueeze", [graph.dense(model, 0, z), "axis1"], "projected")
    embedding = model.embedding[scoring.levels][np.newaxis]
    value = node("Add", [value, constant("embedding", embedding)], "levels")
    value = node("Reshape", [value, constant("rows", np.array([-1, width], np.int64))], "hidden0")
    last = len(model.layers) - 1
    for index in range(1, last):
        layer = graph.dense(model, index, silu(index, value))
        value = node("Add", [value, layer], f"hidden{index}")
    value = graph.dense(model, last, silu(last, value))
    value = node("Mul", [value, value], "squares")
    shape = constant("by_level", np.array([-1, levels, model.feature_count], np.int64))
    value = node("Reshape", [value, shape], "split")
    weights = scoring.weights[np.newaxis, :, np.newaxis]
    value = node("Mul", [value, constant("level_weights", weights)], "weighted")
    return node("ReduceSum", [value, "axis1"], "summed", keepdims=0)


def _autoencoder(graph: _Graph, model: Model, z: str) -> str:
    value, last = z, len(model.layers) - 1
    for index in range(last):
        value = graph.dense(model, index, value)
        # Not Relu: a NaN has to pass.
        negative = graph.node("Less", [value, "zero"], f"negative{index}")
        value = graph.node("Where", [negative, "zero", value], f"hidden{index}")
    difference = graph.node("Sub", [z, graph.dense(model, last, value)], "difference")
    return graph.node("Mul", [difference, difference], "squares")


def vector_events(model: Model) -> npt.NDArray[np.float32]:
    """Raw features (16, D) around the model's background, one of them not finite."""
    generator = np.random.default_rng(2026)
    z = generator.standard_normal((_TEST_EVENTS, model.feature_count)) * \
        np.linspace(0.5, 4, _TEST_EVENTS)[:, np.newaxis]
    raw = model.mean.astype(np.float64) + z * model.scale
    raw[:, model.log1p] = np.expm1(np.clip(raw[:, model.log1p], 0, 80))
    features = raw.astype(np.float32)
    features[-1, -1] = np.nan
    return features


def export_onnx(model: Model, calibration: Calibration, path: Path, force: bool = False) -> float:
    """Writes the graph, and returns how far ONNX Runtime is from the test vector, relative.

    NaN where ONNX Runtime is not installed. Needs tamis[onnx].
    """
    onnx = needed("onnx", "onnx")
    path = pathlib.Path(path)
    if path.exists() and not force:
        raise FileFault(f"{path} exists; choose another name, or force=True (--force)")
    calibration.check(model)
    scoring = calibration.scoring
    graph = _graph(model, scoring, onnx)
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    outlined = helper.make_graph(
        graph.nodes, "tamis",
        [helper.make_tensor_value_info("features", kind, ["events", model.feature_count])],
        [helper.make_tensor_value_info("scores", kind, ["events"]),
         helper.make_tensor_value_info("attributions", kind, ["events", model.feature_count])],
        list(graph.constants.values()))
    from . import __version__
    proto = helper.make_model(outlined, opset_imports=[helper.make_opsetid("", _OPSET)],
                              ir_version=_IR_VERSION, producer_name="tamis",
                              producer_version=__version__)
    for key, text in _metadata(model, calibration).items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = f"tamis.{key}", text
    onnx.checker.check_model(proto)
    partial = path.with_name(f".{path.name}.writing-{os.getpid()}")
    try:
        partial.write_bytes(proto.SerializeToString())
        error = _checked(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return error


def _metadata(model: Model, calibration: Calibration) -> dict[str, str]:
    from . import __version__
    features = vector_events(model)
    parts = attributions(model, features, calibration.scoring, exact=True)
    return {
        "model_sha256": model.sha256 or "", "calibration_sha256": calibration.sha256 or "",
        "schema": schema_text(model.schema), "feature_names": json.dumps(model.stated_names),
        "levels": json.dumps(calibration.scoring.levels),
        "weights": json.dumps([float(each) for each in calibration.scoring.weights]),
        "working_points": json.dumps(calibration.content["working_points"]),
        "condition_bins": json.dumps(calibration.content.get("condition_bins")),
        "program": f"tamis (Python) {__version__}",
        "test_shape": json.dumps(list(features.shape)),
        "test_features": _base64(features), "test_attributions": _base64(parts),
        "test_scores": _base64(sum_attributions(parts))}


def _base64(values: npt.NDArray[np.float32]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def largest_error(found: npt.NDArray[Any], expected: npt.NDArray[Any],
                  scale: npt.NDArray[Any]) -> float:
    """The largest |found - expected| / scale; infinite where one alone is NaN or infinite."""
    alike = (np.isnan(found) == np.isnan(expected)) & (np.isinf(found) == np.isinf(expected))
    if not alike.all():
        return float("inf")
    finite = np.isfinite(expected) & (scale > 0)
    with np.errstate(invalid="ignore"):
        errors = np.abs(found.astype(np.float64) - expected) / np.where(scale > 0, scale, 1)
    return float(errors[finite].max(initial=0.0))


def check_onnx(path: Path) -> float:
    """How far ONNX Runtime is from the test vector inside a file: scores relative, attributions
    relative to their event's score."""
    error = _checked(pathlib.Path(path))
    if np.isnan(error):
        needed("onnxruntime", "onnx")
    return error


def _checked(path: pathlib.Path) -> float:
    try:
        runtime = needed("onnxruntime", "onnx")
    except FileFault:
        return float("nan")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    texts = session.get_modelmeta().custom_metadata_map
    if "tamis.test_features" not in texts:
        raise FileFault(f"{path}: no test vector of tamis in it")

    def vector(name: str) -> npt.NDArray[np.float32]:
        return np.frombuffer(base64.b64decode(texts[f"tamis.{name}"]), "<f4")

    shape = json.loads(texts["tamis.test_shape"])
    expected, parts = vector("test_scores"), vector("test_attributions").reshape(shape)
    scores, found = session.run(
        ["scores", "attributions"], {"features": vector("test_features").reshape(shape)})
    scale = np.broadcast_to(expected[:, np.newaxis], parts.shape)
    return max(largest_error(scores, expected, np.abs(expected)),
               largest_error(found, parts, np.abs(scale)))
