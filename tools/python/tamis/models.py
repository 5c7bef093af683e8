"""Model files: a reader of .safetensors and the networks in them, as docs/formats.md has them."""

from __future__ import annotations

import hashlib
import json
import math
import pathlib
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .faults import FileFault
from .records import numbered_names, schema_prefix
from .runs import Path

__all__ = ["Distance", "Model", "Scoring", "read_safetensors"]

Float32s = npt.NDArray[np.float32]

_DTYPES = {"F32": "<f4", "F64": "<f8", "U8": "u1"}
_HEADER_BYTES_MAX = 100 << 20


def read_safetensors(path: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, str]]:
    """The tensors by name (F64 rounded to float32) and the metadata of a .safetensors file."""
    path = pathlib.Path(path)
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise FileFault(f"{path}: {fault.strerror}") from fault
    if len(content) < 8:
        raise FileFault(f"{path}: {len(content)} bytes; a .safetensors file was expected")
    (header_bytes,) = struct.unpack_from("<Q", content)
    if header_bytes > min(len(content) - 8, _HEADER_BYTES_MAX):
        raise FileFault(f"{path}: not a .safetensors file: its header would be {header_bytes} "
                        "bytes")
    try:
        header = json.loads(content[8:8 + header_bytes])
        if not isinstance(header, dict):
            raise ValueError("an object was expected")
    except ValueError as fault:
        raise FileFault(f"{path}: header: {fault}") from fault
    metadata = header.pop("__metadata__", {})
    body = memoryview(content)[8 + header_bytes:]
    return {name: _tensor(path, name, entry, body) for name, entry in header.items()}, metadata


def _tensor(path: pathlib.Path, name: str, entry: Any, body: memoryview) -> npt.NDArray[Any]:
    try:
        kind, shape = entry["dtype"], [int(each) for each in entry["shape"]]
        begin, end = (int(each) for each in entry["data_offsets"])
    except (TypeError, KeyError, ValueError) as fault:
        raise FileFault(f"{path}: tensor {name}: dtype, shape and data_offsets were expected") \
            from fault
    if kind not in _DTYPES:
        raise FileFault(f"{path}: tensor {name}: {kind}; F32, F64 or U8 was expected")
    dtype = np.dtype(_DTYPES[kind])
    byte_count = math.prod(shape) * dtype.itemsize
    if min(shape, default=1) < 0 or not 0 <= begin <= end <= len(body) \
            or end - begin != byte_count:
        raise FileFault(f"{path}: tensor {name}: shape {shape} of {kind} does not fit the bytes "
                        f"{begin} to {end} of {len(body)}")
    values = np.frombuffer(body[begin:end], dtype).reshape(shape)
    with np.errstate(over="ignore"):
        return values.astype(np.float32) if dtype.kind == "f" else values


class Scoring:
    """Which noise levels make a score and how they are weighted.

    levels   indices into the model's sigmas, in the order in which they are added
    weights  (n,) float32, one a level
    """

    def __init__(self, levels: Sequence[int], weights: Sequence[float] | None = None):
        self.levels = [int(each) for each in levels]
        share = np.float32(1) / np.float32(max(1, len(self.levels)))
        self.weights: Float32s = np.full(len(self.levels), share, np.float32) \
            if weights is None else np.asarray(weights, np.float32)
        if not self.levels or len(self.weights) != len(self.levels):
            raise FileFault(f"{len(self.levels)} levels with {len(self.weights)} weights; one each "
                            "was expected")

    def __repr__(self) -> str:
        return f"Scoring({self.levels}, {self.weights.tolist()})"


class Distance:
    """What is added for events far from all background.

    prototypes  (M, D) float32, standardised training events
    weight      float32, times the squared distance to the nearest prototype
    offsets     (M,) float32, -|p|^2 / 2: z . p + offset is largest for the nearest prototype p
    """

    def __init__(self, prototypes: Float32s, weight: np.float32):
        self.prototypes, self.weight = prototypes, weight
        squares = np.zeros(len(prototypes), np.float64)
        with np.errstate(over="ignore"):
            for column in prototypes.T.astype(np.float64):
                squares += column * column
            self.offsets: Float32s = (-squares / 2).astype(np.float32)


