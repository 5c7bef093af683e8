internal import BoundedNumbers
internal import DurableFiles
internal import ReproducibleMath
internal import StrictJSON

/// The deviation of screen scores from exact ones on background, and the margin that follows from
/// it: the section `screen` of a calibration file.
///
/// The relative deviation of an event is screen / exact - 1.
package struct ScreenCalibration: Equatable, Sendable {
  /// The margin, in (0, 1): an event is scored exactly when its screen score is at least (1 -
  /// margin) times the loosest threshold.
  package var margin: Double
  /// The background events that were compared.
  package var eventCount: Int
  /// The mean of the relative deviations.
  package var deviationMean: Double
  /// Their standard deviation.
  package var deviationSpread: Double
  /// The largest deviation downwards, as a positive number; 0 where none went down.
  package var shortfallMax: Double
  /// The largest deviation upwards; 0 where none went up.
  package var excessMax: Double
  /// Keys of the file that this version does not know.
  var otherKeys = JSONObject()

  /// The default margin.
  package static let defaultMargin = 0.1
  /// A margin is supported when it is at least this many times the largest shortfall seen.
  static let safetyFactor = 2.0

  /// The smallest margin that the comparison supports, without working points of the low side.
  package var marginMin: Double { Self.safetyFactor * shortfallMax }

  /// Whether the margin is at least `marginMin`.
  package var isSupported: Bool { margin >= marginMin }

  /// The same; with `isQuiet`, for working points of the low side, a screen score must not come out too
  /// high either.
  package func marginMin(isQuiet: Bool) -> Double {
    isQuiet ? Self.safetyFactor * max(shortfallMax, excessMax) : marginMin
  }
}

/// Compares exact and screen scores, chunk by chunk. The result depends on the set of events alone.
package struct ScreenAccumulator: Equatable, Sendable {
  var count = 0
  var sum = ExactSum()
  var sumOfSquares = ExactSum()
  var lowest = 0.0
  var highest = 0.0

  /// An accumulator that has seen nothing.
  package init() {}

  /// Adds the scores of the same events. Events without a finite screen score are always scored
  /// exactly and do not count. Exact scores of 0 do not count either, since no threshold is below
  /// them.
  package mutating func add(
    exact: UnsafeBufferPointer<Float>, screened: UnsafeBufferPointer<Float>
  ) {
    precondition(exact.count == screened.count)
    for (exact, screened) in zip(exact, screened)
    where exact > 0 && exact.isFinite && screened.isFinite {
      let deviation = Double(screened) / Double(exact) - 1
      count += 1
      sum.add(deviation)
      sumOfSquares.add(deviation * deviation)
      lowest = min(lowest, deviation)
      highest = max(highest, deviation)
    }
  }

  /// Adds all comparisons of `other`.
  package mutating func merge(_ other: ScreenAccumulator) {
    count +|= other.count
    sum.merge(other.sum)
    sumOfSquares.merge(other.sumOfSquares)
    lowest = min(lowest, other.lowest)
    highest = max(highest, other.highest)
  }

  /// The result for a margin, which `isSupported` then checks; nil where no event was compared.
  package func calibration(margin: Double) -> ScreenCalibration? {
    precondition(margin > 0 && margin < 1)
    guard count > 0 else { return nil }
    let mean = sum.value / Double(count)
    let variance = max(0, sumOfSquares.value / Double(count) - mean * mean)
    return ScreenCalibration(
      margin: margin, eventCount: count, deviationMean: mean,
      deviationSpread: variance.squareRoot(), shortfallMax: -lowest, excessMax: highest)
  }
}

extension ScreenCalibration {
  var json: JSONObject {
    var object: JSONObject = [
      "margin": .real(margin),
      "events": .integer(eventCount),
      "deviation_mean": .real(deviationMean),
      "deviation_standard_deviation": .real(deviationSpread),
      "shortfall_max": .real(shortfallMax),
      "excess_max": .real(excessMax),
    ]
    object.merge(otherKeys)
    return object
  }

  /// Reads the section; null is a calibration without a screen.
  static func read(_ place: JSONPlace) throws(FileFault) -> ScreenCalibration? {
    if place.value == .null { return nil }
    func magnitude(_ name: String) throws(FileFault) -> Double {
      let member = try place.member(name)
      let value: Double = try member.real()
      if value < 0 { throw member.fault(expected: "a number of at least 0") }
      return value
    }
    let marginPlace = try place.member("margin")
    let margin: Double = try marginPlace.real()
    guard margin > 0 && margin < 1 else {
      throw marginPlace.fault(expected: "a number between 0 and 1")
    }
    var screen = ScreenCalibration(
      margin: margin, eventCount: try place.member("events").eventCount(from: 1),
      deviationMean: try place.member("deviation_mean").real(),
      deviationSpread: try magnitude("deviation_standard_deviation"),
      shortfallMax: try magnitude("shortfall_max"), excessMax: try magnitude("excess_max"))
    guard screen.isSupported else {
      throw marginPlace.fault(
        expected: "at least \(safetyFactor) times shortfall_max, which is \(screen.shortfallMax)",
        remedy: "calibrate again, with --screen-margin or without")
    }
    screen.otherKeys = try place.otherKeys(than: screen.json)
    return screen
  }
}
