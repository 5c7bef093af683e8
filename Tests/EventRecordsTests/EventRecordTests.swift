import EventRecords
import TestSupport
import Testing

/// CRC-32C bit by bit, straight from its definition.
func plainChecksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
  var crc: UInt32 = 0xFFFF_FFFF
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
  }
  return ~crc
}

@Suite struct EventRecordTests {
  static let header = EventHeader(
    kind: .event, flags: [.unbiased, .tainted], source: 0x0102_0304, run: 0x1112_1314,
    lumi: 0x2122_2324, featureCount: 3, bunchCrossing: 0x3132, sequence: 0x4142_4344_4546_4748,
    event: 0x5152_5354_5556_5758, timeNs: 0x6162_6364_6566_6768, orbit: 0x7172_7374,
    condition: 1.5, schema: 0x8182_8384)

  @Test func theBytesAreThoseOfTheFormat() {
    let header = Self.header
    let values: [Float] = [1, -2, .pi]
    var expected = Array("TMSE".utf8) + [1, 1] + littleEndian(UInt16(9))
    expected += littleEndian(header.source) + littleEndian(header.run)
    expected += littleEndian(header.lumi)
    expected += littleEndian(UInt16(3)) + littleEndian(header.bunchCrossing)
    expected += littleEndian(header.sequence) + littleEndian(header.event)
    expected += littleEndian(header.timeNs) + littleEndian(header.orbit)
    expected += littleEndian(Float(1.5).bitPattern) + littleEndian(header.schema)
    let payload = values.flatMap { littleEndian($0.bitPattern) }
    #expect(expected.count == 60)
    expected += littleEndian(plainChecksum(expected + payload)) + payload
    #expect(eventBytes(header, features: values) == expected)
  }

  @Test(arguments: [0, 1, 3, 64, 65_535])
  func sizesFollowD(featureCount: Int) {
    #expect(EventRecord.byteCount(featureCount: featureCount) == 64 + 4 * featureCount)
    #expect(FlaggedRecord.byteCount(featureCount: featureCount) == 128 + 8 * featureCount)
  }

  @Test func aViewReadsWhatWasEncodedAtAnyAlignment() throws {
    let bytes = eventBytes(Self.header)
    for shift in 0..<8 {
      let shifted = [UInt8](repeating: 0, count: shift) + bytes
      try shifted.withEvent(at: shift) { view in
        #expect(view.header == Self.header)
        #expect(view.storedChecksum == view.computedChecksum)
        #expect(view.byteCount == 76)
        #expect(Array(view.bytes) == bytes)
        #expect(Array(view.featureBytes) == Array(bytes[64...]))
        #expect(view.hasFiniteFeatures)
      }
    }
  }

  @Test func alignedFeaturesAreReadWhereTheyLie() throws {
    let event = Self.header.event
    try eventBytes(Self.header).withEvent { view in
      #expect(Array(view.features) == features(event, 3))
    }
  }

  @Test(arguments: [RecordKind.beginOfRun, .endOfRun, .heartbeat])
  func controlRecordsHaveAZeroPayload(kind: RecordKind) throws {
    let bytes = eventBytes(EventHeader(kind: kind, run: 3, featureCount: 5))
    #expect(bytes.count == 84)
    #expect(bytes[64...].allSatisfy { $0 == 0 })
    try bytes.withEvent { #expect($0.kind == kind && $0.storedChecksum == $0.computedChecksum) }
  }

  @Test func anUnknownConditionIsNaN() throws {
    try eventBytes(EventHeader(featureCount: 1)).withEvent { #expect($0.condition.isNaN) }
  }

  @Test func aHeaderCanBeReplacedAndTheFeaturesStay() throws {
    var bytes = eventBytes(Self.header)
    let payload = Array(bytes[64...])
    var header = Self.header
    header.flags.insert(.replayed)
    header.run += 1
    bytes.withUnsafeMutableBytes {
      if let base = $0.baseAddress { EventRecord.replaceHeader(with: header, in: base) }
    }
    #expect(Array(bytes[64...]) == payload)
    #expect(bytes == eventBytes(header))
  }

  @Test func unknownFlagBitsAreKept() throws {
    var header = Self.header
    header.flags = RecordFlags(rawValue: 0xF00F)
    try eventBytes(header).withEvent { #expect($0.header == header) }
  }

  @Test(arguments: [0, 1, 15, 16, 17, 64])
  func nonFiniteFeaturesAreFoundAtEveryPlace(count: Int) throws {
    let values = [Float](repeating: .greatestFiniteMagnitude, count: count)
    #expect(values.withUnsafeBufferPointer(allFinite))
    for place in 0..<count {
      for wrong in [Float.nan, .infinity, -.infinity, .signalingNaN, -.nan] {
        var broken = values
        broken[place] = wrong
        #expect(!broken.withUnsafeBufferPointer(allFinite))
        let bytes = eventBytes(EventHeader(featureCount: count), features: broken)
        try bytes.withEvent { #expect(!$0.hasFiniteFeatures) }
      }
    }
  }

  @Test func schemasAreThePrefixOfTheNamesHash() {
    // sha256(b"pt_0\neta_0\nphi_0") by Python's hashlib.
    let schema = schemaPrefix(featureNames: ["pt_0", "eta_0", "phi_0"])
    #expect(schema == 0x0CA2_70F0)
    #expect(schemaDescription(schema) == "f070a20c")
    #expect(schemaDescription(0) == "00000000")
    #expect(schemaPrefix(featureNames: ["eta_0", "pt_0", "phi_0"]) != schema)
  }
}
