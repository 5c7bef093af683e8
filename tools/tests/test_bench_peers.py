"""The pure parts of bench-peers: graphs, figures, tables, latencies, what the daemon flags."""

import json
import pathlib
import struct
import subprocess
import sys

import numpy as np
import pytest

TOOLS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOOLS))

import tamis_formats as formats  # noqa: E402
from bench_peers import (  # noqa: E402
    daemons, environment, figures, graphs, latency, machine, network, peer_daemon)

FEATURES, WIDTH, BLOCKS, LEVELS = 5, 16, 2, 4


def tiny_tensors(seed=1, **more):
    generator = np.random.default_rng(seed)

    def normal(*shape):
        return generator.standard_normal(shape).astype(np.float32) * np.float32(0.3)

    tensors = {"sigma_embed.weight": normal(LEVELS, WIDTH),
               "input_proj.weight": normal(WIDTH, FEATURES), "input_proj.bias": normal(WIDTH),
               "output.1.weight": normal(FEATURES, WIDTH), "output.1.bias": normal(FEATURES),
               "scaler.mean": normal(FEATURES), "scaler.scale": 1 + np.abs(normal(FEATURES)),
               "sigmas": np.float32([4, 2, 1, 0.5])}
    for index in range(BLOCKS):
        tensors[f"blocks.{index}.1.weight"] = normal(WIDTH, WIDTH)
        tensors[f"blocks.{index}.1.bias"] = normal(WIDTH)
    return {**tensors, **more}


def tiny_network(**more):
    return network.Network(tiny_tensors(**more), levels=[2, 0], weights=[0.75, 0.25])


LOGARITHMIC = {"scaler.log1p": np.uint8([1, 0, 0, 1, 0]), "scaler.clip": np.float32([1.5])}


def some_features(count=20):
    return np.random.default_rng(2).normal(0, 2, (count, FEATURES)).astype(np.float32)


def score_by_loops(net, tensors, event):
    """The formulas of docs/formats.md, one number at a time."""
    z = []
    for j in range(FEATURES):
        x = float(event[j])
        if "scaler.log1p" in tensors and tensors["scaler.log1p"][j]:
            x = np.log(1 + max(x, 0.0))
        x = (x - float(tensors["scaler.mean"][j])) / float(tensors["scaler.scale"][j])
        if "scaler.clip" in tensors:
            x = min(max(x, -1.5), 1.5)
        z.append(x)

    def dense(name, inputs):
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        return [float(bias[i]) + sum(float(weight[i, k]) * inputs[k] for k in range(len(inputs)))
                for i in range(len(bias))]

    score = 0.0
    for level, level_weight in [(2, 0.75), (0, 0.25)]:
        hidden = [p + float(e) for p, e in zip(dense("input_proj", z),
                                               tensors["sigma_embed.weight"][level])]
        for block in range(BLOCKS):
            step = dense(f"blocks.{block}.1", [x / (1 + np.exp(-x)) for x in hidden])
            hidden = [x + s for x, s in zip(hidden, step)]
        output = dense("output.1", [x / (1 + np.exp(-x)) for x in hidden])
        score += level_weight * sum(each**2 for each in output)
    return score


# The reference and the graphs


@pytest.mark.parametrize("more", [{}, LOGARITHMIC], ids=["plain", "log1p and clip"])
def test_reference_is_the_documented_formula(more):
    scores, attributions = network.reference_scores(tiny_network(**more), some_features())
    by_loops = [score_by_loops(tiny_network(**more), tiny_tensors(**more), event)
                for event in some_features()]
    np.testing.assert_allclose(scores, by_loops, rtol=1e-12)
    np.testing.assert_allclose(attributions.sum(axis=1), scores, rtol=1e-12)


