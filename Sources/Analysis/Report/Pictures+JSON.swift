internal import Calibration
internal import StrictJSON

extension TrainingExpense {
  func json(_ account: EnergyAccount?) -> JSONValue {
    .object([
      "cpu_seconds": .finite(cpuSeconds), "wall_seconds": .finite(wallSeconds),
      "threads": .optional(threads) { .integer($0) },
      "energy_joules": .finite(account?.joules),
      "energy_is_measured": .optional(account) { .bool($0.isMeasured) },
      "co2_grams": .finite(account?.co2Grams),
    ])
  }
}

extension LevelScan {
  func json(signalNames: [String]) -> JSONValue {
    .object([
      "model": .string(model),
      "levels": .array(
        levels.map { level in
          var object: JSONObject = [
            "level": .integer(level.level), "sigma": .finite(level.sigma),
          ]
          object.merge(level.finding.json(signalNames: signalNames))
          return .object(object)
        }),
      "distance": .optional(distance) { .object($0.json(signalNames: signalNames)) },
    ])
  }
}

extension LevelScan.Finding {
  fileprivate func json(signalNames: [String]) -> JSONObject {
    [
      "weight": .finite(weight), "background_median": .finite(backgroundMedian),
      "signals": .array(
        signalNames.indices.map { signal in
          .object([
            "name": .string(signalNames[signal]), "auroc": .finite(aurocs[signal]),
            "tpr": .finite(rates?[signal].tpr),
            "tpr_interval": .interval(rates?[signal].tprInterval),
            "target_fpr": .optional(rates?[signal].target) { .number($0.description) },
          ])
        }),
    ]
  }
}

extension CalibrationCheck {
  func json(signalNames: [String]) -> JSONValue {
    .object([
      "model": .string(model), "path": .string(path), "sha256": .string(sha256),
      "events": .integer(eventCount), "confidence": .real(confidence),
      "working_points": .array(points.map { $0.json(signalNames: signalNames) }),
    ])
  }
}

extension CalibrationCheck.Point {
  func json(signalNames: [String]) -> JSONValue {
    var object: JSONObject = [
      "name": .string(workingPoint.name), "target_fpr": .number("\(workingPoint.targetFPR)"),
      "threshold": .finite(workingPoint.threshold),
      "fpr_interval": .interval(workingPoint.fprInterval),
      "guarantee": .string(workingPoint.guarantee.rawValue),
      "extrapolated": .bool(workingPoint.extrapolated),
      "off_target": .optional(isOffTarget) { .bool($0) },
      "background": .object(background.json),
      "signals": .array(
        zip(signals, signalNames).map { passing, name in
          var object: JSONObject = ["name": .string(name)]
          object.merge(passing.json)
          return .object(object)
        }),
    ]
    if workingPoint.side == .low { object["side"] = .string(workingPoint.side.rawValue) }
    return .object(object)
  }
}

extension CalibrationCheck.Passing {
  var json: JSONObject {
    [
      "passed": .integer(passed), "events": .integer(count), "rate": .finite(rate),
      "interval": .interval(interval),
    ]
  }
}

extension HourlyFlags {
  var json: JSONValue {
    .object([
      "model": .string(model), "name": .string(name), "rate": .finite(rate),
      "rate_interval": .interval(rateInterval), "flags_per_hour": .finite(perHour),
      "flags_per_hour_interval": .interval(perHourInterval),
      "error_that_fakes_five_sigma": .finite(errorThatFakesDiscovery),
    ])
  }
}

extension ScoreCorrelation {
  var json: JSONValue {
    .object([
      "model": .string(model), "other": .string(other), "spearman": .finite(spearman),
    ])
  }
}

extension FixedBins {
  var json: JSONValue {
    .object([
      "low": .finite(low), "high": .finite(high), "below": .integer(below),
      "above": .integer(above), "counts": .array(counts.map { .integer($0) }),
    ])
  }
}

extension ScoreHistograms {
  var json: JSONValue {
    .object([
      "model": .string(model), "of": .string("log10(score)"), "background": background.json,
      "signals": .array(signals.map(\.json)),
    ])
  }
}

extension FeatureContrasts {
  var json: JSONValue {
    .object([
      "one_event_in": .array(steps.map { .integer($0) }),
      "ks_distances": .array(
        features.map { feature in
          .object([
            "feature": .integer(feature.index), "name": .string(feature.name),
            "signals": .array(feature.distances.map { .finite($0) }),
          ])
        }),
      "histograms": .array(
        histograms.map { histogram in
          .object([
            "feature": .integer(histogram.feature),
            "of": .string(histogram.isLogarithmic ? "log10(1 + x)" : "x"),
            "background": histogram.background.json,
            "signals": .array(histogram.signals.map(\.json)),
          ])
        }),
    ])
  }
}

extension BackgroundShape {
  func json(scatter: ComponentScatter?) -> JSONValue {
    .object([
      "events": .integer(eventCount), "skipped": .integer(skippedCount), "rank": .integer(rank),
      "residual_components": .integer(componentCount),
      "variances": .array(variances.map { .finite($0) }),
      "explained": .array(explainedShares.map { .finite($0) }),
      "scatter": .optional(scatter) { scatter in
        .array(
          scatter.clouds.map { cloud in
            .object([
              "name": .string(cloud.name),
              "points": .array(cloud.points.map { .array([.finite($0.x), .finite($0.y)]) }),
            ])
          })
      },
    ])
  }
}

extension StrangestEvents {
  func json(names: [String]) -> JSONValue {
    .object([
      "model": .string(model),
      "samples": .array(
        groups.map { group in
          .object([
            "name": .string(group.sample),
            "events": .array(
              zip(group.events, group.agreements).map { event, agreement in
                event.json(names: names, top: Self.featureMax, agreement: agreement)
              }),
          ])
        }),
    ])
  }
}
