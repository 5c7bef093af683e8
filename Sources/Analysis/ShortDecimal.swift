internal import Glibc

/// `value` with `digits` significant digits, for people; files carry all of them.
func decimal(_ value: Double, digits: Int = 3) -> String {
  guard value.isFinite else { return value.isNaN ? "none" : value < 0 ? "-inf" : "inf" }
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 48) { buffer in
    let count = withVaList([CInt(digits), value]) {
      vsnprintf(buffer.baseAddress, buffer.count, "%.*g", $0)
    }
    return String(
      decoding: buffer[..<Int(count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

/// `value` with `places` digits after the point.
func fixed(_ value: Double, places: Int) -> String {
  guard value.isFinite else { return decimal(value) }
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
    let count = withVaList([CInt(places), value]) {
      vsnprintf(buffer.baseAddress, buffer.count, "%.*f", $0)
    }
    return String(
      decoding: buffer[..<Int(count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
