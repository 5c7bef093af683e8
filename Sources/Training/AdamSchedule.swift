package import CScoreKernels
internal import ReproducibleMath

/// Adam's constants step by step, with PyTorch's betas and epsilon (Kingma and Ba 2015, in the
/// form of PyTorch's `Adam`), and those of the parameters' moving average.
///
/// Powers of beta are running products, so their bits are the same everywhere.
package struct AdamSchedule {
  static let beta1 = 0.9
  static let beta2 = 0.999
  static let epsilon = 1e-8

  let learningRate: Double
  let schedule: LearningRateSchedule
  let steps: Int
  let emaDecay: Double?
  private var step = 0
  private var power1 = 1.0
  private var power2 = 1.0

  package init(_ configuration: TrainingConfiguration) {
    learningRate = configuration.learningRate
    schedule = configuration.schedule
    steps = configuration.steps
    emaDecay = configuration.emaDecay
  }

  /// The constants of the next step.
  package mutating func next() -> tamis_adam {
    let rate = learningRate * schedule.factor(step: step, of: steps)
    step += 1
    power1 *= AdamSchedule.beta1
    power2 *= AdamSchedule.beta2
    return tamis_adam(
      fresh_mean: Float(1 - AdamSchedule.beta1), fresh_square: Float(1 - AdamSchedule.beta2),
      old_square: Float(AdamSchedule.beta2), step_size: Float(rate / (1 - power1)),
      square_correction: Float((1 - power2).squareRoot()), epsilon: Float(AdamSchedule.epsilon),
      fresh_average: Float(1 - averageDecay))
  }

  /// The average begins with little memory, so that it forgets the initial parameters soon:
  /// decay min(d, (1 + t) / (10 + t)) after t steps.
  private var averageDecay: Double {
    min(emaDecay ?? 0, Double(1 + step) / Double(10 + step))
  }
}

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
