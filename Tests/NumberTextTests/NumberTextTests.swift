import NumberText
import Testing

@Suite struct NumberTextTests {
  @Test(
    arguments: [
      (0, "0"), (-0.0, "0"), (1, "1"), (0.012345, "0.0123"), (1234.5, "1.23e+03"), (-2.5, "-2.5"),
      (.nan, "none"), (.infinity, "inf"), (-.infinity, "-inf"),
    ] as [(Double, String)])
  func decimalsHaveThreeDigits(value: Double, text: String) {
    #expect(decimal(value) == text)
  }

  @Test(
    arguments: [
      (1.255, 1, "1.3"), (-0.04, 1, "0.0"), (2, 0, "2"), (0.0505, 3, "0.051"),
      (-3.14159, 2, "-3.14"),
      (-0.0001, 3, "0.000"), (0.12345, 4, "0.1235"), (-1.5, 1, "-1.5"), (.nan, 2, "none"),
    ] as [(Double, Int, String)])
  func placesAreFixed(value: Double, places: Int, text: String) {
    #expect(fixed(value, places: places) == text)
  }

  @Test(
    arguments: [
      (0.001624, "0.00162"), (1.6249e-05, "1.62e-05"), (0, "0"), (-12.345, "-12.3"),
      (1234.6, "1230"),
      (0.9996, "1"), (100, "100"),
    ] as [(Double, String)])
  func largeNumbersInFull(value: Double, text: String) { #expect(significant(value) == text) }

  @Test(
    arguments: [
      (0, "0"), (0.0016249, "0.00162"), (1e-5, "0.00001"), (1e-10, "0.000000001 or less"),
      (-12.345, "-12.3"), (0.9996, "1"), (999.6, "1,000"), (99.96, "100"), (1000, "1,000"),
      (1234.6, "1,230"), (1_234_567, "1,230,000"), (9.9e14, "990,000,000,000,000"),
      (1e15, "1,000,000,000,000,000 or more"), (-1e300, "-1,000,000,000,000,000 or more"),
      (.nan, "none"), (.infinity, "inf"),
    ] as [(Double, String)])
  func numbersForPeopleHaveNoExponent(value: Double, text: String) { #expect(plain(value) == text) }

  @Test func theLargestNumberHasRoom() {
    #expect(fixed(.greatestFiniteMagnitude, places: 7).utf8.count == 317)
  }

  @Test func countsAgreeWithTheirNouns() {
    #expect(counted(0, "record") == "0 records" && counted(1, "record") == "1 record")
    #expect(countText(12_345_678, "event") == "12,345,678 events")
    #expect(grouped(UInt64.max) == "18,446,744,073,709,551,615")
    #expect(
      grouped(digits: "-1234") == "-1,234" && grouped(999) == "999" && grouped(-999) == "-999")
  }

  @Test func quantitiesHaveUnits() {
    #expect(
      byteText(512_000) == "512 kB" && byteText(999.6) == "1 kB" && byteText(2e15) == "2,000 TB")
    #expect(durationText(119) == "119 s" && durationText(9_000) == "2.5 h")
    #expect(exactDurationText(185) == "3 min 05 s" && exactDurationText(3_720) == "1 h 02 min")
    #expect(exactDurationText(-1) == "0 s" && exactDurationText(.infinity).hasSuffix("min"))
    #expect(percentText(0.015) == "1.5 %" && percentText(20) == "2,000 %")
    #expect(durationText(3.6e6) == "1,000 h")
  }
}
