"""Makes Tests/AnalysisTests/ReferenceValues.swift: metrics as scikit-learn, SciPy and NumPy have them.

    python3 tools/tests/analysis_reference.py > Tests/AnalysisTests/ReferenceValues.swift

The scores are formulas of integers, so that the tests make the same ones themselves.
"""

import warnings

import numpy as np
import scipy
import scipy.stats
import sklearn
import sklearn.metrics

TARGETS = [0.5, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5]


def scrambled(count, factor, offset, modulus, divisor):
    """The numbers ((i factor + offset) mod modulus) / divisor."""
    return np.array([(i * factor + offset) % modulus / divisor for i in range(count)])


CASES = {
    "separate": ((50, 7919, 3, 1009, 1000.0), (20, 7919, 3, 1009, 1.0)),
    "overlapping": ((997, 7919, 13, 10007, 100.0), (311, 10453, 7000, 12007, 100.0)),
    "many ties": ((997, 7919, 13, 11, 1.0), (311, 10453, 5, 13, 1.0)),
    "large": ((20_000, 7919, 13, 10007, 100.0), (3_000, 10453, 7000, 12007, 100.0)),
    "one signal event": ((100, 7919, 13, 10007, 100.0), (1, 10453, 9000, 12007, 100.0)),
    "one of each": ((1, 1, 3, 7, 1.0), (1, 1, 3, 7, 1.0)),
    "all equal": ((40, 1, 0, 1, 1.0), (30, 1, 0, 1, 1.0)),
    "worse than chance": ((500, 7919, 13, 10007, 10.0), (400, 10453, 700, 8009, 100.0)),
}


def delong(background, signal):
    def kernel(x, y):
        return np.mean((x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :]), axis=1)

    of_signal = kernel(signal, background)
    of_background = 1 - kernel(background, signal)
    return np.sqrt(of_signal.var(ddof=1) / len(signal)
                   + of_background.var(ddof=1) / len(background))


def literal(value):
    return "nil" if value is None or np.isnan(value) else repr(float(value))


def metrics(name, recipes):
    background, signal = (scrambled(*recipe) for recipe in recipes)
    labels = np.r_[np.zeros(len(background)), np.ones(len(signal))]
    scores = np.r_[background, signal]
    fpr, tpr, _ = sklearn.metrics.roc_curve(labels, scores, drop_intermediate=False)
    rates = [tpr[np.searchsorted(fpr, target, side="right") - 1] for target in TARGETS]
    intervals = [
        scipy.stats.binomtest(int(round(rate * len(signal))), len(signal)).proportion_ci(0.95)
        for rate in rates]
    error = delong(background, signal) if min(len(background), len(signal)) > 1 else None
    small = min(len(background), len(signal))
    rank = scipy.stats.spearmanr(background[:small], signal[:small]).statistic if small > 1 else None
    sides = ["Scrambled(" + ", ".join(
        f"{key}: {value}" for key, value in
        zip(("count", "factor", "offset", "modulus", "divisor"), recipe)) + ")"
        for recipe in recipes]
    return f"""  ReferenceMetrics(
    name: "{name}",
    background: {sides[0]},
    signal: {sides[1]},
    auroc: {literal(sklearn.metrics.roc_auc_score(labels, scores))},
    averagePrecision: {literal(sklearn.metrics.average_precision_score(labels, scores))},
    rates: [{", ".join(literal(rate) for rate in rates)}],
    rateLows: [{", ".join(literal(interval.low) for interval in intervals)}],
    rateHighs: [{", ".join(literal(interval.high) for interval in intervals)}],
    standardError: {literal(error)},
    kolmogorovSmirnov: {literal(scipy.stats.ks_2samp(background, signal).statistic)},
    spearman: {literal(rank)}),
"""


def shape():
    """Moments of 200 events with 6 features, of which one follows from two others."""
    z = scrambled(200 * 6, 7919, 13, 10007, 5000.0).reshape(200, 6) - 1
    z[:, 1] += 0.5 * z[:, 0]
    z[:, 3] -= 0.7 * z[:, 2]
    z = z.astype(np.float32).astype(float)
    mean, covariance = z.mean(axis=0), np.cov(z.T)
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1], vectors[:, ::-1].T
    centred = z[:5] - mean
    distances = np.einsum("ij,jk,ik->i", centred, np.linalg.inv(covariance), centred)
    residuals = ((centred @ vectors[2:].T) ** 2).sum(axis=1)
    rows = ",\n".join("    [" + ", ".join(repr(float(v)) for v in row) + "]" for row in (
        values, distances, residuals, (z[:5] ** 2).sum(axis=1)))
    return rows


def main():
    warnings.simplefilter("ignore")
    print(f"""// Made by tools/tests/analysis_reference.py with scikit-learn {sklearn.__version__}, SciPy \
{scipy.__version__}
// and NumPy {np.__version__}.
// swift-format-ignore-file

/// Scores that are a formula of integers: ((i factor + offset) mod modulus) / divisor.
struct Scrambled: Sendable {{
  var count: Int
  var factor: Int
  var offset: Int
  var modulus: Int
  var divisor: Double

  var scores: [Double] {{ (0..<count).map {{ Double(($0 * factor + offset) % modulus) / divisor }} }}
}}

/// What scikit-learn and SciPy say of two samples.
struct ReferenceMetrics: Sendable, CustomStringConvertible {{
  var name: String
  var background: Scrambled
  var signal: Scrambled
  var auroc: Double
  var averagePrecision: Double
  var rates: [Double]
  var rateLows: [Double]
  var rateHighs: [Double]
  var standardError: Double?
  var kolmogorovSmirnov: Double
  var spearman: Double?

  var description: String {{ name }}

  static let targets = [{", ".join(f'"{target!r}"' for target in TARGETS)}]
}}

let referenceMetrics: [ReferenceMetrics] = [""")
    print("".join(metrics(name, recipes) for name, recipes in CASES.items()), end="")
    print("]\n")
    print("/// Eigenvalues; and of the first five events Mahalanobis's squared distance, the squared "
          "PCA\n/// residual beyond two components, and the squared norm.")
    print("let referenceShape: [[Double]] = [\n" + shape() + ",\n]")


main()
