"""The reference arithmetic against the program: every bit where it is exact, 1e-6 where not."""

import numpy as np
import pytest

import tamis
from tamis import records as formats, reference


def correctly_rounded(a, b, c):
    from fractions import Fraction
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    low = np.float32(float(exact))  # may be off by double rounding: look at its neighbours
    near = [np.nextafter(low, np.float32(-np.inf)), low, np.nextafter(low, np.float32(np.inf))]
    return min((each for each in near if np.isfinite(each)),
               key=lambda each: (abs(Fraction(float(each)) - exact), each.view(np.uint32) & 1))


def test_fma_is_rounded_once():
    generator = np.random.default_rng(1)
    bits = generator.integers(0, 2**32, (3, 3000), np.uint32).view(np.float32)
    a, b, c = np.where(np.abs(bits) < 1e18, bits, np.float32(1.5))
    # Sums that land close to ties: c is the product, rounded, times a power of two.
    c[::2] = (a * b * np.float32(2.0**-24))[::2]
    a[::3], b[::3] = 1 + np.float32(2**-12), 1 + np.float32(2**-12)
    c[::3] = np.float32(2.0**-60) * np.sign(c[::3])
    with np.errstate(all="ignore"):
        found = reference.fma(a, b, c)
    for index in range(len(a)):
        if np.isfinite(found[index]):
            assert found[index] == correctly_rounded(a[index], b[index], c[index]), index


def test_elementary_functions():
    x = np.float32([-200, -87, -20, -1, -1e-30, 0, 1e-30, 0.5, 3, 20, 87, 88, 1e30])
    true = x.astype(np.float64) / (1 + np.exp(-np.clip(x.astype(np.float64), -87, 700)))
    assert np.allclose(reference.silu(x)[2:], true[2:], rtol=4e-7, atol=0)
    y = np.float32([0, 1e-45, 1e-20, 1e-3, 0.4, 1, 2, 1e5, 3e38])
    assert np.allclose(reference.log1p(y), np.log1p(y.astype(np.float64)), rtol=2e-7, atol=0)


@pytest.fixture(params=["model", "far", "autoencoder"])
def kind(request):
    return request.param


def offline(program, study, folder, kind, events):
    program("score", "--model", study / f"{kind}.safetensors", "--calibration",
          study / f"{kind}.json", "--input", events, "--scores", folder / "s.npy",
          "--attributions", folder / "a.npy", "--flagged", folder / "flagged",
          "--unbiased-prescale", 50)
    return np.load(folder / "s.npy"), np.load(folder / "a.npy"), folder / "flagged"


@pytest.fixture
def odd_events(study, tmp_path):
    """Anomalies, and events with extreme features."""
    events = tamis.Run(study / "anomalies").records().copy()
    features = events["features"]
    generator = np.random.default_rng(3)
    features[5, 3], features[6, 0], features[7, 63] = np.nan, np.inf, -np.inf
    features[8], features[9], features[10] = 3e38, -1e30, 1e-42
    features[11:80] *= np.float32(10) ** generator.integers(-20, 20, (69, 64)).astype(np.float32)
    events["condition"][:20] = 30
    formats.seal(events)
    with tamis.RunWriter(tmp_path / "odd", "events", 64,
                         tamis.Run(study / "anomalies").stated_names) as writer:
        writer.append(events)
    return tmp_path / "odd"


def test_every_bit_of_scores_and_attributions(tamis_program, study, tmp_path, kind, odd_events):
    scores, parts, flagged = offline(tamis_program, study, tmp_path, kind, odd_events)
    model = tamis.Model.read(study / f"{kind}.safetensors")
    calibration = tamis.Calibration.read(study / f"{kind}.json")
    features = tamis.Run(odd_events).features()
    found = tamis.attributions(model, features, calibration.scoring, exact=True)
    nan = np.isnan(parts)
    assert (np.isnan(found) == nan).all() and nan.any() and np.isinf(parts).any()
    assert (formats.bits(found)[~nan] == formats.bits(parts)[~nan]).all()
    again = tamis.score(model, features, calibration.scoring, exact=True)
    scored = ~np.isnan(scores)
    assert (formats.bits(again)[scored] == formats.bits(scores)[scored]).all()
    # The records that are flagged, but for times.
    events = tamis.Run(odd_events).select(kind=formats.EVENT)
    theirs = tamis.Run(flagged).records().copy()
    ours = tamis.flag(model, calibration, events, 50, exact=True)
    for records in (ours, theirs):
        records["received_ns"] = records["decided_ns"] = records["instance"] = 0
        records["number"] = 1 + np.arange(len(records))
        unscorable = records["reasons"] & formats.NOT_SCORABLE != 0
        records["score"][unscorable] = records["attributions"][unscorable] = 0
        formats.seal(records)
    assert len(ours) > 20 and ours.tobytes() == theirs.tobytes()
    assert {1, 3} <= set(np.unique(ours["reasons"] & 3).tolist())


