"""The same computation as an ONNX graph and as a PyTorch module.

Both take raw features (N, D) and give scores (N,) and attributions (N, D). The events of a batch at
all levels go through the hidden layers as one matrix of N x levels rows: on the engines measured
this is the fastest way to say it.
"""

import numpy as np


def onnx_graph(network, batch=None):
    """The graph as an onnx.ModelProto, for `batch` events, or for any number."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants = [], []

    def constant(name, values):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(operation, inputs, output, **attributes):
        nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def dense(index, value):
        weight, bias = network.layers[index]
        product = node("MatMul", [value, constant(f"weight{index}", weight.T)], f"product{index}")
        return node("Add", [product, constant(f"bias{index}", bias)], f"dense{index}")

    def silu(index, value):
        return node("Mul", [value, node("Sigmoid", [value], f"sigmoid{index}")], f"silu{index}")

    features, levels = network.feature_count, len(network.weights)
    width = network.embedding.shape[1]
    value = _standardised(network, node, constant)
    value = node("Unsqueeze", [dense(0, value), constant("axis1", np.int64([1]))], "projected")
    value = node("Add", [value, constant("embedding", network.embedding[None])], "levels")
    value = node("Reshape", [value, constant("rows", np.int64([-1, width]))], "hidden0")
    last = len(network.layers) - 1
    for index in range(1, last):
        value = node("Add", [value, dense(index, silu(index, value))], f"hidden{index}")
    value = dense(last, silu(last, value))
    value = node("Mul", [value, value], "squares")
    by_level = constant("by_level", np.int64([-1, levels, features]))
    value = node("Reshape", [value, by_level], "split")
    weights = constant("level_weights", network.weights[None, :, None])
    value = node("Mul", [value, weights], "weighted")
    node("ReduceSum", [value, constant("over_levels", np.int64([1]))], "attributions", keepdims=0)
    node("ReduceSum", ["attributions", constant("over_features", np.int64([1]))], "scores",
         keepdims=0)
    rows = batch if batch is not None else "events"
    graph = helper.make_graph(
        nodes, "tamis",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [rows, features])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [rows]),
         helper.make_tensor_value_info("attributions", TensorProto.FLOAT, [rows, features])],
        constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _standardised(network, node, constant):
    value = "features"
    if network.log1p is not None:
        zero, one = constant("zero", np.float32(0)), constant("one", np.float32(1))
        positive = node("Max", [value, zero], "positive")
        logarithm = node("Log", [node("Add", [positive, one], "plus_one")], "logarithm")
        value = node("Where", [constant("is_log", network.log1p), logarithm, value], "transformed")
    value = node("Sub", [value, constant("mean", network.mean)], "centred")
    value = node("Div", [value, constant("scale", network.scale)], "standard")
    if network.clip is not None:
        value = node("Clip", [value, constant("low", np.float32(-network.clip)),
                              constant("high", np.float32(network.clip))], "clipped")
    return value


def torch_module(network):
    """The same as a torch.nn.Module in evaluation mode."""
    import torch
    from torch.nn import functional

    class Scorer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.mean = _parameter(network.mean)
            self.scale = _parameter(network.scale)
            self.embedding = _parameter(network.embedding[None])
            self.level_weights = _parameter(network.weights[None, :, None])
            self.is_log = None
            if network.log1p is not None:
                self.is_log = torch.nn.Parameter(torch.from_numpy(network.log1p), False)
            self.clip = network.clip
            self.layers = torch.nn.ModuleList()
            for weight, bias in network.layers:
                layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
                layer.weight, layer.bias = _parameter(weight), _parameter(bias)
                self.layers.append(layer)

        def forward(self, features):
            value = features
            if self.is_log is not None:
                value = torch.where(self.is_log, torch.log1p(value.clamp(min=0)), value)
            value = (value - self.mean) / self.scale
            if self.clip is not None:
                value = value.clamp(-self.clip, self.clip)
            hidden = self.layers[0](value).unsqueeze(1) + self.embedding
            hidden = hidden.reshape(-1, hidden.shape[2])
            for layer in self.layers[1:-1]:
                hidden = hidden + layer(functional.silu(hidden))
            output = self.layers[-1](functional.silu(hidden))
            output = output.reshape(features.shape[0], -1, features.shape[1])
            attributions = (output * output * self.level_weights).sum(1)
            return attributions.sum(1), attributions

    def _parameter(values):
        return torch.nn.Parameter(torch.from_numpy(np.array(values, np.float32)), False)

    return Scorer().eval()
