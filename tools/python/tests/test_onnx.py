"""The ONNX graph against the program's scores, in ONNX Runtime."""

import base64
import json

import numpy as np
import pytest

import tamis
from tamis import records as formats
from tamis.commands import export

onnx = pytest.importorskip("onnx", reason="needs tamis[onnx]")
runtime = pytest.importorskip("onnxruntime", reason="needs tamis[onnx]")


@pytest.mark.parametrize("kind", ["model", "far", "autoencoder"])
def test_agrees_with_the_program(tamis_program, study, tmp_path, kind, capsys):
    model, calibration = study / f"{kind}.safetensors", study / f"{kind}.json"
    out = tmp_path / "m.onnx"
    arguments = ["--onnx", str(model), "--calibration", str(calibration), "--out", str(out)]
    assert export.main(arguments) == 0 and export.main(["--check", str(out)]) == 0
    with pytest.raises(tamis.FileFault, match="exists"):
        export.main(arguments)
    tamis_program("score", "--model", model, "--calibration", calibration, "--input",
                  study / "anomalies", "--scores", tmp_path / "s.npy", "--attributions",
                  tmp_path / "a.npy")
    features = tamis.Run(study / "anomalies").features()
    session = runtime.InferenceSession(str(out))
    scores, parts = session.run(["scores", "attributions"], {"features": features})
    expected, theirs = np.load(tmp_path / "s.npy"), np.load(tmp_path / "a.npy")
    assert (np.abs(scores - expected) <= 1e-5 * expected).all()
    assert (np.abs(parts - theirs) <= 1e-5 * expected[:, None]).all()
    texts = session.get_modelmeta().custom_metadata_map
    read = tamis.Model.read(model)
    assert texts["tamis.model_sha256"] == read.sha256
    assert json.loads(texts["tamis.feature_names"]) == read.stated_names
    assert json.loads(texts["tamis.working_points"])[0]["name"] == "loose"
    assert len(base64.b64decode(texts["tamis.test_scores"])) == 64


def test_log1p_clip_and_events_that_are_not_finite(tamis_program, tmp_path):
    features = np.random.default_rng(5).lognormal(2, 3, (3000, 5)).astype(np.float32)
    features[::7] *= -1
    features[::5] *= np.float32(1e-6)
    np.save(tmp_path / "x.npy", features)
    (tmp_path / "n.json").write_text('["a", "b", "c", "d", "e"]')
    model, calibration = tmp_path / "m.safetensors", tmp_path / "c.json"
    tamis_program("train", "--background", tmp_path / "x.npy", "--feature-names", tmp_path /
                  "n.json", "--log1p", "a,c", "--clip", 3, "--steps", 50, "--hidden", 16,
                  "--distance", "none", "--out", model)
    tamis_program("calibrate", "--model", model, "--background", tmp_path / "x.npy",
                  "--working-point", "loose=5e-2", "--out", calibration)
    assert export.main(["--onnx", str(model), "--calibration", str(calibration), "--out",
                        str(tmp_path / "m.onnx")]) == 0
    features[3, 0], features[4, 1], features[5, 4] = np.nan, np.inf, -np.inf
    expected = tamis.score(tamis.Model.read(model), features,
                           tamis.Calibration.read(calibration).scoring)
    scores = runtime.InferenceSession(str(tmp_path / "m.onnx")).run(
        ["scores"], {"features": features})[0]
    assert np.flatnonzero(np.isnan(scores)).tolist() == [3, 4, 5]
    finite = np.isfinite(expected)
    assert (np.abs(scores - expected) <= 1e-5 * expected)[finite].all()
    assert len(runtime.InferenceSession(str(tmp_path / "m.onnx")).run(
        ["scores"], {"features": features[:0]})[0]) == 0


def test_thresholds_by_condition_are_in_the_metadata(tamis_program, study, tmp_path):
    events = formats.seal(formats.new_events(
        1000, 64, sequence=np.arange(1000) + 1, condition=np.arange(1000) % 50,
        features=np.random.default_rng(6).standard_normal((1000, 64))))
    names = tamis.Model.read(study / "model.safetensors").stated_names
    with tamis.RunWriter(tmp_path / "run", "events", 64, names) as writer:
        writer.append(events)
    tamis_program("calibrate", "--model", study / "model.safetensors", "--background", tmp_path /
                  "run", "--working-point", "loose=5e-2", "--working-point", "tight=2e-2",
                  "--condition-edges", "25", "--out", tmp_path / "c.json")
    export.main(["--onnx", str(study / "model.safetensors"), "--calibration", str(tmp_path /
                 "c.json"), "--out", str(tmp_path / "m.onnx")])
    texts = {each.key: each.value for each in onnx.load(tmp_path / "m.onnx").metadata_props}
    bins = json.loads(texts["tamis.condition_bins"])
    assert bins["edges"] == [25] and len(bins["working_points"][1]["bins"]) == 2


def test_a_damaged_file_fails_its_check(tamis_program, study, tmp_path):
    out = tmp_path / "m.onnx"
    export.main(["--onnx", str(study / "model.safetensors"), "--calibration",
                 str(study / "model.json"), "--out", str(out)])
    proto = onnx.load(out)
    for each in proto.graph.initializer:
        if each.name == "mean":
            values = onnx.numpy_helper.to_array(each) * np.float32(1.01)
            each.CopyFrom(onnx.numpy_helper.from_array(values, "mean"))
    onnx.save(proto, out)
    with pytest.raises(tamis.FileFault, match="more than 1e-05"):
        export.main(["--check", str(out)])
