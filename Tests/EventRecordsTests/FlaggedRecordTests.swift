import EventRecords
import TestSupport
import Testing

@Suite struct FlaggedRecordTests {
  @Test func theBytesAreThoseOfTheFormat() {
    let bytes = flaggedBytes(number: 0x0102_0304, featureCount: 2)
    var expected = Array("TMSF".utf8) + [1, 1] + littleEndian(UInt16(1))
    expected += littleEndian(Float(3).bitPattern) + littleEndian(Float(2).bitPattern)
    expected += littleEndian(UInt64(0x0102_0304)) + littleEndian(UInt64(10))
    expected += littleEndian(UInt64(20)) + littleEndian(UInt32(1))
    expected += littleEndian(UInt32(0xAABB_CCDD)) + littleEndian(UInt32(2))
    expected += littleEndian(UInt32(3)) + littleEndian(UInt32(0))
    #expect(expected.count == 60)
    let rest =
      features(0x0102_0304 + 100, 2).flatMap { littleEndian($0.bitPattern) }
      + eventBytes(
        EventHeader(
          source: 1, run: 7, featureCount: 2, sequence: 10 * 0x0102_0304, event: 0x0102_0304,
          timeNs: 5_000 + 0x0102_0304))
    expected += littleEndian(plainChecksum(expected + rest)) + rest
    #expect(bytes == expected)
    #expect(bytes.count == 64 + 8 + 72)
  }

  @Test(arguments: [0, -0, 0x1p-20, -0x1p-126, 1, -Float.leastNonzeroMagnitude, .nan, -.infinity])
  func aBackgroundRateStandsAtByte56(rate: Float) throws {
    let event = eventBytes(
      EventHeader(source: 1, run: 7, featureCount: 1, sequence: 1, event: 1, timeNs: 5))
    let header = FlaggedHeader(
      reasons: .unbiased, workingPoints: 0, score: 1, threshold: 2, number: 1, receivedNs: 1,
      decidedNs: 1, backgroundRate: rate)
    var bytes = [UInt8](repeating: 0xEE, count: FlaggedRecord.byteCount(featureCount: 1))
    try bytes.withUnsafeMutableBytes { target in
      let base = try #require(target.baseAddress)
      try event.withUnsafeBytes { event in
        let source = try #require(event.baseAddress)
        [Float(1)].withUnsafeBufferPointer {
          FlaggedRecord.encode(
            header, attributions: $0, eventRecord: EventRecordView(source), into: base)
        }
      }
      let view = FlaggedRecordView(base, featureCount: 1)
      #expect(view.backgroundRate.bitPattern == rate.bitPattern)
      #expect(view.header.backgroundRate.bitPattern == rate.bitPattern)
      #expect(view.storedChecksum == view.computedChecksum)
    }
    #expect(Array(bytes[56..<60]) == littleEndian(rate.bitPattern))
  }

  @Test(arguments: 0..<8)
  func aViewReadsWhatWasEncodedAtAnyAlignment(shift: Int) throws {
    let bytes = [UInt8](repeating: 0, count: shift) + flaggedBytes(number: 5, reasons: .unbiased)
    try bytes.withUnsafeBytes {
      let view = FlaggedRecordView(try #require($0.baseAddress) + shift, featureCount: 4)
      #expect(view.magic == FlaggedRecord.magic && view.version == 1)
      #expect(
        view.header
          == FlaggedHeader(
            reasons: .unbiased, workingPoints: 1, score: 3, threshold: 2, number: 5,
            receivedNs: 10, decidedNs: 20, weight: 1, model: 0xAABB_CCDD, calibration: 2,
            instance: 3))
      #expect(view.storedChecksum == view.computedChecksum)
      #expect(view.event.event == 5 && view.event.storedChecksum == view.event.computedChecksum)
      #expect(view.attributionBytes.count == 16 && view.bytes.count == 160)
      if shift % 4 == 0 { #expect(Array(view.attributions) == features(105, 4)) }
    }
  }
}