class Model:
    """The network of a model file.

    kind           "score" or "autoencoder"
    sha256         of the file, in hexadecimal; None where there is no file
    feature_count  D
    mean, scale    standardiser, (D,) float32
    log1p          (D,) bool: features that enter as log(1 + max(x, 0))
    clip           standardised values are cut at plus and minus this float32; None for not
    layers         (weight, bias) pairs from the input on; weights are (outputs, inputs) float32
    embedding      (L, H) float32, one vector a noise level; None for an autoencoder
    sigmas         (L,) float32 noise levels; None for an autoencoder
    scoring        the model's own; a calibration has one that is used in its place
    distance       a Distance, or None where the levels alone make the score
    output         "noise" or "score": what a score network predicts
    metadata       the file's map of strings
    """

    def __init__(self, tensors: dict[str, npt.NDArray[Any]], metadata: dict[str, str],
                 name: str = "model", sha256: str | None = None):
        self.name, self.metadata, self.sha256 = name, metadata, sha256
        self._tensors = tensors
        self.kind = metadata.get("network", "score")
        if self.kind not in ("score", "autoencoder"):
            raise FileFault(f"{name}: network {self.kind!r}; score or autoencoder was expected")
        self.mean = self._required("scaler.mean", (None,))
        self.feature_count = len(self.mean)
        self.scale = self._required("scaler.scale", (self.feature_count,))
        if not (self.scale > 0).all():
            raise FileFault(f"{name}: tensor scaler.scale: positive numbers were expected")
        log1p = tensors.get("scaler.log1p")
        self.log1p: npt.NDArray[np.bool_] = np.zeros(self.feature_count, np.bool_) \
            if log1p is None else self._shaped("scaler.log1p", (self.feature_count,)) != 0
        self.clip = np.float32(self._required("scaler.clip", (1,))[0]) \
            if "scaler.clip" in tensors else None
        self.embedding: Float32s | None = None
        self.sigmas: Float32s | None = None
        self.layers: list[tuple[Float32s, Float32s]] = []
        self.distance: Distance | None = None
        form = metadata.get("format", "tamis-model/1")
        if form not in ("tamis-model/1", "tamis-model/2"):
            raise FileFault(f"{name}: format {form!r}; tamis-model/1 or tamis-model/2 was expected")
        if self.kind == "score":
            self._read_score_network()
        else:
            self._read_autoencoder()

    def _read_score_network(self) -> None:
        features = self.feature_count
        self.embedding = self._required("sigma_embed.weight", (None, None))
        levels, width = self.embedding.shape
        self.sigmas = self._required("sigmas", (levels,))
        self.layers = [self._layer("input_proj", width, features)]
        while f"blocks.{len(self.layers) - 1}.1.weight" in self._tensors:
            self.layers.append(self._layer(f"blocks.{len(self.layers) - 1}.1", width, width))
        self.layers.append(self._layer("output.1", features, width))
        scoring = json.loads(self.metadata.get("scoring", "{}"))
        self.output = scoring.get("output", "score")
        lowest = np.argsort(self.sigmas, kind="stable")[:3]
        self.scoring = Scoring(scoring.get("levels", sorted(lowest.tolist())),
                               scoring.get("weights"))
        self.check(self.scoring)
        if (self.metadata.get("format") == "tamis-model/2"
                or {"distance.prototypes", "distance.weight"} & set(self._tensors)):
            weight = self._required("distance.weight", (1,))[0]
            if not weight > 0:
                raise FileFault(f"{self.name}: tensor distance.weight: a positive number was "
                                "expected")
            self.distance = Distance(self._required("distance.prototypes", (None, features)), weight)

    def _read_autoencoder(self) -> None:
        inputs = self.feature_count
        while f"layers.{len(self.layers)}.weight" in self._tensors:
            self.layers.append(self._layer(f"layers.{len(self.layers)}", None, inputs))
            inputs = len(self.layers[-1][1])
        if len(self.layers) < 2 or inputs != self.feature_count:
            raise FileFault(f"{self.name}: layers.0, layers.1 and on, from {self.feature_count} "
                            f"features to as many, were expected; {len(self.layers)} found")
        self.output = "reconstruction"
        self.scoring = Scoring([0], [1.0])

    def _layer(self, name: str, outputs: int | None, inputs: int) -> tuple[Float32s, Float32s]:
        weight = self._required(f"{name}.weight", (outputs, inputs))
        return weight, self._required(f"{name}.bias", (len(weight),))

    def _shaped(self, name: str, shape: tuple[int | None, ...]) -> npt.NDArray[Any]:
        if name not in self._tensors:
            raise FileFault(f"{self.name}: no tensor {name}; there are "
                            f"{', '.join(sorted(self._tensors)[:12])}")
        values = self._tensors[name]
        if len(values.shape) != len(shape) or any(
                wanted is not None and found != wanted
                for found, wanted in zip(values.shape, shape)):
            wanted_text = "(" + ", ".join("any" if each is None else str(each)
                                          for each in shape) + ")"
            raise FileFault(f"{self.name}: tensor {name}: shape {values.shape}; {wanted_text} was "
                            "expected")
        return values

    def _required(self, name: str, shape: tuple[int | None, ...]) -> Float32s:
        values = self._shaped(name, shape)
        if not np.isfinite(values).all():
            raise FileFault(f"{self.name}: tensor {name}: a value is not finite")
        return np.ascontiguousarray(values, np.float32)

    def check(self, scoring: Scoring) -> None:
        """Raises FileFault where a scoring does not fit this network."""
        count = 1 if self.sigmas is None else len(self.sigmas)
        if not all(0 <= each < count for each in scoring.levels):
            raise FileFault(f"{self.name}: levels {scoring.levels}; there are 0 to {count - 1}")

    @property
    def stated_names(self) -> list[str] | None:
        """The features' names; None where the file has none."""
        names = json.loads(self.metadata.get("feature_names", "null"))
        return [str(each) for each in names] if names else None

    @property
    def feature_names(self) -> list[str]:
        """The features' names, made up where the file has none."""
        return self.stated_names or numbered_names(self.feature_count)

    @property
    def schema(self) -> int:
        """The schema field of this model's events; 0 without names."""
        return schema_prefix(self.stated_names) if self.stated_names else 0

    @classmethod
    def read(cls, path: Path) -> Model:
        """The network of a model file; FileFault names the tensor that is wrong."""
        tensors, metadata = read_safetensors(path)
        digest = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
        return cls(tensors, metadata, str(path), digest)
