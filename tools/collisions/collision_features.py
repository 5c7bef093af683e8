"""Sixty-four features of a collision as a trigger sees it: from objects to a row of numbers.

Objects are arrays of (pt, eta, phi), in GeV and radians, in any order. Those that are absent are
zeros in the row. Nothing here needs Pythia.
"""

import math

import numpy as np

LEPTON_SLOTS = 4
JET_SLOTS = 10
LEPTON_PT_MIN = 5.0
LEPTON_ETA_MAX = 2.5
JET_PT_MIN = 15.0
JET_ETA_MAX = 4.0
HARD_JET_PT_MIN = 30.0
TRIGGER_LEPTON_PT_MIN = 20.0
TRIGGER_HT_MIN = 120.0


def _slots(prefix, count):
    return [f"{prefix}{slot}_{part}" for slot in range(1, count + 1)
            for part in ("pt", "eta", "phi")]


FEATURE_NAMES = (
    ["MET_pt", "MET_eta", "MET_phi"] + _slots("e", LEPTON_SLOTS) + _slots("mu", LEPTON_SLOTS)
    + _slots("jet", JET_SLOTS)
    + ["HT", "MHT", "n_jets30", "n_e", "n_mu", "mT_lep_MET", "m_jj"])

# Momenta and masses, which enter a network best as log(1 + x): the list for `tamis train --log1p`.
LOGARITHMIC_FEATURES = [
    name for name in FEATURE_NAMES
    if name.endswith("_pt") or name in ("HT", "MHT", "mT_lep_MET", "m_jj")]


def objects(rows):
    """An (N, 3) float64 array of (pt, eta, phi), hardest first; ties keep their order."""
    array = np.asarray(rows, dtype=np.float64).reshape(-1, 3)
    return array[np.argsort(-array[:, 0], kind="stable")]


def within(particles, pt_min, eta_max):
    """Those above a transverse momentum and within a pseudorapidity."""
    return particles[(particles[:, 0] > pt_min) & (np.abs(particles[:, 1]) < eta_max)]


def wrapped(phi):
    """An angle in [-pi, pi)."""
    return (np.asarray(phi) + math.pi) % (2 * math.pi) - math.pi


def distance(particles, other):
    """Delta R from each particle to one other."""
    return np.hypot(particles[:, 1] - other[1], wrapped(particles[:, 2] - other[2]))


def without_overlap(jets, leptons, radius=0.4):
    """Jets that are not a lepton seen twice."""
    for lepton in leptons:
        jets = jets[distance(jets, lepton) >= radius]
    return jets


def passes_trigger(leptons, jets):
    """A lepton above 20 GeV, or jets above 30 GeV that sum to more than 120 GeV."""
    hard = jets[jets[:, 0] > HARD_JET_PT_MIN]
    return bool(np.any(leptons[:, 0] > TRIGGER_LEPTON_PT_MIN)
                or hard[:, 0].sum() > TRIGGER_HT_MIN)


def row(met, electrons, muons, jets):
    """The features of one event, float32 (64,); `met` is the missing (px, py).

    Electrons, muons and jets beyond the slots do not appear one by one but do count in the sums.
    """
    hard = jets[jets[:, 0] > HARD_JET_PT_MIN]
    met_pt, met_phi = math.hypot(*met), math.atan2(met[1], met[0])
    values = [met_pt, 0.0, met_phi]
    for particles, slots in ((electrons, LEPTON_SLOTS), (muons, LEPTON_SLOTS), (jets, JET_SLOTS)):
        filled = np.zeros((slots, 3))
        filled[:min(slots, len(particles))] = particles[:slots]
        values.extend(filled.ravel())
    values += [hard[:, 0].sum(), _missing(hard), len(hard), len(electrons), len(muons),
               _transverse_mass(objects(np.concatenate([electrons, muons])), met_pt, met_phi),
               _dijet_mass(jets)]
    return np.array(values, dtype=np.float32)


def _missing(jets):
    """The magnitude of the vector sum."""
    return math.hypot((jets[:, 0] * np.cos(jets[:, 2])).sum(),
                      (jets[:, 0] * np.sin(jets[:, 2])).sum())


def _transverse_mass(leptons, met_pt, met_phi):
    """Of the hardest lepton and the missing momentum; 0 without a lepton."""
    if len(leptons) == 0:
        return 0.0
    pt, _, phi = leptons[0]
    return math.sqrt(max(0.0, 2 * pt * met_pt * (1 - math.cos(phi - met_phi))))


def _dijet_mass(jets):
    """Of the two hardest jets, taken as massless; 0 with fewer."""
    if len(jets) < 2:
        return 0.0
    (pt1, eta1, phi1), (pt2, eta2, phi2) = jets[:2]
    return math.sqrt(max(0.0, 2 * pt1 * pt2 * (math.cosh(eta1 - eta2) - math.cos(phi1 - phi2))))
