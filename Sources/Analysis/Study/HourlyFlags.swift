internal import Calibration

/// Flags that pure background gives at a threshold in an hour of running.
struct HourlyFlags: Equatable, Sendable {
  /// The score.
  let model: String
  /// The working point's name or the target rate.
  let name: String
  /// The false-positive rate that was set.
  let rate: Double
  /// The interval of the true rate.
  let rateInterval: ClosedRange<Double>?
  /// Flags an hour of pure background.
  let perHour: Double
  /// The same for the ends of the interval.
  let perHourInterval: ClosedRange<Double>?
  /// The relative error of the background's rate that by itself makes an excess of five standard
  /// deviations in that hour: 5 / sqrt(flags).
  let errorThatFakesDiscovery: Double

  init(
    model: String, name: String, rate: Double, interval: ClosedRange<Double>?, inputRate: Double
  ) {
    let hour = inputRate * 3600
    self.model = model
    self.name = name
    self.rate = rate
    rateInterval = interval
    perHour = rate * hour
    perHourInterval = interval.map { $0.lowerBound * hour...$0.upperBound * hour }
    errorThatFakesDiscovery = 5 / perHour.squareRoot()
  }

  /// The working points of calibrated models, and for the others the targets that the study's
  /// background has events for.
  static func all(
    checks: [CalibrationCheck], scores: [ScoreEvaluation], inputRate: Double
  ) -> [HourlyFlags] {
    scores.filter { $0.kind == .model }.flatMap { score -> [HourlyFlags] in
      if let check = checks.first(where: { $0.model == score.name }) {
        return check.points.map { point in
          HourlyFlags(
            model: score.name, name: point.workingPoint.name,
            rate: point.workingPoint.targetFPR.value, interval: point.workingPoint.fprInterval,
            inputRate: inputRate)
        }
      }
      return (score.signals.first?.rates ?? []).filter { !$0.isTooFew }.map { rate in
        HourlyFlags(
          model: score.name, name: "\(rate.target)", rate: rate.target.value,
          interval: rate.fprInterval, inputRate: inputRate)
      }
    }
  }
}
