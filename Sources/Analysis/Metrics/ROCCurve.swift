/// The receiver operating characteristic of a score: what share of background and of signal passes,
/// for every threshold that makes a difference.
package struct ROCCurve: Equatable, Sendable {
  /// What passes when events with a score of at least `threshold` do.
  package struct Point: Equatable, Sendable {
    /// One of the scores; +infinity with both counts 0 at the start of the curve.
    package let threshold: Double
    /// Background events that pass.
    package let falsePositives: Int
    /// Signal events that pass.
    package let truePositives: Int
  }

  /// From nothing to everything: one point a distinct score, and (0, 0) before them.
  package let points: [Point]
  /// n, the background events with a score; at least 1.
  package let backgroundCount: Int
  /// m, the signal events with a score; at least 1.
  package let signalCount: Int

  /// Walks down both samples, neither of which may be empty. O(n + m).
  package init(background: ScoreSample, signal: ScoreSample) {
    precondition(background.count > 0 && signal.count > 0, "a ROC curve of no events")
    backgroundCount = background.count
    signalCount = signal.count
    var points = [Point(threshold: .infinity, falsePositives: 0, truePositives: 0)]
    var backgroundLeft = background.count
    var signalLeft = signal.count
    while backgroundLeft > 0 || signalLeft > 0 {
      let strongest = max(
        backgroundLeft > 0 ? background.ascending[backgroundLeft - 1] : -.infinity,
        signalLeft > 0 ? signal.ascending[signalLeft - 1] : -.infinity)
      while backgroundLeft > 0, background.ascending[backgroundLeft - 1] == strongest {
        backgroundLeft -= 1
      }
      while signalLeft > 0, signal.ascending[signalLeft - 1] == strongest { signalLeft -= 1 }
      points.append(
        Point(
          threshold: strongest, falsePositives: background.count - backgroundLeft,
          truePositives: signal.count - signalLeft))
    }
    self.points = points
  }

  /// The area under the curve: the chance that a signal event scores above a background event, a
  /// tie counting one half (Mann and Whitney). Counted in integers and divided once.
  package var area: Double {
    var doubled = 0
    for (previous, point) in zip(points, points.dropFirst()) {
      doubled +=
        (point.falsePositives - previous.falsePositives)
        * (point.truePositives + previous.truePositives)
    }
    return Double(doubled) / (2 * Double(backgroundCount) * Double(signalCount))
  }

  /// The mean precision over recall, each distinct threshold a step, without interpolation: sum
  /// over thresholds of (R_i - R_(i-1)) P_i. It depends on the ratio of the two sample sizes.
  package var averagePrecision: Double {
    var sum = 0.0
    for (previous, point) in zip(points, points.dropFirst())
    where point.truePositives > previous.truePositives {
      let found = Double(point.truePositives - previous.truePositives)
      let passing = Double(point.truePositives + point.falsePositives)
      sum += found * (Double(point.truePositives) / passing)
    }
    return sum / Double(signalCount)
  }

  /// At most `pointMax` + 2 points that show the curve on a logarithmic axis of false positives:
  /// the last point in each step of the logarithm, with a limited number of steps.
  package func thinned(to pointMax: Int = 160) -> [Point] {
    let decades = max(decadesOf(backgroundCount), 1)
    var kept: [Point] = []
    var bin = Int.min
    for point in points {
      let here =
        point.falsePositives == 0
        ? -1 : Int(Double(pointMax) * decadesOf(point.falsePositives) / decades)
      if here == bin { kept.removeLast() }
      kept.append(point)
      bin = here
    }
    return kept
  }
}
