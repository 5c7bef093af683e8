internal import Testing
internal import Training

@Suite struct NoiseScheduleTests {
  @Test func levelsAreLogSpaced() {
    let sigmas = TrainingConfiguration().noiseSchedule.sigmas
    let expected: [Float] = [
      5, 2.5065, 1.2565, 0.62996, 0.3158, 0.15831, 0.079370, 0.039789, 0.019948, 0.01,
    ]
    #expect(sigmas.count == 10)
    #expect(sigmas.first == 5 && sigmas.last == 0.01)
    for (found, wanted) in zip(sigmas, expected) { #expect(abs(found / wanted - 1) < 2e-4) }
  }

  @Test(arguments: [
    (5.0, 0.01, 10, [3, 4, 5]), (5, 0.01, 19, [6, 8, 10]), (5, 0.01, 4, [1, 2]),
    (10, 0.001, 10, [3, 4]), (5, 0.01, 1, [0]), (0.1, 0.01, 3, [0]), (50, 2, 5, [4]),
  ])
  func scoringLevelsLieNearTheMeasuredOnes(
    sigmaMax: Double, sigmaMin: Double, levelCount: Int, expected: [Int]
  ) {
    let schedule = NoiseSchedule(sigmaMax: sigmaMax, sigmaMin: sigmaMin, levelCount: levelCount)
    #expect(schedule.scoringLevels == expected)
  }
}
