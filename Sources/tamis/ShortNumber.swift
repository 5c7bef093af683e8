internal import Glibc

/// `value` with four significant digits, for people; files and JSON carry all of them.
/// Adding 0 makes 0 of -0.
func short(_ value: Double, significantDigits: Int32 = 4) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
    let count = withVaList([significantDigits, value + 0]) {
      vsnprintf(buffer.baseAddress, buffer.count, "%.*g", $0)
    }
    return String(
      decoding: buffer[..<Int(count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
