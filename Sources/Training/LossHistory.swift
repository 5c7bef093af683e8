/// The losses of a training, thinned out to a hundred points, and their running average.
package struct LossHistory {
  package private(set) var points: [LossPoint] = []
  private let stepCount: Int
  private var sum = 0.0
  private var count = 0
  private var average = 0.0
  private var averageWeight = 0.0

  static let pointMax = 100

  package init(stepCount: Int) {
    self.stepCount = stepCount
    points.reserveCapacity(LossHistory.pointMax)
  }

  /// The average over some hundred steps, weights falling by 1 % a step.
  package var smoothedLoss: Double { averageWeight > 0 ? average / averageWeight : .nan }

  /// Notes the loss of `step`, counted from 1.
  package mutating func note(_ loss: Double, step: Int) {
    average = 0.99 * average + 0.01 * loss
    averageWeight = 0.99 * averageWeight + 0.01
    sum += loss
    count += 1
    guard isPoint(step) else { return }
    points.append(LossPoint(step: step, loss: sum / Double(count)))
    sum = 0
    count = 0
  }

  /// Points divide the steps evenly and the last step is one.
  private func isPoint(_ step: Int) -> Bool {
    let wanted = min(LossHistory.pointMax, stepCount)
    return step * wanted / stepCount > (step - 1) * wanted / stepCount
  }
}