@pytest.mark.parametrize("batch", [None, 20])
@pytest.mark.parametrize("more", [{}, LOGARITHMIC], ids=["plain", "log1p and clip"])
def test_onnx_graph_gives_the_reference_scores(more, batch):
    pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    net = tiny_network(**more)
    session = reference.ReferenceEvaluator(graphs.onnx_graph(net, batch))
    scores, attributions = session.run(None, {"features": some_features()})
    expected, shares = network.reference_scores(net, some_features())
    np.testing.assert_allclose(scores, expected, rtol=1e-4)
    np.testing.assert_allclose(attributions, shares, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("more", [{}, LOGARITHMIC], ids=["plain", "log1p and clip"])
def test_torch_module_gives_the_reference_scores(more):
    torch = pytest.importorskip("torch")
    net = tiny_network(**more)
    with torch.inference_mode():
        scores, _ = graphs.torch_module(net)(torch.from_numpy(some_features()))
    np.testing.assert_allclose(
        scores.numpy(), network.reference_scores(net, some_features())[0], rtol=1e-4)


def test_products_an_event():
    assert tiny_network().multiply_adds == 16 * 5 + 2 * (2 * 16 * 16 + 5 * 16)


def test_safetensors_are_read_back(tmp_path):
    tensors = {"a": np.float32([[1, 2], [3, 4]]), "b": np.float64([0.1]), "c": np.uint8([1, 0])}
    names = {"float32": "F32", "float64": "F64", "uint8": "U8"}
    header, begin = {"__metadata__": {"format": "tamis-model/1"}}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": names[values.dtype.name], "shape": list(values.shape),
                        "data_offsets": [begin, begin + values.nbytes]}
        begin += values.nbytes
    text = json.dumps(header).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text
                     + b"".join(each.tobytes() for each in tensors.values()))
    read, metadata = network.read_safetensors(path)
    assert metadata == {"format": "tamis-model/1"}
    assert read["b"].dtype == np.float32 and read["c"].dtype == np.uint8
    for name, values in tensors.items():
        np.testing.assert_array_equal(read[name], values.astype(read[name].dtype))


def test_the_loosest_threshold_counts(tmp_path):
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps({"working_points": [{"threshold": 3.5}, {"threshold": 2.5}]}))
    assert network.loosest_threshold(path) == 2.5


# Figures


@pytest.mark.parametrize("value, text", [
    (0, "0"), (83_123.4, "83,100"), (1.2345, "1.23"), (0.012345, "0.0123"), (999.6, "1,000"),
    (1_234_567, "1,230,000"), (float("inf"), "inf")])
def test_figures_have_three_digits(value, text):
    assert figures.figure(value) == text


def test_a_range_has_median_smallest_and_largest():
    measured = figures.summary([3, 1, 2, 10])
    assert measured == {"median": 2.5, "minimum": 1, "maximum": 10}
    assert figures.with_range(measured) == "2.50 [1.00 .. 10.0]"


@pytest.mark.parametrize("count, p50, p99, p999", [
    (1, 1, 1, 1), (100, 50, 99, 100), (101, 51, 100, 101), (1_000, 500, 990, 999),
    (10_000, 5_000, 9_900, 9_990)])
def test_latencies_are_ranks(count, p50, p99, p999):
    microseconds = np.random.default_rng(3).permutation(np.arange(1, count + 1))
    found = figures.latency_summary((microseconds * 1_000).tolist())
    assert found == {"events": count, "p50": p50, "p99": p99, "p99.9": p999, "longest": count}


def test_a_steady_rate_leaves_out_start_and_end():
    samples = [(0, 0), (5, 10), (6, 200), (7, 500), (8, 900), (50, 1_000)]
    assert figures.steady_rate(samples, 1_000) == (900 - 200) / 2


@pytest.mark.parametrize("samples", [[], [(0, 0), (1, 500)], [(0, 0), (1, 1_000)]])
def test_a_rate_of_too_few_samples_is_an_error(samples):
    with pytest.raises(ValueError, match="do not span"):
        figures.steady_rate(samples, 1_000)


