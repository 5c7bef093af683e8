import Calibration
import Testing

@Suite struct ParetoTailTests {
  private func tail(shape: Double) -> ParetoTail {
    ParetoTail(base: 10, shape: shape, scale: 2, excessCount: 100, baseRate: 0.01)
  }

  @Test(arguments: [-1, -0.5, -1e-7, 0, 1e-12, 1e-6, 0.3, 0.5])
  func survivalInvertsExcess(shape: Double) {
    let tail = tail(shape: shape)
    for survival in [1, 0.999, 0.5, 0.1, 1e-3, 1e-6] {
      let back = tail.survival(excess: tail.excess(survival: survival))
      #expect(abs(back - survival) <= 1e-9 * survival)
    }
    #expect(tail.excess(survival: 1) == 0)
  }

  @Test func aNegativeShapeHasAnEnd() {
    #expect(tail(shape: -0.5).survival(excess: 4) == 0)
    #expect(tail(shape: -0.5).survival(excess: 5) == 0)
    #expect(tail(shape: -0.5).survival(excess: 3.99) > 0)
  }

  /// A file may have any positive scale, and a score any finite value.
  @Test(
    arguments: [Double.leastNonzeroMagnitude, 1e-308, 1e-45, 1, 1e308], [-1, 0, 0.5, 0.999, 1e300])
  func survivalIsAShare(scale: Double, shape: Double) {
    let tail = ParetoTail(base: 0, shape: shape, scale: scale, excessCount: 50, baseRate: 0.01)
    for excess in [-1, 0, .leastNonzeroMagnitude, 1e-45, 1, 3e38, 1e308, .infinity] as [Double] {
      #expect((0...1).contains(tail.survival(excess: excess)))
    }
  }

  /// Quantiles at the plotting positions of the fit give back the law they are of, but for what
  /// 100 points leave open; other plotting positions would be three times as far off.
  @Test(arguments: [-0.5, 0, 0.3])
  func fitFindsTheLawOfItsQuantiles(shape: Double) {
    let truth = tail(shape: shape)
    let excesses = (0..<100).map { truth.excess(survival: (Double($0) + 0.35) / 100) }
    let found = ParetoTail(fitting: excesses, base: 10, baseRate: 0.01)
    #expect(abs(found.shape - shape) < 0.02)
    #expect(abs(found.scale - 2) < 0.02)
    #expect(found.excessCount == 100)
  }
}
