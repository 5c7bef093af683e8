import Drift
import Testing

@Suite struct ShortNumberTests {
  @Test(arguments: [
    (0.001624, "0.00162"), (1.6249e-05, "1.62e-05"), (0, "0"), (-12.345, "-12.3"), (1234.6, "1230"),
    (0.9996, "1"), (100, "100"),
  ])
  func threeDigits(value: Double, text: String) { #expect(significant(value) == text) }

  @Test(arguments: [
    (1.255, 1, "1.3"), (-0.04, 1, "0.0"), (2, 0, "2"), (0.0505, 3, "0.051"), (-3.14159, 2, "-3.14"),
  ])
  func digitsAfterThePoint(value: Double, places: Int, text: String) {
    #expect(fixed(value, places) == text)
  }
}
