internal import DurableFiles
internal import NumberText

extension LoadedCalibration {
  /// The description that `tamis inspect` prints, one fact a line.
  package var inspection: [String] {
    [
      "calibration \(calibration.format), \(calibration.created), \(calibration.program)",
      "sha256 \(sha256)",
    ] + calibration.inspection
  }
}

extension TriggerCalibration {
  /// The content, a fact a line.
  package var inspection: [String] {
    let scoring = zip(levels, weights).map { "\($0) (weight \($1))" }.joined(separator: ", ")
    return [
      "model sha256 \(modelSHA256)",
      "schema \(schema == 0 ? "not stated" : schemaText(schema))",
      "scores at noise levels \(scoring)",
      "\(counted(eventCount, "background score")), \(counted(notScorableCount, "event")) not "
        + "scorable, from \(counted(runs.count, "source"))",
    ] + runs.map(\.inspection)
      + workingPoints.map { $0.inspection(confidence: confidence) } + reference.inspection
      + (conditionBins?.inspection(names: workingPoints.map(\.name)) ?? [])
      + [backgroundRates?.inspection ?? "background rates: not measured"]
      + (quiet.map { [$0.inspection] } ?? [])
      + [
        screen?.inspection(isQuiet: quiet != nil)
          ?? "screen: not measured; for exact precision only"
      ]
  }
}

extension CalibrationPart {
  /// The content, a fact a line.
  package var inspection: [String] {
    let total = eventsTotal.map { ", enough for \(counted($0, "event")) in all" } ?? ""
    return [
      "calibration part \(isExtended ? Self.extendedFormat : Self.format)",
      "model sha256 \(basis.modelSHA256)",
      "schema \(basis.schema == 0 ? "not stated" : schemaText(basis.schema))",
      "scores at noise levels \(basis.levels) with weights \(basis.weights)",
      "\(counted(tally.scores.scorableCount, "background score")), of which the "
        + "\(tally.scores.keptCount) largest are kept\(total); "
        + "\(counted(tally.scores.notScorableCount, "event")) not scorable",
    ] + tally.runs.map(\.inspection)
      + basis.plan.requests.map {
        "working point \($0.name): target rate \($0.targetFPR)"
          + ($0.side == .high ? "" : ", fires below its threshold")
      }
      + (tally.quiet.map {
        ["the \($0.scores.keptCount) lowest scores are kept for quiet working points"]
      } ?? [])
      + (tally.conditioned.map {
        ["the conditions and scores of \(counted($0.count, "event")) for thresholds by condition"]
      } ?? [])
  }
}

extension CalibrationRun {
  /// One line: which events, how many.
  var inspection: String {
    let number = run.map { ", run \($0)" } ?? ""
    let sample = unbiasedPrescale.map { ", the unbiased sample of one in \($0)" } ?? ""
    let tainted = taintedCount > 0 ? ", \(taintedCount) tainted ones left out" : ""
    return "source \(name)\(number), \(counted(eventCount, "event"))\(sample)\(tainted), sha256 "
      + "\(sha256)"
  }
}

extension WorkingPoint {
  /// One line: the threshold, where it comes from, what it promises.
  func inspection(confidence: Double) -> String {
    let origin = rank.map { "rank \($0)" } ?? "extrapolated"
    let interval =
      fprInterval.map { "\($0.lowerBound) to \($0.upperBound) at confidence \(confidence)" }
      ?? "not known"
    let kept = prescale == 1 ? "" : ", keeps one in \(prescale)"
    let side = side == .high ? "" : ", fires below it"
    return "working point \(name): target rate \(targetFPR) \(guarantee.phrase), threshold "
      + "\(threshold) (\(origin)\(side)), true rate \(interval)\(kept)"
  }
}

extension ConditionBins {
  /// A line for the bins, and one for each working point.
  fileprivate func inspection(names: [String]) -> [String] {
    let counts = eventCounts.map(String.init).joined(separator: ", ")
    return [
      "\(eventCounts.count) bins of the condition with edges "
        + edges.map(\.description).joined(separator: ", ")
        + " and \(counts) scores; \(unknownCount) scores without a condition"
    ]
      + names.enumerated().map { index, name in
        let row = row(ofPoint: index)
        return "working point \(name) by condition: thresholds "
          + row.dropLast().map(\.description).joined(separator: ", ")
          + "; without a condition \(row[row.count - 1])"
          + (unknown == nil ? ", the highest of all bins" : "")
      }
  }
}

extension BackgroundRates {
  /// One line: how far the table goes, and what lies beyond.
  fileprivate var inspection: String {
    let fit = tail.map {
      "beyond, a tail fitted to \($0.excessCount) scores, shape \($0.shape), scale \($0.scale)"
    }
    return "background rates: \(entries.count) ranks, down to 1 in \(eventCount + 1); "
      + (fit ?? "no tail beyond")
  }
}

extension QuietReference {
  /// One line: how far the table goes, and what the mean attributions add up to.
  fileprivate var inspection: String {
    "low scores: \(entries.count) ranks from 1 to \(entries.last?.rank ?? 0); mean attributions of "
      + "\(counted(attributionMeans.count, "feature")) add up to \(meanScore)"
  }
}

extension ScreenCalibration {
  /// One line: the margin and what it rests on.
  fileprivate func inspection(isQuiet: Bool) -> String {
    "screen: margin \(margin), supported from \(marginMin(isQuiet: isQuiet)) by \(counted(eventCount, "event")); "
      + "deviations \(deviationMean) +- \(deviationSpread), from -\(shortfallMax) to \(excessMax)"
  }
}

extension RateGuarantee {
  fileprivate var phrase: String {
    switch self {
    case .expected: "in expectation"
    case .withConfidence: "with confidence"
    case .noPromise: "without a promise"
    }
  }
}

extension DriftReference {
  fileprivate var inspection: [String] {
    let scores = scoreHistogram.map { histogram in
      let count = histogram.counts.reduce(0, +) + histogram.underflow + histogram.overflow
      return "reference for drift: \(count) scores in the histogram"
    }
    let features = features.map {
      "reference for drift: \(counted($0.features.count, "feature")) over "
        + counted($0.eventCount, "event")
    }
    return [scores, features].compactMap { $0 }
  }
}
