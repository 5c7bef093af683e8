"""Scores one batch over and over with each of the other engines; a process bound to one processor.

    python -m bench_peers.engines MODEL CALIBRATION EVENTS.npy SCORES.npy BATCHES PROCESSOR FOLDER

First it prints one line of JSON: the engines by name, each with the largest relative error of its
scores against SCORES.npy (those of `tamis score`), or with the reason why it is not there. Then
it answers every line `NAME <tab> BATCH <tab> SECONDS` with the events scored and the seconds taken.

The input lies in the engine's own buffer before the clock starts, so an engine pays for scoring
alone; every engine has one thread.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

from bench_peers import graphs, network

SCORE_TOLERANCE = 1e-4


class Unavailable(Exception):
    """Why an engine cannot be measured."""


class OnnxRuntime:
    """ONNX Runtime from Python, through an IOBinding; int8 is its dynamic quantisation."""

    def __init__(self, net, features, folder, is_int8):
        self.net, self.features, self.folder, self.is_int8 = net, features, folder, is_int8

    def prepare(self, batch):
        import onnxruntime

        session = onnx_session(self.net, batch, self.is_int8, self.folder)
        binding = session.io_binding()
        value = onnxruntime.OrtValue.ortvalue_from_numpy(self.features[:batch])
        binding.bind_ortvalue_input("features", value)
        outputs = {"scores": (batch,), "attributions": (batch, self.net.feature_count)}
        for name, shape in outputs.items():
            binding.bind_ortvalue_output(
                name, onnxruntime.OrtValue.ortvalue_from_shape_and_type(shape, np.float32))
        scores = lambda: binding.get_outputs()[0].numpy()  # noqa: E731
        return lambda: session.run_with_iobinding(binding), scores


def onnx_session(net, batch, is_int8=False, folder=None):
    """A session of one thread for batches of one size, or (None) of any."""
    import onnxruntime

    content = graphs.onnx_graph(net, batch).SerializeToString()
    if is_int8:
        content = quantised(content, folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def quantised(content, folder):
    """The graph with its matrix products in 8 bits; their input is scaled as it comes."""
    import logging

    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        plain, small = (os.path.join(scratch, name) for name in ("plain.onnx", "int8.onnx"))
        pathlib.Path(plain).write_bytes(content)
        quantize_dynamic(plain, small, weight_type=QuantType.QInt8, per_channel=True)
        return pathlib.Path(small).read_bytes()


class OpenVinoPython:
    """OpenVINO from Python, through an inference request and its own buffers."""

    def __init__(self, net, features, folder, precision):
        self.net, self.features, self.precision = net, features, precision
        self.path = openvino_graph(net, folder)

    def prepare(self, batch):
        import openvino

        core = openvino.Core()
        model = core.read_model(self.path)
        model.reshape([batch, self.net.feature_count])
        compiled = core.compile_model(model, "CPU", {
            "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self.precision, "ENABLE_CPU_PINNING": False})
        request = compiled.create_infer_request()
        request.get_input_tensor().data[:] = self.features[:batch]
        return request.infer, lambda: request.get_output_tensor(0).data


class OpenVinoCpp:
    """OpenVINO from C++: openvino_loop.cpp, compiled against the headers of the Python package."""

    def __init__(self, net, features, folder, precision):
        self.net = net
        program = build_openvino_loop(folder)
        raw = os.path.join(folder, "features.f32")
        np.ascontiguousarray(features).tofile(raw)
        self.process = subprocess.Popen(
            [program, openvino_graph(net, folder), raw, str(net.feature_count), precision],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise Unavailable(f"the C++ program ended with {self.process.wait()}")
        return [float(each) for each in answer.split()]

    def prepare(self, batch):
        return (lambda seconds: tuple(self.ask(f"run {batch} {seconds}")),
                lambda: np.array(self.ask(f"scores {batch} 0"), np.float32))


def openvino_graph(net, folder):
    import onnx

    path = os.path.join(folder, "graph.onnx")
    if not os.path.exists(path):
        onnx.save(graphs.onnx_graph(net), path)
    return path


def build_openvino_loop(folder):
    """Compiles the program once; Unavailable where headers, libraries or compiler are missing."""
    import openvino

    program = os.path.join(folder, "openvino-loop")
    if os.path.exists(program):
        return program
    package = pathlib.Path(openvino.__file__).parent
    libraries = sorted((package / "libs").glob("libopenvino.so.*"))
    if not libraries or not (package / "include" / "openvino" / "openvino.hpp").exists():
        raise Unavailable("the package comes without C++ headers")
    source = pathlib.Path(__file__).with_name("openvino_loop.cpp")
    try:
        finished = subprocess.run(
            ["c++", "-O2", "-std=c++17", "-w", f"-I{package / 'include'}", str(source),
             str(libraries[0]), f"-Wl,-rpath,{package / 'libs'}", "-o", program],
            capture_output=True, text=True)
    except FileNotFoundError:
        raise Unavailable("no C++ compiler (c++) here") from None
    if finished.returncode:
        fault = next((each for each in finished.stderr.splitlines() if "error" in each), "")
        raise Unavailable(f"openvino_loop.cpp does not compile: {fault}")
    return program


class PyTorch:
    """PyTorch in inference mode: as written, traced and frozen, or compiled."""

    def __init__(self, net, features, folder, how):
        import torch

        torch.set_num_threads(1)
        self.features, self.how = torch.from_numpy(np.ascontiguousarray(features)), how
        self.module = graphs.torch_module(net)

    def prepare(self, batch):
        import torch

        features, module = self.features[:batch].clone(), self.module
        if self.how == "traced":
            with torch.no_grad():
                module = torch.jit.freeze(torch.jit.trace(module, features))
                module = torch.jit.optimize_for_inference(module)
        elif self.how == "compiled":
            module = torch.compile(module, dynamic=False, fullgraph=True)
        result = []

        def run():
            with torch.inference_mode():
                result[:] = module(features)

        return run, lambda: result[0].numpy()


# Name, class, its last argument, whether it computes in float32 throughout.
ENGINES = [
    ("ONNX Runtime fp32", OnnxRuntime, False, True),
    ("ONNX Runtime int8 dynamic", OnnxRuntime, True, False),
    ("OpenVINO fp32, C++", OpenVinoCpp, "f32", True),
    ("OpenVINO bf16, C++", OpenVinoCpp, "bf16", False),
    ("OpenVINO fp32, Python", OpenVinoPython, "f32", True),
    ("OpenVINO bf16, Python", OpenVinoPython, "bf16", False),
    ("PyTorch fp32", PyTorch, "plain", True),
    ("PyTorch fp32, torch.jit", PyTorch, "traced", True),
    ("PyTorch fp32, torch.compile", PyTorch, "compiled", True),
]


def prepared(engine, batches, expected, is_float32):
    """By batch what to call; and the largest relative error of the scores over all batches."""
    calls, error = {}, 0.0
    for batch in batches:
        call, scores = engine.prepare(batch)
        if not isinstance(engine, OpenVinoCpp):
            call = timed(call, batch)
        call(0.01)
        error = max(error, network.largest_relative_error(
            np.array(scores(), np.float64), expected[:batch].astype(np.float64)))
        calls[batch] = call
    if is_float32 and not error <= SCORE_TOLERANCE:
        raise Unavailable(f"its scores differ from those of tamis score by {error:.2g}")
    return calls, error


def timed(call, batch):
    """Calls for at least so many seconds; events and seconds. The clock is read rarely."""
    calls_between = [1]

    def run(seconds):
        calls, start = 0, time.perf_counter()
        while True:
            for _ in range(calls_between[0]):
                call()
            calls += calls_between[0]
            taken = time.perf_counter() - start
            if taken >= seconds:
                calls_between[0] = max(1, int(calls * 1e-3 / taken))
                return calls * batch, taken

    return run


def main(arguments):
    model, calibration, events, scores, batches, processor, folder = arguments
    os.sched_setaffinity(0, {int(processor)})
    batches = [int(each) for each in batches.split(",")]
    net = network.read_network(model, calibration)
    features, expected = np.load(events)[:max(batches)], np.load(scores)[:max(batches)]
    calls, said = {}, {}
    for name, kind, option, is_float32 in ENGINES:
        try:
            engine = kind(net, features, folder, option)
            calls[name], error = prepared(engine, batches, expected, is_float32)
            said[name] = {"largest_relative_error": error, "is_float32": is_float32}
        except Exception as fault:  # a peer that fails in whatever way is reported, and left out
            text = str(fault).strip().splitlines() or [type(fault).__name__]
            said[name] = {"missing": text[0][:200]}
    print(json.dumps(said), flush=True)
    for line in sys.stdin:
        name, batch, seconds = line.rstrip("\n").split("\t")
        count, taken = calls[name][int(batch)](float(seconds))
        print(int(count), taken, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
