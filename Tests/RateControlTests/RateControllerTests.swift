import RateControl
import ReproducibleMath
import Testing

@Suite struct RateControllerTests {
  /// Windows of 100,000 events of a background whose rate falls with the threshold's power `slope`.
  /// `rate` is the rate at factor 1; counts are exact, without noise.
  private static func run(
    _ controller: inout RateController, slope: Double, rate: Double, windows: Int
  ) -> [Double] {
    (0..<windows).map { _ in
      let now = rate / portablePower(Double(controller.factor), slope)
      _ = controller.close(fired: Int((now * 1e5).rounded()), scored: 100_000, seconds: 5)
      return rate / portablePower(Double(controller.factor), slope)
    }
  }

  private static func controller(
    slope: Double = 8, _ change: (inout RateControlSettings) -> Void = { _ in }
  ) -> RateController {
    var settings = RateControlSettings()
    change(&settings)
    return RateController(
      target: .falsePositiveRate(1e-3), slope: slope, settings: settings)
  }

  @Test(arguments: [0.1, 0.5, 0.9, 1.1, 2, 5, 30])
  func bringsTheRateToTheTargetFromAnySide(ratio: Double) {
    var controller = Self.controller()
    let rates = Self.run(&controller, slope: 8, rate: 1e-3 * ratio, windows: 60)
    #expect(abs(rates.last! / 1e-3 - 1) < 0.02, "\(rates.suffix(3))")
  }

  /// Stable while the slope is at most four times the assumed one; without overshoot up to twice.
  @Test(arguments: [2.0, 4, 8, 16, 28])
  func convergesUnderAWrongSlope(trueSlope: Double) {
    var controller = Self.controller()
    let rates = Self.run(&controller, slope: trueSlope, rate: 3e-3, windows: 150)
    #expect(abs(rates.last! / 1e-3 - 1) < 0.05)
    if trueSlope <= 16 { #expect(rates.allSatisfy { $0 > 0.97e-3 }) }
  }

  @Test func stepsAndBandAreBounded() {
    var controller = Self.controller {
      $0.stepMaxPercent = 2
      $0.factorMinPercent = 90
      $0.factorMaxPercent = 110
    }
    var before: Float = 1
    for fired in Array(repeating: 100_000, count: 20) + Array(repeating: 0, count: 40) {
      _ = controller.close(fired: fired, scored: 100_000, seconds: 0)
      #expect(controller.factor / before < 1.0201 && before / controller.factor < 1.0201)
      #expect((0.9...1.1).contains(controller.factor))
      before = controller.factor
    }
    #expect(controller.factor == 0.9 && controller.isAtLimit)
  }

  @Test func windowsAddUpUntilTheySayEnough() {
    var controller = RateController(
      target: .falsePositiveRate(1e-5), slope: 8, settings: RateControlSettings())
    for window in 1...40 {
      let moved = controller.close(fired: 3, scored: 100_000, seconds: 5)
      // 20 windows expect 20 events.
      #expect(moved == (window % 20 == 0))
    }
    #expect(controller.stepCount == 2 && controller.factor > 1)
  }

  @Test func holdsEventsASecond() {
    var controller = RateController(
      target: .perSecond(20), slope: 8, settings: RateControlSettings())
    // 100,000 events in 10 s, of which 200 are wanted.
    #expect(!controller.close(fired: 200, scored: 100_000, seconds: 10) || controller.factor > 1)
    let before = controller.factor
    _ = controller.close(fired: 400, scored: 100_000, seconds: 10)
    #expect(controller.factor > before)
  }

  /// A process that goes on from the factor of the journal makes the same steps.
  @Test func isItsFactorAlone() {
    var whole = Self.controller()
    var resumed = Self.controller()
    for window in 0..<200 {
      let fired = Int(RandomStream(seed: 3, stream: 1).words(at: UInt64(window)).x % 200)
      _ = whole.close(fired: fired, scored: 100_000, seconds: 0)
      if window % 7 == 3 {
        resumed = RateController(
          target: .falsePositiveRate(1e-3), slope: 8, settings: RateControlSettings(),
          factor: resumed.factor)
      }
      _ = resumed.close(fired: fired, scored: 100_000, seconds: 0)
      #expect(whole.factor.bitPattern == resumed.factor.bitPattern)
    }
  }

  /// No number that a file or a stream can bring traps or leaves the band.
  @Test func extremesStayInTheBand() {
    for slope in [Double.nan, -.infinity, 0, 1e300, .infinity, 1e-300] {
      for factor in [Float.nan, 0, -1, .infinity, .leastNonzeroMagnitude, 1] {
        var controller = RateController(
          target: .falsePositiveRate(0.5), slope: slope, settings: RateControlSettings(),
          factor: factor)
        for (fired, scored) in [(0, 1_000_000_000), (1_000_000_000, 1_000_000_000), (0, 0)] {
          _ = controller.close(fired: fired, scored: scored, seconds: 0)
          #expect((0.5...2).contains(controller.factor))
        }
      }
    }
  }

  @Test func targetsReadAndAreRefused() {
    #expect(RateTarget("1e-3") == .falsePositiveRate(1e-3))
    #expect(RateTarget("0.01") == .falsePositiveRate(0.01))
    #expect(RateTarget("20/s") == .perSecond(20))
    for text in [
      "", "/s", "0", "1", "-1e-3", "nan", "inf", "1e-9", "0x1p-10", "2e7/s", "1e-3 ", "a",
    ] {
      #expect(RateTarget(text) == nil, "\(text)")
    }
    for target in [RateTarget.falsePositiveRate(1e-3), .perSecond(20.5)] {
      #expect(RateTarget(target.description) == target)
    }
  }
}
