"""From Pythia's particles to what a detector would see: pile-up, jets, leptons, smearing.

A sketch, not a simulation: resolutions are Gaussian, nothing is lost or faked.
"""

import math

import numpy as np

import collision_features as features

JET_RADIUS = 0.4
ISOLATION_RADIUS = 0.3
ISOLATION_MAX = 0.2
VISIBLE_ETA_MAX = 5.0
PILE_UP_MEAN = 5.0
PILE_UP_POOL = 200
MET_NOISE = 4.0
ELECTRON_RESOLUTION = 0.02
MUON_RESOLUTION = 0.015
ELECTRON, MUON = 11, 13


def visible(event):
    """Final visible particles of a Pythia event: (N, 6) of px, py, pz, e, m and the PDG id."""
    rows = [(p.px(), p.py(), p.pz(), p.e(), p.m(), p.id())
            for p in event if p.isFinal() and p.isVisible()]
    return np.array(rows, dtype=np.float64).reshape(-1, 6)


def rotated(particles, angle):
    """The same about the beam by an angle."""
    turned = particles.copy()
    cosine, sine = math.cos(angle), math.sin(angle)
    turned[:, 0] = cosine * particles[:, 0] - sine * particles[:, 1]
    turned[:, 1] = sine * particles[:, 0] + cosine * particles[:, 1]
    return turned


def overlay(event, pool, generator):
    """Adds a Poisson number of minimum-bias events, drawn with repeats and turned at random."""
    for _ in range(generator.poisson(PILE_UP_MEAN)):
        chosen = pool[generator.integers(len(pool))]
        for px, py, pz, energy, mass, pdg in rotated(chosen, generator.uniform(0, 2 * math.pi)):
            event.append(int(pdg), 91, 0, 0, px, py, pz, energy, mass)


def polar(particles):
    """(N, 3) of pt, eta, phi."""
    pt = np.hypot(particles[:, 0], particles[:, 1])
    eta = np.arcsinh(particles[:, 2] / np.maximum(pt, 1e-9))
    return np.stack([pt, eta, np.arctan2(particles[:, 1], particles[:, 0])], axis=1)


def isolated(particles, kinds, pdg):
    """Leptons of one kind with little around them but leptons, as places among the particles."""
    others = ~np.isin(np.abs(kinds), (ELECTRON, MUON))
    chosen = np.flatnonzero((np.abs(kinds) == pdg) & (particles[:, 0] > features.LEPTON_PT_MIN)
                            & (np.abs(particles[:, 1]) < features.LEPTON_ETA_MAX))
    kept = []
    for place in chosen:
        near = others & (features.distance(particles, particles[place]) < ISOLATION_RADIUS)
        around = particles[near, 0].sum()
        if around < ISOLATION_MAX * particles[place, 0]:
            kept.append(place)
    return kept


def jet_resolution(energy):
    """0.8 / sqrt(E) and 5 % in quadrature."""
    return np.hypot(0.8 / np.sqrt(np.maximum(energy, 1.0)), 0.05)


def smeared(particles, resolution, generator):
    """Momenta times a Gaussian about 1, never below a tenth."""
    factors = 1 + resolution * generator.standard_normal(len(particles))
    result = particles.copy()
    result[:, 0] *= np.maximum(factors, 0.1)
    return result


def transverse(particles):
    """The vector sum, (px, py)."""
    return np.array([(particles[:, 0] * np.cos(particles[:, 2])).sum(),
                     (particles[:, 0] * np.sin(particles[:, 2])).sum()])


def reconstruct(particles, jets, generator):
    """Missing (px, py), electrons, muons and jets of an event; `particles` as from `visible`,
    jets as (pt, eta, phi) before smearing."""
    seen = polar(particles)
    seen_here = np.abs(seen[:, 1]) < VISIBLE_ETA_MAX
    total = transverse(seen[seen_here])
    shift = np.zeros(2)
    leptons = []
    for pdg, resolution in ((ELECTRON, ELECTRON_RESOLUTION), (MUON, MUON_RESOLUTION)):
        true = seen[isolated(seen, particles[:, 5], pdg)]
        jets = features.without_overlap(jets, true, JET_RADIUS)
        measured = smeared(true, resolution, generator)
        shift += transverse(measured) - transverse(true)
        leptons.append(measured)
    measured_jets = smeared(jets, jet_resolution(jets[:, 0] * np.cosh(jets[:, 1])), generator)
    shift += transverse(measured_jets) - transverse(jets)
    met = -(total + shift) + MET_NOISE * generator.standard_normal(2)
    electrons, muons = (features.within(features.objects(kind), features.LEPTON_PT_MIN,
                                        features.LEPTON_ETA_MAX) for kind in leptons)
    return met, electrons, muons, features.within(
        features.objects(measured_jets), features.JET_PT_MIN, features.JET_ETA_MAX)
