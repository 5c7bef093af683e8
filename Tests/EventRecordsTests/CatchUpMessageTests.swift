import EventRecords
import TestSupport
import Testing

@Suite struct CatchUpMessageTests {
  /// CRC-32C, bit by bit.
  private func crc32c(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { state, byte in
      (0..<8).reduce(state ^ UInt32(byte)) { value, _ in
        value >> 1 ^ (value & 1 == 1 ? 0x82F6_3B78 : 0)
      }
    }
  }

  private func request(
    magic: String = "TMSQ", version: UInt8 = 1, kind: UInt8 = 1, flags: UInt16 = 0,
    tag: UInt64 = 77, first: UInt64 = 5, last: UInt64 = 0, records: UInt32 = 0,
    byteCount: UInt32 = 0, instance: UInt32 = 0
  ) -> [UInt8] {
    let content =
      Array(magic.utf8) + [version, kind] + littleEndian(flags) + littleEndian(tag)
      + littleEndian(first) + littleEndian(last) + littleEndian(records)
      + littleEndian(byteCount) + littleEndian(instance)
    return content + littleEndian(crc32c(content))
  }

  private func read(_ bytes: [UInt8]) throws(CatchUpRequest.Refusal) -> CatchUpRequest {
    let outcome: Result<CatchUpRequest, CatchUpRequest.Refusal> = bytes.withUnsafeBytes { bytes in
      Result { () throws(CatchUpRequest.Refusal) in try CatchUpRequest(bytes, instance: 9) }
    }
    return try outcome.get()
  }

  private func refusal(_ bytes: [UInt8]) -> CatchUpRequest.Refusal? {
    do {
      _ = try read(bytes)
      return nil
    } catch {
      return error
    }
  }

  @Test func aRequestIsRead() throws {
    let all = try read(request())
    #expect(all.tag == 77 && all.firstNumber == 5 && all.lastNumber == .max)
    #expect(all.recordCountMax == .max && all.byteCountMax == .max)
    let some = try read(
      request(flags: 1, first: 5, last: 5, records: 3, byteCount: 4_000, instance: 9))
    #expect(some.lastNumber == 5 && some.recordCountMax == 3 && some.byteCountMax == 4_000)
    #expect(all.workingPoint == nil && some.workingPoint == nil)
    for point in UInt16(0)..<16 {
      #expect(try read(request(flags: 2 | point << 8)).workingPoint == Int(point))
    }
  }

  @Test func theExampleOfTheFormatPage() throws {
    let bytes = request(tag: 7, first: 1)
    #expect(bytes.suffix(4) == [0xD2, 0x65, 0x86, 0xFB])
    #expect(try read(bytes).firstNumber == 1)
  }

  @Test func eachFaultHasItsStatus() {
    let cases: [([UInt8], CatchUpStatus, UInt64)] = [
      ([], .malformed, 0),
      (Array(request().dropLast()), .malformed, 0),
      (request() + [0], .malformed, 0),
      (request(magic: "TMSE"), .malformed, 0),
      (request(version: 2), .version, 77),
      (request().dropLast() + [(request().last ?? 0) ^ 1], .checksum, 77),
      (request(kind: 0), .kind, 77),
      (request(kind: 2), .kind, 77),
      (request(flags: 4), .kind, 77),
      (request(flags: 0x100), .kind, 77),
      (request(flags: 0x1002), .kind, 77),
      (request(flags: 1, instance: 8), .instance, 77),
      (request(first: 0), .number, 77),
      (request(first: 5, last: 4), .number, 77),
    ]
    for (bytes, status, tag) in cases {
      #expect(refusal(bytes) == .init(status: status, tag: tag))
    }
  }

  @Test func everyFlippedBitIsRefused() {
    let good = request(last: 9, records: 2)
    for bit in 0..<(good.count * 8) {
      var bytes = good
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(refusal(bytes) != nil)
    }
  }

  @Test func aReplyIsLaidOutAsDocumented() {
    var reply = CatchUpReply(featureCount: 64, tag: 77, instance: 9)
    reply.status = .beyond
    reply.gone = 3...8
    (reply.oldestNumber, reply.lastNumber, reply.publishedNumber) = (9, 100, 90)
    (reply.nextNumber, reply.recordCount, reply.unreadableCount) = (12, 2, 1)
    var bytes = [UInt8](repeating: 0xEE, count: CatchUpReply.byteCount)
    bytes.withUnsafeMutableBytes { reply.encode(into: $0) }
    let numbers: [UInt64] = [77, 3, 8, 9, 100, 90, 12]
    let counts: [UInt32] = [2, 1, 640, 9, 0, 0, 0]
    let expected =
      Array("TMSA".utf8) + [1, 7] + littleEndian(UInt16(64)) + numbers.flatMap(littleEndian)
      + counts.flatMap(littleEndian)
    #expect(Array(bytes.dropLast(4)) == expected)
    #expect(Array(bytes.suffix(4)) == littleEndian(crc32c(expected)))
  }
}
