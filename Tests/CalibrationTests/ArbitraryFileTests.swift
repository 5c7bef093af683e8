import Calibration
import DurableFiles
import ReproducibleMath
import StrictJSON
import Testing

@Suite struct ArbitraryFileTests {
  /// Both ways of reading: as float32, and as float64 then rounded, as most readers do.
  @Test func thresholdsReadBackToTheSameBits() {
    let random = RandomStream(seed: 4, stream: 0)
    let special: [UInt32] = [0, 0x8000_0000, 1, 0x7F7F_FFFF, 0x0080_0000, 363_742_205]
    let drawn = (0..<200_000).map { random.words(at: $0).x }
    for bits in special + drawn where Float(bitPattern: bits).isFinite {
      guard case .number(let text) = JSONValue.real(Float(bitPattern: bits)) else { continue }
      #expect(Float(text)?.bitPattern == bits)
      #expect(Double(text).map { Float($0).bitPattern } == bits)
    }
    // Otherwise the one value that needs more digits would not be tested.
    #expect(Double("7.038531e-26").map { Float($0) } != Float("7.038531e-26"))
  }

  /// A changed file is refused with a fault, or is a calibration that can be written and read.
  @Test func changedFilesNeverTrap() throws {
    let random = RandomStream(seed: 3, stream: 0)
    let original = try CalibrationFileTests.full().encoded()
    var acceptedCount = 0
    for index in 0..<10_000 {
      var bytes = original
      let draw = UInt64(index) * 4
      for change in 0..<UInt64(1 + index % 3) {
        let place = random.integer(below: bytes.count, at: draw + change)
        bytes[place] = 0x20 + UInt8(random.words(at: draw + change).w % 0x5F)
      }
      do {
        let calibration = try decode(bytes)
        acceptedCount += 1
        #expect(try decode(calibration.encoded()) == calibration)
      } catch let fault as FileFault {
        #expect(fault.file == "c.json")
      }
    }
    #expect(acceptedCount > 100 && acceptedCount < 9900)
  }

  private func decode(_ bytes: [UInt8]) throws -> TriggerCalibration {
    try bytes.withUnsafeBytes { try TriggerCalibration.decode($0, file: "c.json") }
  }
}
