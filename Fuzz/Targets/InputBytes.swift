internal import CScoreKernels
internal import EventRecords

/// Takes an input apart, from its front; zeros follow its end.
struct InputBytes {
  private(set) var rest: UnsafeRawBufferPointer.SubSequence

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

  var isEmpty: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value {
    (0..<Value.bitWidth / 8).reduce(0) { $0 | Value(truncatingIfNeeded: byte()) << (8 * $1) }
  }

  /// A number that is often an extreme, or near to the last one taken.
  mutating func sequence(near last: UInt64) -> UInt64 {
    switch byte() {
    case 0: UInt64.max
    case 1: UInt64.max - 1
    case 2: 1 << 63
    case 3: 0
    case 4: integer()
    case 5..<32: UInt64(byte())
    case let step: last &+ UInt64(step % 7) &- 1
    }
  }

  mutating func take(_ count: Int) -> [UInt8] {
    let taken = Array(rest.prefix(count))
    rest = rest.dropFirst(count)
    return taken
  }
}

/// Makes every whole record among `bytes` a good one by its magic, version, D and checksum, so that
/// what lies behind the checksum is reached.
func sealEvents(_ bytes: inout [UInt8], featureCount: Int) {
  let recordByteCount = EventRecord.byteCount(featureCount: featureCount)
  bytes.withUnsafeMutableBytes { all in
    for start in stride(from: 0, through: all.count - recordByteCount, by: recordByteCount) {
      sealEvent(.init(rebasing: all[start..<start + recordByteCount]), featureCount: featureCount)
    }
  }
}

/// The same for flagged records.
func sealFlagged(_ bytes: inout [UInt8], featureCount: Int) {
  let recordByteCount = FlaggedRecord.byteCount(featureCount: featureCount)
  let eventOffset = recordByteCount - EventRecord.byteCount(featureCount: featureCount)
  bytes.withUnsafeMutableBytes { all in
    for start in stride(from: 0, through: all.count - recordByteCount, by: recordByteCount) {
      let record = UnsafeMutableRawBufferPointer(rebasing: all[start..<start + recordByteCount])
      sealEvent(.init(rebasing: record[eventOffset...]), featureCount: featureCount)
      record.copyBytes(from: Array("TMSF".utf8) + [1])
      writeChecksum(record)
    }
  }
}

private func sealEvent(_ record: UnsafeMutableRawBufferPointer, featureCount: Int) {
  record.copyBytes(from: Array("TMSE".utf8) + [1])
  record.storeBytes(of: UInt16(featureCount), toByteOffset: 20, as: UInt16.self)
  // Few of 256 kinds are good ones.
  if record[5] > 5 { record[5] = 1 + record[5] % 4 }
  writeChecksum(record)
}

private func writeChecksum(_ record: UnsafeMutableRawBufferPointer) {
  guard let base = record.baseAddress else { return }
  let head = tamis_crc32c(0, base, 60)
  record.storeBytes(
    of: tamis_crc32c(head, base + 64, record.count - 64), toByteOffset: 60, as: UInt32.self)
}
