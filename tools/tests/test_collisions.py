"""The collisions data set: its features against hand-made events, and Pythia where it is."""

import json
import math
import pathlib
import subprocess
import sys

import numpy as np
import pytest

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "collisions"
sys.path.insert(0, str(FOLDER))

import collision_detector as detector  # noqa: E402
import collision_features as features  # noqa: E402
import collision_processes as processes  # noqa: E402

NONE = features.objects([])


def named(row):
    return dict(zip(features.FEATURE_NAMES, row.tolist(), strict=True))


def test_names_are_sixty_four_and_different():
    assert len(features.FEATURE_NAMES) == 64 == len(set(features.FEATURE_NAMES))
    assert len(features.LOGARITHMIC_FEATURES) == 23
    assert not any(name.endswith(("eta", "phi")) for name in features.LOGARITHMIC_FEATURES)


def test_absent_objects_are_zeros():
    row = named(features.row((3.0, 4.0), NONE, NONE, NONE))
    assert row.pop("MET_pt") == 5
    assert row.pop("MET_phi") == pytest.approx(math.atan2(4, 3))
    assert set(row.values()) == {0.0}


def test_objects_fill_their_slots_hardest_first():
    electrons = features.objects([(7, 0.5, 1), (30, -1, 2)])
    jets = features.objects([(20 + place, 0.1 * place, -1) for place in range(12)])
    row = named(features.row((0.0, 0.0), electrons, NONE, jets))
    assert (row["e1_pt"], row["e1_eta"], row["e2_pt"], row["e3_pt"]) == (30, -1, 7, 0)
    assert (row["n_e"], row["n_mu"]) == (2, 0)
    assert [row[f"jet{slot}_pt"] for slot in range(1, 11)] == list(range(31, 21, -1))
    assert (row["HT"], row["n_jets30"]) == (31, 1)
    assert row["MHT"] == pytest.approx(31)


def test_masses():
    back_to_back = features.objects([(50, 0, 0), (50, 0, math.pi)])
    row = named(features.row((-40.0, 0.0), NONE, features.objects([(40, 0, 0)]), back_to_back))
    assert row["m_jj"] == pytest.approx(100)
    assert row["mT_lep_MET"] == pytest.approx(80)
    assert row["MHT"] == pytest.approx(0, abs=1e-4)


def test_the_trigger():
    soft = features.objects([(29, 0, 0)] * 10)
    assert not features.passes_trigger(NONE, soft)
    assert features.passes_trigger(NONE, features.objects([(61, 0, 0), (61, 1, 2)]))
    assert not features.passes_trigger(NONE, features.objects([(60, 0, 0), (60, 1, 2)]))
    assert features.passes_trigger(features.objects([(21, 0, 0)]), NONE)
    assert not features.passes_trigger(features.objects([(20, 0, 0)]), NONE)


def test_distances_go_round_the_circle():
    particles = features.objects([(1, 0, math.pi - 0.1), (1, 3, 0)])
    assert features.distance(particles, (1, 0, -math.pi + 0.1))[0] == pytest.approx(0.2)
    kept = features.without_overlap(particles, features.objects([(9, 0, -math.pi + 0.1)]))
    assert kept.tolist() == [[1, 3, 0]]


def test_isolation_and_balance():
    """An electron alone and one in a jet; without smearing the missing momentum is the noise."""
    def particle(pt, eta, phi, pdg):
        return (pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta),
                pt * math.cosh(eta), 0.0, pdg)
    seen = np.array([particle(40, 0, 0, 11), particle(40, 0, math.pi, -11),
                     particle(30, 0.1, math.pi, 211)])

    class Nothing:
        def standard_normal(self, count):
            return np.zeros(count)

    jets = features.objects([(70, 0.04, math.pi), (40, 0, 0)])
    met, electrons, muons, found = detector.reconstruct(seen, jets, Nothing())
    assert electrons[:, 0] == pytest.approx([40]) and electrons[0, 2] == pytest.approx(0)
    assert len(muons) == 0 and found[:, 0] == pytest.approx([70])
    assert met == pytest.approx([30, 0])


def test_background_counts_sum():
    for count in (1, 7, 200, 80_000):
        counts = processes.background_counts(count)
        assert sum(counts.values()) == count and min(counts.values()) >= 0
    assert sum(share for share, _ in processes.BACKGROUND.values()) == pytest.approx(1)


def test_the_same_seed_makes_the_same_events(tmp_path):
    pytest.importorskip("pythia8mc")
    for folder in ("one", "two"):
        subprocess.run(
            [sys.executable, FOLDER / "make_collisions.py", "--out", tmp_path / folder,
             "--background", "8", "--signal", "2", "--seed", "5"],
            check=True, capture_output=True)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 3 + 5 + 1
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert json.loads((tmp_path / "one" / "features.json").read_text()) == features.FEATURE_NAMES
    rows = np.load(tmp_path / "one" / "train_background.npy")
    assert rows.shape == (8, 64) and rows.dtype == np.float32 and np.isfinite(rows).all()
