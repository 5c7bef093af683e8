internal import ReproducibleMath

/// How the learning rate changes over a training.
package enum LearningRateSchedule: String, CaseIterable, Sendable {
  /// It stays.
  case constant
  /// Half a cosine wave from the initial rate at step 0 to zero after the last step (Loshchilov
  /// and Hutter 2017, without restarts).
  case cosine

  /// The factor of the learning rate at `step` (from 0); the same bits everywhere.
  package func factor(step: Int, of steps: Int) -> Double {
    switch self {
    case .constant: 1
    case .cosine: 0.5 * (1 + portableCosine(Double.pi * (Double(step) / Double(steps))))
    }
  }
}
