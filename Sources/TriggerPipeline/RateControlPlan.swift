package import Calibration
package import RateControl

/// The controllers that a configuration asks for, for the working points of a calibration.
package struct RateControlPlan: Sendable {
  /// As configured.
  package let settings: RateControlSettings
  private let controllers: [RateController?]

  /// Checks that the points exist and can be controlled.
  ///
  /// - Throws: `GenerationRefusal` that names the point. `file` is the configuration's, for the
  ///   message; empty where there is none.
  package init(
    _ settings: RateControlSettings, file: String = "", calibration: TriggerCalibration
  ) throws(GenerationRefusal) {
    self.settings = settings
    let names = calibration.workingPoints.map(\.name)
    for point in settings.points {
      let key =
        (file.isEmpty || point.place.isEmpty ? "" : "\(file):\(point.place): ")
        + "rate_control.points"
      guard let place = names.firstIndex(of: point.name) else {
        throw GenerationRefusal(
          description:
            "\(key): found `\(point.name)`, expected a working point of the "
            + "calibration: \(names.joined(separator: ", "))")
      }
      guard calibration.workingPoints[place].side == .high else {
        throw GenerationRefusal(
          description:
            "\(key): found `\(point.name)`, a working point of the low side; "
            + "expected one of the high side, since control of low scores is not there. Leave "
            + "`\(point.name)` out of rate_control.points")
      }
      let threshold = calibration.workingPoints[place].threshold
      guard threshold > 0 else {
        throw GenerationRefusal(
          description: "\(key): found `\(point.name)`, whose threshold is "
            + "\(threshold); expected a threshold above 0, since control multiplies it")
      }
    }
    controllers = calibration.workingPoints.map { working in
      guard let wanted = settings.points.first(where: { $0.name == working.name }) else {
        return nil
      }
      return RateController(
        target: wanted.target, slope: tailSlope(of: working, in: calibration), settings: settings)
    }
    let (lowest, quiet) = (lowestThreshold(of: calibration), calibration.quietThreshold)
    guard quiet <= lowest else {
      throw GenerationRefusal(
        description: (file.isEmpty ? "" : "\(file): ")
          + "rate_control.factor_min_percent: thresholds may fall to \(lowest), below the "
          + "\(quiet) of the calibration's quiet working point; expected a band in which no event is "
          + "beyond both. Raise factor_min_percent, or calibrate without the quiet point")
    }
  }

  /// Whether any rate is held.
  package var isActive: Bool { controllers.contains { $0 != nil } }

  /// The rate that is held at working point `index`; nil for none.
  package func target(at index: Int) -> RateTarget? {
    controllers.indices.contains(index) ? controllers[index]?.target : nil
  }

  /// The lowest threshold that may come into force.
  package func lowestThreshold(of calibration: TriggerCalibration) -> Float {
    calibration.workingPoints.enumerated().reduce(.infinity) { lowest, each in
      guard each.element.side == .high else { return lowest }
      let factor = target(at: each.offset) == nil ? 1 : settings.factorMin
      return min(lowest, calibration.loosestThreshold(ofPoint: each.offset) * factor)
    }
  }

  /// The loop at `factors`, one a working point or none for 1 everywhere; nil where nothing is held.
  func loop(factors: [Float]) -> ControlLoop? {
    guard isActive else { return nil }
    let controllers = controllers.enumerated().map { index, controller in
      controller.map {
        RateController(
          target: $0.target, slope: $0.slope, settings: settings,
          factor: factors.indices.contains(index) ? factors[index] : 1)
      }
    }
    return ControlLoop(controllers: controllers, settings: settings)
  }
}
