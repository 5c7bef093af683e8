internal import CScoreKernels

#if _endian(big)
  #error("Records are little-endian and features are used where they lie.")
#endif

extension UnsafeRawPointer {
  /// The field at `offset`, whatever its alignment: a message's bytes may begin anywhere.
  @inline(__always)
  func field<Value: BitwiseCopyable>(_ offset: Int, as type: Value.Type = Value.self) -> Value {
    loadUnaligned(fromByteOffset: offset, as: type)
  }

  /// `count` floats behind a record's header. Traps where they do not lie on a multiple of four bytes.
  @inline(__always)
  func floatsBehindHeader(_ count: Int) -> UnsafeBufferPointer<Float> {
    let start = self + recordHeaderByteCount
    precondition(Int(bitPattern: start) % MemoryLayout<Float>.alignment == 0, "unaligned floats")
    return UnsafeBufferPointer(start: start.assumingMemoryBound(to: Float.self), count: count)
  }

  /// The bytes of `count` floats behind a record's header, at any alignment.
  @inline(__always)
  func floatBytesBehindHeader(_ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: self + recordHeaderByteCount, count: count * MemoryLayout<Float>.size)
  }
}

extension UnsafeMutableRawPointer {
  /// Stores a field at `offset`, whatever its alignment.
  @inline(__always)
  func setField<Value: BitwiseCopyable>(_ offset: Int, _ value: Value) {
    storeBytes(of: value, toByteOffset: offset, as: Value.self)
  }
}

/// The offset of the checksum in both kinds of record: the last field of the header. The checksum
/// covers all other bytes.
let checksumOffset = 60

/// Header size of both kinds of record.
let recordHeaderByteCount = 64

/// CRC-32C of any bytes.
package func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
  tamis_crc32c(0, bytes.baseAddress, bytes.count)
}

/// CRC-32C of bytes 0 ... 59 followed by what comes after the header.
@inline(__always)
func checksum(ofRecord base: UnsafeRawPointer, byteCount: Int) -> UInt32 {
  let head = tamis_crc32c(0, base, checksumOffset)
  return tamis_crc32c(head, base + recordHeaderByteCount, byteCount - recordHeaderByteCount)
}
