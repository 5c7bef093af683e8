internal import Calibration
internal import StrictJSON

extension RateAtFPR {
  /// All numbers of the rate; `interval` is the bootstrap's.
  func json(bootstrapInterval: ClosedRange<Double>?) -> JSONValue {
    .object([
      "target_fpr": .number(target.description), "tpr": .finite(tpr),
      "tpr_interval": .interval(tprInterval),
      "tpr_bootstrap_interval": .interval(bootstrapInterval), "fpr": .finite(fpr),
      "fpr_interval": .interval(fprInterval), "threshold": .finite(threshold),
      "true_positives": .integer(truePositives), "false_positives": .integer(falsePositives),
      "expected_background": .finite(Double(backgroundCount) * target.value),
      "too_few_events": .bool(isTooFew),
    ])
  }
}

extension SignalEvaluation {
  /// All numbers under the signal's name.
  func json(name: String) -> JSONValue {
    .object([
      "name": .string(name), "events": .integer(signalCount),
      "not_scorable": .integer(notScorableCount), "auroc": .finite(auroc),
      "auroc_interval": .interval(aurocInterval),
      "auroc_standard_error": .finite(aurocStandardError),
      "average_precision": .finite(averagePrecision),
      "chance_precision": .finite(chancePrecision),
      "tpr_at_fpr": .array(zip(rates, rateIntervals).map { $0.json(bootstrapInterval: $1) }),
    ])
  }

  /// The drawn points: false positives, true positives, threshold.
  var curveJSON: JSONValue {
    .array(
      curve.map {
        .array([
          .integer($0.falsePositives), .integer($0.truePositives), .finite($0.threshold),
        ])
      })
  }
}

extension ScoreEvaluation {
  /// All numbers; with the drawn curves where they are wanted.
  func json(signalNames: [String], withCurves: Bool) -> JSONValue {
    .object([
      "name": .string(name), "kind": .string(kind.rawValue), "explanation": .string(explanation),
      "background": .object([
        "first": .integer(judged.lowerBound), "end": .integer(judged.upperBound),
        "events": .integer(backgroundCount), "not_scorable": .integer(notScorableCount),
      ]),
      "signals": .array(
        zip(signals, signalNames).map { signal, name in
          let json = signal.json(name: name)
          guard withCurves, case .object(var object) = json else { return json }
          object["roc"] = signal.curveJSON
          return .object(object)
        }),
    ])
  }
}

extension Comparison {
  /// Both numbers, the interval of the difference, and the verdict.
  func json(signalNames: [String]) -> JSONValue {
    func json(_ difference: Difference) -> JSONObject {
      [
        "model": .finite(difference.model), "other": .finite(difference.other),
        "difference_interval": .interval(difference.interval),
        "verdict": .optional(difference.verdict) { .string($0.rawValue) },
      ]
    }
    var rateObject = rate.map(json)
    rateObject?["target_fpr"] = .optional(rateTarget) { .number($0.description) }
    return .object([
      "model": .string(model), "other": .string(other), "signal": .string(signalNames[signal]),
      "auroc": .object(json(auroc)), "tpr": .optional(rateObject) { .object($0) },
      "beaten": .optional(isBeaten) { .bool($0) },
    ])
  }
}
