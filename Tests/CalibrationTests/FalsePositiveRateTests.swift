import Calibration
import Testing

@Suite struct FalsePositiveRateTests {
  @Test(arguments: [
    ("0.001", "0.001"), ("1e-3", "0.001"), ("1E-3", "0.001"), ("10e-4", "0.001"),
    ("0.0010", "0.001"), ("00.001", "0.001"), (".5", "0.5"), ("5e-1", "0.5"), ("1e-6", "1e-06"),
    ("2.5e-6", "2.5e-06"), ("0.00001", "1e-05"), ("0.0001", "0.0001"), ("1e-15", "1e-15"),
    ("0.123456789012345678", "0.123456789012345678"), ("12.5e-2", "0.125"),
  ])
  func readsDecimals(text: String, canonical: String) throws {
    let rate = try #require(FalsePositiveRate(text))
    #expect(rate.description == canonical)
    #expect(FalsePositiveRate(canonical) == rate)
    #expect(rate.value == Double(text))
  }

  @Test(arguments: [
    "", "0", "0.0", "1", "1.0", "1.5", "-0.1", "+0.1", "nan", "inf", "0x1p-3", "1e", "e-3", "1e-3e",
    "0.1.2", "1e-16", "0.1234567890123456789", " 0.1", "0,1", "1e-99999999999999999999", "1e3",
    "1e-9223372036854775808", "1e-9223372036854775807", "1e9223372036854775807",
    "٠.١",
  ])
  func refuses(text: String) {
    #expect(FalsePositiveRate(text) == nil)
  }

  @Test func comparesExactly() throws {
    let rates = ["1e-15", "0.00099999999999", "0.001", "0.5", "0.999999999999999999"]
      .compactMap { FalsePositiveRate($0) }
    #expect(rates.count == 5)
    #expect(rates.shuffled().sorted() == rates)
  }
}
