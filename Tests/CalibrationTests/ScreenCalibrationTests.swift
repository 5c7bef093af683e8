import Calibration
import Testing

/// Accumulates scores of the same events.
func comparedScreen(
  exact: [Float], screened: [Float], margin: Double = 0.125
) -> ScreenCalibration? {
  var accumulator = ScreenAccumulator()
  withScores(exact) { exact in
    withScores(screened) { accumulator.add(exact: exact, screened: $0) }
  }
  return accumulator.calibration(margin: margin)
}

@Suite struct ScreenCalibrationTests {
  @Test func deviationsAreRelativeToTheExactScores() throws {
    let found = try #require(comparedScreen(exact: [2, 4, 8], screened: [2.0625, 3.75, 8]))
    #expect(found.eventCount == 3)
    #expect(found.shortfallMax == 0.0625 && found.excessMax == 0.03125)
    #expect(abs(found.deviationMean + 0.03125 / 3) < 1e-15)
    // Of the deviations 1/32, -1/16 and 0, around their mean.
    #expect(abs(found.deviationSpread - 0.038_975_597_778_895_22) < 1e-15)
    #expect(found.marginMin == 0.125 && found.isSupported)
  }

  @Test(arguments: [
    ([Float.nan], [Float.nan]), ([5], [.infinity]), ([.infinity], [7]), ([0], [1]), ([], []),
  ])
  func eventsThatAreScoredExactlyAnywayDoNotCount(exact: [Float], screened: [Float]) {
    #expect(comparedScreen(exact: exact, screened: screened) == nil)
  }

  @Test func aMarginBelowTwiceTheShortfallIsNotSupported() throws {
    #expect(
      try #require(comparedScreen(exact: [4], screened: [3.75], margin: 0.1249)).isSupported
        == false)
    #expect(try #require(comparedScreen(exact: [4], screened: [3.75], margin: 0.125)).isSupported)
    #expect(try #require(comparedScreen(exact: [4], screened: [5], margin: 0.001)).isSupported)
  }
}