def test_tables_are_markdown():
    assert figures.table(["a", "b"], [["x", 1], ["y", 2]]) == (
        "| a | b |\n| --- | ---: |\n| x | 1 |\n| y | 2 |")
    with pytest.raises(ValueError, match="3 cells under a head of 2"):
        figures.table(["a", "b"], [["x", 1, 2]])


# Streams


def test_latencies_belong_to_their_events():
    count = latency.SETTLING_EVENTS + 10
    sent = np.stack([np.arange(1, count + 1), 1_000 * np.arange(1, count + 1)], 1).astype(np.uint64)
    last = np.uint64([[5, 9_999], [count, 1_000 * count + 70], [count - 3, 1_000 * count]])
    assert latency.latencies(sent, last).tolist() == [70, 3_000]
    with pytest.raises(RuntimeError, match="no flagged record"):
        latency.latencies(sent, last[:1])


@pytest.fixture
def daemon():
    """A Python daemon of the tool that scores by the sum of the features."""
    made = peer_daemon.Daemon.__new__(peer_daemon.Daemon)
    made.event, made.flagged = formats.event_dtype(FEATURES), formats.flagged_dtype(FEATURES)
    made.threshold, made.kind = np.float32(10), "each"
    made.received = made.kept = made.refused = 0
    made.score = lambda features: (features.sum(axis=1), features)
    return made


def test_the_python_daemon_flags_what_exceeds_the_threshold(daemon):
    values = np.float32([1, 2, 3, 4, 2])  # sums 5, 10, 15, 20, 10
    events = formats.new_events(5, FEATURES, event=np.arange(5),
                                features=np.repeat(values[:, None], FEATURES, axis=1))
    control = formats.new_events(1, FEATURES)
    control["kind"] = formats.BEGIN_OF_RUN
    out = daemon.take([control.tobytes(), events[:2].tobytes(), b"short", events[2:].tobytes()])
    records = np.frombuffer(b"".join(out), daemon.flagged)
    assert records["event"]["event"].tolist() == [2, 3]
    assert records["score"].tolist() == [15, 20]
    assert records["number"].tolist() == [1, 2]
    assert (daemon.received, daemon.kept, daemon.refused) == (5, 2, 1)


def test_a_message_of_nothing_but_control_records_flags_nothing(daemon):
    control = formats.new_events(2, FEATURES, kind=formats.HEARTBEAT)
    assert daemon.take([control.tobytes()]) == []
    assert daemon.received == 0


# The command


def test_errors_keep_their_last_line():
    assert environment.last_line("Traceback\n  x\nImportError: no such thing\n\n") == (
        "ImportError: no such thing")
    assert environment.last_line("") == "no reason given"


@pytest.mark.parametrize("arguments, complaint", [
    ([], "--model"),
    (["--model", "m", "--calibration", "c", "--events", "e", "--parts", "speed"], "'speed'"),
    (["--model", "missing", "--calibration", "c", "--events", "e"], "missing: no such file")])
def test_wrong_usage_exits_with_2(arguments, complaint):
    finished = subprocess.run([sys.executable, "-B", TOOLS / "bench-peers", *arguments],
                              capture_output=True, text=True)
    assert finished.returncode == 2
    assert complaint in finished.stderr


@pytest.mark.parametrize("shares, is_quiet", [([0.0, 0.02, 0.09], True), ([0.0, 0.0, 0.4], False)])
def test_a_machine_that_was_not_quiet_is_named(shares, is_quiet):
    assert ("not quiet" in machine.quietness(shares)) != is_quiet


def test_a_daemon_that_lacks_its_package_is_named_in_the_table(monkeypatch):
    monkeypatch.setattr(daemons.importlib.util, "find_spec", lambda name: name == "onnx" or None)
    found = daemons.missing()
    assert set(found.values()) == {"onnxruntime is not installed"} and len(found) == 2
    assert set(daemons.measurable()) | set(found) == set(daemons.DAEMONS)
    rows = daemons.missing_rows({"missing": found}, 4)
    assert all(len(row) == 4 and "onnxruntime" in row[1] for row in rows)