def test_the_fast_arithmetic_is_within_a_millionth(tamis_program, study, tmp_path, kind):
    scores, parts, _ = offline(tamis_program, study, tmp_path, kind, study / "test")
    model = tamis.Model.read(study / f"{kind}.safetensors")
    scoring = tamis.Calibration.read(study / f"{kind}.json").scoring
    features = tamis.Run(study / "test").features()
    found = tamis.attributions(model, features, scoring)
    assert (np.abs(tamis.score(model, features, scoring) - scores) < 1e-6 * scores).all()
    assert (np.abs(found - parts) < 1e-6 * scores[:, None]).all()


def test_a_bare_state_dict_has_the_defaults_of_the_program(tamis_program, study, tmp_path):
    import json
    import struct
    content = (study / "model.safetensors").read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + length])
    del header["__metadata__"]
    text = json.dumps(header).encode()
    bare = tmp_path / "bare.safetensors"
    bare.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + length:])
    tamis_program("score", "--model", bare, "--input", study / "anomalies", "--scores",
                  tmp_path / "s.npy")
    model = tamis.Model.read(bare)
    found = tamis.score(model, tamis.Run(study / "anomalies").features()[:40], exact=True)
    assert (formats.bits(found) == formats.bits(np.load(tmp_path / "s.npy")[:40])).all()


def test_log1p_and_clip(tamis_program, tmp_path):
    features = np.random.default_rng(5).lognormal(2, 3, (600, 5)).astype(np.float32)
    features[::7] *= -1
    np.save(tmp_path / "x.npy", features)
    (tmp_path / "n.json").write_text('["a", "b", "c", "d", "e"]')
    tamis_program("train", "--background", tmp_path / "x.npy", "--feature-names", tmp_path /
                  "n.json", "--log1p", "a,c", "--clip", 2, "--steps", 50, "--hidden", 16, "--out",
                  tmp_path / "m.safetensors")
    tamis_program("score", "--model", tmp_path / "m.safetensors", "--input", tmp_path / "x.npy",
                  "--scores", tmp_path / "s.npy")
    model = tamis.Model.read(tmp_path / "m.safetensors")
    assert model.log1p.tolist() == [True, False, True, False, False] and model.clip == 2
    found = tamis.score(model, features, exact=True)
    assert (formats.bits(found) == formats.bits(np.load(tmp_path / "s.npy"))).all()


def test_the_distance_is_part_of_the_score(study):
    model = tamis.Model.read(study / "far.safetensors")
    features = tamis.Run(study / "test").features()[:50]
    with_distance = tamis.score(model, features)
    distance, model.distance = model.distance, None
    assert len(distance.prototypes) > 1000 and (with_distance > tamis.score(model, features)).all()


def test_a_calibration_of_another_model_is_refused(study):
    with pytest.raises(tamis.FileFault, match="belongs to the model"):
        tamis.flag(tamis.Model.read(study / "autoencoder.safetensors"),
                   tamis.Calibration.read(study / "model.json"), tamis.new_events(1, 64))


@pytest.mark.parametrize("spoil, said", [
    (lambda c: c[:5], "5 bytes"), (lambda c: b"\xff" * 8 + c[8:], "header would be"),
    (lambda c: c[:8] + b"x" + c[9:], "header"), (lambda c: c[:-1], "does not fit")])
def test_damaged_models_are_refused(study, tmp_path, spoil, said):
    path = tmp_path / "m.safetensors"
    path.write_bytes(spoil((study / "model.safetensors").read_bytes()))
    with pytest.raises(tamis.FileFault, match=said):
        tamis.Model.read(path)
