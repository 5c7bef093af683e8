internal import Monitoring
internal import Synchronization
internal import TriggerPipeline

/// What a status shows of the calibrations that may be in force: the last two, since a reload is
/// taken over a moment after it was asked for.
final class KnownCalibrations: Sendable {
  private let known: Mutex<[(sha256: String, facts: CalibrationFacts)]>

  /// Knows the one that the daemon starts with.
  init(_ armed: ArmedCalibration) { known = Mutex([Self.entry(armed)]) }

  /// Remembers one more.
  func note(_ armed: ArmedCalibration) {
    known.withLock { known in
      known.append(Self.entry(armed))
      if known.count > 2 { known.removeFirst() }
    }
  }

  /// The facts of the calibration in force; without a histogram while it is not known.
  func facts(of arms: ArmsFacts) -> CalibrationFacts {
    let entry = known.withLock { known in known.last { $0.sha256 == arms.calibrationSHA256 } }
    return entry?.facts ?? CalibrationFacts(scoreHistogram: nil, confidence: 0.95)
  }

  private static func entry(_ armed: ArmedCalibration) -> (String, CalibrationFacts) {
    ("\(armed.sha256)", CalibrationFacts(armed.calibration))
  }
}
