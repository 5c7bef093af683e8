"""A Tamis model with its scoring, read as docs/formats.md has it, and its score in NumPy."""

import json
import struct

import numpy as np

DTYPES = {"F32": "<f4", "F64": "<f8", "U8": "u1"}


class Network:
    """Weights, standardiser and scoring levels.

    layers     (weight, bias) pairs: input layer, residual blocks, output layer; weights are stored
               (outputs, inputs)
    embedding  (levels of the scoring, H), the rows of the levels that make the score
    weights    one a level of the scoring
    log1p      (D,) bool, or None where no feature enters as a logarithm
    clip       a float, or None
    """

    def __init__(self, tensors, levels, weights):
        self.mean, self.scale = tensors["scaler.mean"], tensors["scaler.scale"]
        blocks = sum(name.startswith("blocks.") and name.endswith(".weight") for name in tensors)
        names = ["input_proj", *(f"blocks.{i}.1" for i in range(blocks)), "output.1"]
        self.layers = [(tensors[f"{name}.weight"], tensors[f"{name}.bias"]) for name in names]
        self.embedding = np.ascontiguousarray(tensors["sigma_embed.weight"][list(levels)])
        self.weights = np.asarray(weights, np.float32)
        log1p = tensors.get("scaler.log1p")
        self.log1p = log1p != 0 if log1p is not None and np.any(log1p) else None
        clip = tensors.get("scaler.clip")
        self.clip = float(np.ravel(clip)[0]) if clip is not None else None

    @property
    def feature_count(self):
        return len(self.mean)

    @property
    def multiply_adds(self):
        """Products an event: the input layer once, all others once a level."""
        sizes = [weight.size for weight, _ in self.layers]
        return sizes[0] + len(self.weights) * sum(sizes[1:])


def read_safetensors(path):
    """The tensors by name (float64 rounded to float32), and the metadata."""
    with open(path, "rb") as file:
        content = file.read()
    (header_bytes,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + header_bytes])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + header_bytes + offset for offset in entry["data_offsets"])
        values = np.frombuffer(content[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = values.astype(np.float32) if values.dtype.kind == "f" else values
    return tensors, metadata


def read_network(model, calibration):
    """The network of a model file with the scoring of a calibration file made for it."""
    tensors, _ = read_safetensors(model)
    with open(calibration) as file:
        scoring = json.load(file)
    return Network(tensors, scoring["levels"], scoring["weights"])


def loosest_threshold(calibration):
    """The lowest threshold of a calibration: what an event has to exceed to be kept at all."""
    with open(calibration) as file:
        return min(point["threshold"] for point in json.load(file)["working_points"])


def reference_scores(network, features):
    """Scores (N,) and attributions (N, D) in float64, for finite features."""
    standard = features.astype(np.float64)
    if network.log1p is not None:
        standard = np.where(network.log1p, np.log1p(np.maximum(standard, 0)), standard)
    standard = (standard - network.mean) / network.scale
    if network.clip is not None:
        standard = np.clip(standard, -network.clip, network.clip)
    (first, *blocks, last) = network.layers
    projected = standard @ first[0].T.astype(np.float64) + first[1]
    attributions = 0
    for vector, level_weight in zip(network.embedding, network.weights):
        hidden = projected + vector
        for weight, bias in blocks:
            hidden = hidden + silu(hidden) @ weight.T.astype(np.float64) + bias
        output = silu(hidden) @ last[0].T.astype(np.float64) + last[1]
        attributions = attributions + np.float64(level_weight) * output**2
    return attributions.sum(axis=1), attributions


def silu(x):
    return x / (1 + np.exp(-np.clip(x, -700, None)))


def largest_relative_error(scores, expected):
    return float(np.max(np.abs(scores - expected) / np.abs(expected)))
