internal import Calibration

/// The judging side: adds windows up, judges them, keeps the alarms.
///
/// Windows of several lengths are sums of the shortest ones. The probability of a false alarm in a
/// window is its part of the promised hours: over all windows the probabilities add up to the promise,
/// whatever their rate.
package struct DriftJudge {
  private let basis: DriftBasis
  private var sampled: [SampledTotals]
  private var decided: [DecidedTotals]
  private var conditions: [ConditionTotals]
  private var families: [AlarmFamily]
  private var conditionsSeen: ClosedRange<Float>?
  /// The last eight windows, for realised rates.
  private var latest: [DecidedTotals] = []
  package private(set) var report: DriftReport

  private static let latestCount = 8
  private static let sampledLengths = [1, 8]
  private static let decidedLengths = [1, 8, 64]
  /// A condition changes slowly; windows must see it change.
  private static let conditionLengths = [64, 512, 4_096]
  /// Each check's share of the false alarms.
  private static let checkShare = 1 / Double(DriftCheck.Name.allCases.count)
  /// The most for all checks together in a window, however long it took.
  private static let probabilityMax = 0.01

  package init(_ basis: DriftBasis) {
    self.basis = basis
    let pointCount = basis.pointNames.count
    sampled = Self.sampledLengths.map { _ in SampledTotals(featureCount: basis.features.count) }
    decided = Self.decidedLengths.map { _ in DecidedTotals(pointCount: pointCount) }
    conditions = Self.conditionLengths.map { _ in ConditionTotals(pointCount: pointCount) }
    families = Self.families(basis)
    report = DriftReport(
      checks: DriftCheck.Name.allCases.map { DriftCheck($0, isActive: basis.isActive($0)) },
      realisedRates: basis.calibration.workingPoints.map {
        RealisedRate(
          workingPoint: $0.name, targetFPR: $0.targetFPR.value, isExtrapolated: $0.extrapolated)
      },
      features: basis.features.map { FeatureDeviation(name: $0.name, isIgnored: $0.isIgnored) },
      notes: basis.notes)
    startFromCalibratedConditions()
  }

  /// Starts as if conditions of this range had been seen.
  private mutating func startFromCalibratedConditions() {
    guard let known = basis.calibration.reference.condition else { return }
    let reach = 4 * known.standardDeviation
    let (low, high) = (Float(known.mean - reach), Float(known.mean + reach))
    guard low.isFinite, high.isFinite else { return }
    conditionsSeen = low...high
  }

  private static func families(_ basis: DriftBasis) -> [AlarmFamily] {
    func family(
      _ check: DriftCheck.Name, _ share: Double, _ subjectCount: Int, _ lengths: [Int]
    ) -> AlarmFamily {
      AlarmFamily(
        check, share: share * checkShare, subjectCount: max(subjectCount, 1),
        lengthCount: lengths.count)
    }
    let features = basis.features
    let counted = features.count { $0.hasMoments }
    let spread = features.count { $0.hasMoments && $0.standardDeviation > 0 }
    return [
      family(.score, 1, 1, sampledLengths),
      family(.featureMean, 1, counted, sampledLengths),
      family(.featureSpread, 1, spread, sampledLengths),
      family(.notFinite, 0.5, features.count { !$0.isIgnored }, sampledLengths),
      family(.notFinite, 0.5, 1, decidedLengths),
      family(.flaggedRate, 1, basis.rates.points.count, decidedLengths),
      family(
        .condition, 1, basis.pointNames.count * ConditionTotals.coarseCount, conditionLengths),
    ]
  }

  /// The probability of a false alarm that all checks together may have in windows of this many
  /// hours.
  private func probability(_ hours: Double) -> Double {
    min(max(hours / basis.settings.falseAlarmHours, 1e-15), Self.probabilityMax)
  }
}

// MARK: - Windows

extension DriftJudge {
  /// How the next windows of decided events bin their conditions.
  package var binning: ConditionBinning {
    conditionsSeen.map { ConditionBinning(around: $0) } ?? .none
  }

  /// Adds a window of the unbiased sample that took `hours`, and judges the windows that are
  /// complete.
  mutating func add(_ window: SampledSums, hours: Double) {
    for level in sampled.indices {
      sampled[level].add(window, hours: hours)
      if sampled[level].windowCount == Self.sampledLengths[level] { judgeSampled(level) }
    }
  }

  /// The same for decided events.
  package mutating func add(_ window: DecidedCounts, hours: Double) {
    noteLatest(window)
    for level in decided.indices {
      decided[level].add(window, hours: hours)
      if decided[level].windowCount == Self.decidedLengths[level] { judgeDecided(level) }
    }
    for level in conditions.indices {
      conditions[level].add(window, hours: hours)
      if conditions[level].windowCount == Self.conditionLengths[level] { judgeConditions(level) }
    }
  }

  /// Judges incomplete windows, at the end of a recording.
  mutating func judgeRest() {
    for level in sampled.indices where sampled[level].windowCount > 0 { judgeSampled(level) }
    for level in decided.indices where decided[level].windowCount > 0 { judgeDecided(level) }
    for level in conditions.indices where conditions[level].windowCount > 0 {
      judgeConditions(level)
    }
  }

