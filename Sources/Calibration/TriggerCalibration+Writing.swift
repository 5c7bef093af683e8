internal import DurableFiles
internal import StrictJSON

extension TriggerCalibration {
  /// Writes the file, which appears under its name only when whole. An existing one is replaced
  /// only where `replacing` is true. Keys that this version does not know are kept.
  package func write(to path: String, replacing: Bool) throws {
    try ReplacedFile.write(encoded(), to: path, replacing: replacing)
  }

  /// The bytes of the file; the same calibration gives the same bytes.
  package func encoded() -> [UInt8] {
    Array((JSONValue.object(json).text + "\n").utf8)
  }

  /// The value of the key `format`.
  var format: String {
    workingPoints.contains { $0.side == .low } ? Self.quietFormat : Self.format
  }

  var json: JSONObject {
    var object: JSONObject = [
      "format": .string(format),
      "model_sha256": .string(modelSHA256.description),
      "schema": .string(schemaText(schema)),
      "levels": .array(levels.map(JSONValue.integer)),
      "weights": .array(weights.map(JSONValue.real)),
      "precision": .string(Self.precision),
      "confidence": .real(confidence),
      "events": .integer(eventCount),
      "not_scorable": .integer(notScorableCount),
      "runs": .array(runs.map { .object($0.json) }),
      "working_points": .array(workingPoints.map { .object($0.json) }),
      "reference": .object(reference.json),
      "screen": .optional(screen) { .object($0.json) },
      "created": .string(created),
      "program": .string(program),
    ]
    if let conditionBins {
      object["condition_bins"] = .object(conditionBins.json(names: workingPoints.map(\.name)))
    }
    if let backgroundRates { object["background_rates"] = .object(backgroundRates.json) }
    if let quiet { object["quiet"] = .object(quiet.json) }
    object.merge(otherKeys)
    return object
  }
}

extension CalibrationRun {
  var json: JSONObject {
    var object: JSONObject = [
      "name": .string(name),
      "sha256": .string(sha256.description),
      "run": .optional(run, JSONValue.integer),
      "events": .integer(eventCount),
    ]
    if let unbiasedPrescale { object["unbiased_prescale"] = .integer(unbiasedPrescale) }
    if taintedCount > 0 { object["tainted"] = .integer(taintedCount) }
    object.merge(otherKeys)
    return object
  }
}

extension WorkingPoint {
  var json: JSONObject {
    var object: JSONObject = [
      "name": .string(name),
      "target_fpr": .number(targetFPR.description),
      "threshold": .real(threshold),
      "rank": .optional(rank, JSONValue.integer),
      "fpr_interval": .interval(fprInterval),
      "extrapolated": .bool(extrapolated),
      "prescale": .integer(prescale),
      "guarantee": .string(guarantee.rawValue),
    ]
    if let tail { object["tail"] = .object(tail.json) }
    if side == .low { object["side"] = .string(side.rawValue) }
    object.merge(otherKeys)
    return object
  }
}

extension ParetoTail {
  var json: JSONObject {
    [
      "base": .real(base),
      "shape": .real(shape),
      "scale": .real(scale),
      "excesses": .integer(excessCount),
      "base_rate": .real(baseRate),
    ]
  }
}

extension DriftReference {
  var json: JSONObject {
    var object: JSONObject = [
      "score_histogram": .object(scoreHistogram?.json ?? [:]),
      "features": .object(features?.json ?? [:]),
    ]
    if let condition { object["condition"] = .object(condition.json) }
    object.merge(otherKeys)
    return object
  }
}

extension ScoreHistogram {
  /// Bins before the first and after the last score are left out.
  var json: JSONObject {
    let first = counts.firstIndex { $0 > 0 } ?? 0
    let last = counts.lastIndex { $0 > 0 } ?? -1
    var object: JSONObject = [
      "bins_per_octave": .integer(Self.binsPerOctave),
      "lowest_exponent": .integer(Self.lowestExponent),
      "octaves": .integer(Self.octaveCount),
      "first_bin": .integer(first),
      "counts": .array(counts[first..<last + 1].map(JSONValue.integer)),
      "underflow": .integer(underflow),
      "overflow": .integer(overflow),
      "not_scorable": .integer(notScorable),
    ]
    object.merge(otherKeys)
    return object
  }
}

extension FeatureSummary {
  /// One array a column, one element a feature.
  var json: JSONObject {
    func column(_ value: (Feature) -> JSONValue) -> JSONValue { .array(features.map(value)) }
    var object: JSONObject = [
      "events": .integer(eventCount),
      "names": column { .optional($0.name, JSONValue.string) },
      "mean": column { .optional($0.mean, JSONValue.real) },
      "standard_deviation": column { .optional($0.standardDeviation, JSONValue.real) },
      "kurtosis": column { .optional($0.kurtosis, JSONValue.real) },
      "minimum": column { .optional($0.range?.lowerBound, JSONValue.real) },
      "maximum": column { .optional($0.range?.upperBound, JSONValue.real) },
      "non_finite": column { .integer($0.nonFiniteCount) },
    ]
    object.merge(otherKeys)
    return object
  }
}
