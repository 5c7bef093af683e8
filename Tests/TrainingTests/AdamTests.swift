internal import CScoreKernels
internal import ScoreEngine
internal import Testing
internal import Training

/// Adam against values computed by hand in float64 from the formulas of the paper.
@Suite struct AdamTests {
  struct Step: Sendable {
    let gradient: Float
    let mean: Float
    let square: Float
    let parameter: Float
  }

  /// Parameter 1 before the first step, learning rate 0.1.
  static let steps = [
    Step(gradient: 1, mean: 0.1, square: 0.001, parameter: 0.900000001),
    Step(gradient: -2, mean: -0.11, square: 0.004999, parameter: 0.9366103535),
    Step(gradient: 0.5, mean: -0.049, square: 0.005244001, parameter: 0.9502794197),
    Step(gradient: 0, mean: -0.0441, square: 0.005238756999, parameter: 0.9614762869),
  ]

  @Test(arguments: InstructionSet.available)
  func followsTheTable(instructionSet: InstructionSet) {
    var configuration = TrainingConfiguration()
    configuration.learningRate = 0.1
    configuration.schedule = .constant
    var schedule = AdamSchedule(configuration)
    let kernels = TrainingKernels(instructionSet)
    var parameters = [Float](repeating: 1, count: 32)
    var means = [Float](repeating: 0, count: 32)
    var squares = [Float](repeating: 0, count: 32)
    for step in AdamTests.steps {
      var adam = schedule.next()
      let gradient = [Float](repeating: step.gradient, count: 32)
      kernels.table.pointee.adam(&adam, gradient, 32, &parameters, &means, &squares, nil)
      for place in 0..<32 {
        #expect(abs(parameters[place] - step.parameter) < 3e-7)
        #expect(abs(means[place] - step.mean) < 2e-8)
        #expect(abs(squares[place] / step.square - 1) < 1e-6)
      }
    }
  }

  @Test func theCosineScheduleFallsToZero() {
    let factors = (0..<4).map { LearningRateSchedule.cosine.factor(step: $0, of: 4) }
    let expected = [1, 0.5 + 0.5 * 0.5.squareRoot(), 0.5, 0.5 - 0.5 * 0.5.squareRoot()]
    for (found, wanted) in zip(factors, expected) { #expect(abs(found - wanted) < 1e-15) }
    #expect(LearningRateSchedule.cosine.factor(step: 9_999, of: 10_000) < 1e-7)
    #expect(LearningRateSchedule.constant.factor(step: 3, of: 4) == 1)
  }
}
