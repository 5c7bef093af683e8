internal import Testing
internal import Training

@Suite struct NoiseScheduleTests {
  @Test func levelsAreLogSpaced() {
    let sigmas = NoiseSchedule(sigmaMax: 5, sigmaMin: 0.01, levelCount: 10).sigmas
    let expected: [Float] = [
      5, 2.5065, 1.2565, 0.62996, 0.3158, 0.15831, 0.079370, 0.039789, 0.019948, 0.01,
    ]
    #expect(sigmas.count == 10)
    #expect(sigmas.first == 5 && sigmas.last == 0.01)
    for (found, wanted) in zip(sigmas, expected) { #expect(abs(found / wanted - 1) < 2e-4) }
  }
}
