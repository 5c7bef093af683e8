import CScoreKernels
import Testing

@Suite struct ChecksumTests {
  /// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  @Test(
    arguments: [
      (Array("123456789".utf8), 0xE306_9283),
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
      ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      (Array(0..<32), 0x46DD_794E),
      (Array((0..<32).reversed()), 0x113F_DB5C),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func knownValues(bytes: [UInt8], crc: UInt32) {
    #expect(tamis_crc32c(0, bytes, bytes.count) == crc)
    #expect(tamis_crc32c_portable(0, bytes, bytes.count) == crc)
  }

  private var bytes: [UInt8] {
    var generator = TestGenerator(seed: 4)
    return (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  @Test func instructionAndTablesAgreeOnEveryLengthAndAlignment() {
    bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      for count in Array(0...300) + [3_071, 3_072, 3_073, 6_400, 10_007, 19_900] {
        for shift in 0..<16 {
          let start = UInt32(truncatingIfNeeded: count * 7_919 + shift)
          #expect(
            tamis_crc32c(start, base + shift, count)
              == tamis_crc32c_portable(start, base + shift, count))
        }
      }
    }
  }

  @Test func aChecksumCanBeContinued() {
    let bytes = bytes
    let whole = tamis_crc32c(0, bytes, 700)
    for cut in 0...700 {
      bytes.withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        #expect(tamis_crc32c(tamis_crc32c(0, base, cut), base + cut, 700 - cut) == whole)
      }
    }
  }
}
