/// Why a network cannot be trained: what was found, what was expected and what to do.
package enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// A setting is out of range.
  case setting(name: String, found: String, expected: String)
  /// Too few events to learn a distribution from.
  case tooFewEvents(found: Int, needed: Int)
  /// A value of the training data is NaN or infinite; event and feature count from 0.
  case notFinite(event: Int, feature: Int, featureName: String?, value: Float)
  /// The loss left the range of numbers at a step (from 1).
  case diverged(step: Int, learningRate: Double)
  /// The system has no such amount of memory left.
  case noMemory(byteCount: Int)

  /// One line.
  package var description: String {
    switch self {
    case .setting(let name, let found, let expected):
      "training: \(name): found \(found), expected \(expected)"
    case .tooFewEvents(let found, let needed):
      "training data: found \(found) events, expected at least \(needed); "
        + "record or simulate more background"
    case .notFinite(let event, let feature, let name, let value):
      "training data: event \(event), feature \(feature)\(name.map { " (\($0))" } ?? ""): "
        + "found \(value)\(value.isInfinite ? " (or a float64 beyond the range of float32)" : ""), "
        + "expected a finite number; remove such events or replace the value "
        + "by a default of its own"
    case .diverged(let step, let learningRate):
      "training: the loss is no longer a finite number at step \(step), learning rate "
        + "\(learningRate); use a smaller learning rate, and look for features with extreme "
        + "values (train them as logarithms, or clip)"
    case .noMemory(let byteCount):
      "training: no memory for \(byteCount) bytes; use fewer events or a smaller batch or network"
    }
  }
}
