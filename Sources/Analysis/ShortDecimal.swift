internal import Glibc

/// `value` with `digits` significant digits, for people; files carry all of them.
func decimal(_ value: Double, digits: Int = 3) -> String {
  guard value.isFinite else { return value.isNaN ? "none" : value < 0 ? "-inf" : "inf" }
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 48) { buffer in
    let count = withVaList([CInt(digits), value + 0]) {
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
    let text = String(
      decoding: buffer[..<Int(count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
    // "-0.000" is 0 to these places.
    let isZero = !text.contains { "1"..."9" ~= $0 }
    return isZero && text.hasPrefix("-") ? String(text.dropFirst()) : text
  }
}

/// An area under a curve: four places, and more where it is nearly but not quite 1.
func areaText(_ value: Double) -> String {
  fixed(value, places: value < 1 && value > 0.9995 ? 7 : 4)
}

/// `[0.9460, 0.9562]`, both ends as `areaText`.
func areaText(_ interval: ClosedRange<Double>) -> String {
  "[\(areaText(interval.lowerBound)), \(areaText(interval.upperBound))]"
}

/// A rate, four places.
func rateText(_ value: Double) -> String { fixed(value, places: 4) }

/// `[0.9460, 0.9562]`, both ends as `rateText`.
func rateText(_ interval: ClosedRange<Double>) -> String {
  "[\(rateText(interval.lowerBound)), \(rateText(interval.upperBound))]"
}

/// A count that need not be whole: no exponent, and no fraction where it is large.
func plain(_ count: Double) -> String {
  count >= 100 && count < 1e15 ? fixed(count, places: 0) : decimal(count)
}