  private mutating func noteLatest(_ window: DecidedCounts) {
    if window.conditionMin <= window.conditionMax {
      conditionsSeen =
        min(
          conditionsSeen?.lowerBound ?? window.conditionMin, window.conditionMin)...max(
          conditionsSeen?.upperBound ?? window.conditionMax, window.conditionMax)
    }
    latest.append(DecidedTotals(pointCount: basis.pointNames.count))
    latest[latest.count - 1].add(window, hours: 0)
    if latest.count > Self.latestCount { latest.removeFirst() }
  }
}

// MARK: - Judging

extension DriftJudge {
  private mutating func judgeSampled(_ level: Int) {
    let totals = sampled[level]
    sampled[level] = SampledTotals(featureCount: basis.features.count)
    let comparisons = zip(totals.features, basis.features).map { FeatureComparison($0, $1) }
    if level == 0 { reportFeatures(comparisons, totals) }
    judge(.score, level, totals.eventCount, totals.hours) { basis in
      guard let scores = basis.scores, totals.scoredCount >= FeatureReference.finiteCountMin else {
        return nil
      }
      return ScoreDistance(totals.scores, reference: scores).verdict
    }
    judge(.featureMean, level, totals.eventCount, totals.hours) {
      FeatureComparison.meanVerdict(comparisons, $0.features)
    }
    judge(.featureSpread, level, totals.eventCount, totals.hours) {
      FeatureComparison.spreadVerdict(comparisons, $0.features)
    }
    judge(.notFinite, level, totals.eventCount, totals.hours, isOfSample: true) {
      NotFiniteComparison.verdict(totals, $0.features)
    }
  }

  private mutating func judgeDecided(_ level: Int) {
    let totals = decided[level]
    decided[level] = DecidedTotals(pointCount: basis.pointNames.count)
    judge(.notFinite, level, totals.eventCount, totals.hours) {
      NotFiniteComparison.verdict(totals, $0.calibration)
    }
    judge(.flaggedRate, level, totals.eventCount, totals.hours) { $0.rates.verdict(totals) }
  }

  private mutating func judgeConditions(_ level: Int) {
    let totals = conditions[level]
    conditions[level] = ConditionTotals(pointCount: basis.pointNames.count)
    let names = basis.pointNames
    let rates = totals.rates(names, confidence: basis.settings.confidence)
    if !rates.isEmpty { report.conditions = rates }
    judge(.condition, level, totals.scoredCount, totals.hours) { _ in totals.verdict(names) }
  }

  private mutating func judge(
    _ check: DriftCheck.Name, _ level: Int, _ eventCount: Int, _ hours: Double,
    isOfSample: Bool = false, _ verdict: (DriftBasis) -> Verdict?
  ) {
    guard basis.isActive(check) else { return }
    let candidates = families.indices.filter { families[$0].check == check }
    guard let family = isOfSample ? candidates.first : candidates.last else { return }
    families[family].judge(
      verdict(basis), level: level, eventCount: eventCount, probability: probability(hours),
      quietWindowCount: basis.settings.quietWindowCount)
    reportCheck(check)
  }
}

// MARK: - Reporting

extension DriftJudge {
  private mutating func reportCheck(_ name: DriftCheck.Name) {
    let own = families.filter { $0.check == name }
    guard let place = report.checks.firstIndex(where: { $0.name == name }) else { return }
    let isRaised = own.contains { $0.isRaised }
    if isRaised, !report.checks[place].isRaised { report.checks[place].alarmCount += 1 }
    report.checks[place].isRaised = isRaised
    report.checks[place].windowCount = own.reduce(0) { $0 + $1.windowCount }
    let raised = own.filter { $0.isRaised }
    report.checks[place].raising = own.compactMap(\.raising).foremost.map { DriftWindow($0) }
    guard let foremost = (raised.isEmpty ? own : raised).compactMap(\.foremost).foremost
    else { return }
    report.checks[place].statistic = foremost.verdict.statistic
    report.checks[place].limit = foremost.limit
    report.checks[place].quietLimit = foremost.quietLimit
    report.checks[place].windowEventCount = foremost.eventCount
    report.checks[place].subject = foremost.verdict.subject
    report.checks[place].direction = foremost.verdict.direction
    report.checks[place].finding = foremost.verdict.finding
  }

  private mutating func reportFeatures(
    _ comparisons: [FeatureComparison], _ totals: SampledTotals
  ) {
    for (index, comparison) in comparisons.enumerated() {
      report.features[index].meanDeviation = comparison.meanDeviation
      report.features[index].meanStatistic = comparison.meanStatistic
      report.features[index].spreadRatio = comparison.spreadRatio
      report.features[index].spreadStatistic = comparison.spreadStatistic
      report.features[index].notFiniteShare =
        1 - Double(totals.features[index].count) / Double(max(totals.eventCount, 1))
    }
  }

  /// Brings the realised rates up to date; their intervals cost more than all judging.
  mutating func reportRates() {
    let scored = latest.reduce(0) { $0 + $1.scoredCount }
    guard scored > 0 else { return }
    for point in report.realisedRates.indices {
      let flagged = latest.reduce(0) { $0 + $1.flagged[point] }
      report.realisedRates[point].scoredCount = scored
      report.realisedRates[point].flaggedCount = flagged
      report.realisedRates[point].rate = Double(flagged) / Double(scored)
      report.realisedRates[point].interval = clopperPearson(
        successes: flagged, trials: scored, confidence: basis.settings.confidence)
    }
  }
}
