internal import Glibc

/// `value` with `digits` significant digits; files and JSON carry all of them. `none` is NaN.
package func decimal(_ value: Double, digits: Int = 3) -> String {
  // Adding 0 makes 0 of -0.
  printed("%.*g", digits, value + 0)
}

/// The same with four digits.
package func short(_ value: Double) -> String { decimal(value, digits: 4) }

/// `value` with `places` digits after the point.
package func fixed(_ value: Double, places: Int) -> String {
  let text = printed("%.*f", places, value)
  // "-0.000" is 0 to these places.
  let isZero = value.isFinite && !text.contains { "1"..."9" ~= $0 }
  return isZero && text.hasPrefix("-") ? String(text.dropFirst()) : text
}

/// A ratio in per cent: `1.5 %`.
package func percentText(_ ratio: Double) -> String { "\(plain(ratio * 100)) %" }

/// `value` for people: three significant digits, in groups, and no exponent: 0.00162, 12.3, 1,230.
/// From 10^15 on, and below 10^-9, it says that much.
package func plain(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return decimal(value) }
  let magnitude = value.magnitude
  let sign = value < 0 ? "-" : ""
  if magnitude >= 1e15 { return "\(sign)1,000,000,000,000,000 or more" }
  if magnitude < 1e-9 { return "\(sign)0.000000001 or less" }
  let places = max(0, 2 - Int(log10(magnitude).rounded(.down)))
  // Three digits, also of large numbers.
  let digits = places > 0 ? fixed(magnitude, places: places) : significant(magnitude)
  let parts = digits.split(separator: ".")
  var fraction = parts.count > 1 ? parts[1] : ""
  while fraction.last == "0" { fraction.removeLast() }
  return sign + grouped(digits: parts[0]) + (fraction.isEmpty ? "" : ".\(fraction)")
}

/// `value` with three significant digits, and large numbers in full: 0.00162, 1.62e-05, 12300.
package func significant(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
  var exponent = 0
  var mantissa = value.magnitude
  while mantissa >= 1000 {
    mantissa /= 10
    exponent += 1
  }
  while mantissa < 100 {
    mantissa *= 10
    exponent -= 1
  }
  let digits = Int(mantissa.rounded())
  let sign = value < 0 ? "-" : ""
  // The nearest double to the decimal, whose description is that decimal.
  guard let rounded = Double("\(sign)\(digits)e\(exponent)") else { return "\(value)" }
  let isWhole = rounded.magnitude < 1e15 && rounded == rounded.rounded()
  return isWhole ? "\(Int(rounded))" : "\(rounded)"
}

private func printed(_ format: String, _ precision: Int, _ value: Double) -> String {
  guard value.isFinite else { return value.isNaN ? "none" : value < 0 ? "-inf" : "inf" }
  // The largest double has 309 digits before the point.
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
    let count = withVaList([CInt(precision), value]) {
      vsnprintf(buffer.baseAddress, buffer.count, format, $0)
    }
    return String(decoding: buffer[..<Int(count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
