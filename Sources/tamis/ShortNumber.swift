internal import Glibc

/// `value` with four significant digits, for people; files and JSON carry all of them.
func short(_ value: Double) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
    let count = withVaList([value]) { vsnprintf(buffer.baseAddress, buffer.count, "%.4g", $0) }
    return String(
      decoding: buffer[..<Int(count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
