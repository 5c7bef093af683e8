internal import BoundedNumbers

/// `value` with `places` digits after the point.
package func fixed(_ value: Double, _ places: Int) -> String {
  guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
  let power = (0..<places).reduce(1.0) { power, _ in power * 10 }
  let scaled = Int(nearest: (value.magnitude * power).rounded())
  let whole = scaled / Int(power)
  let rest = String(scaled % Int(power))
  let sign = value < 0 && scaled > 0 ? "-" : ""
  let zeros = String(repeating: "0", count: max(0, places - rest.count))
  return places == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(zeros)\(rest)"
}

/// `value` with three significant digits, such as 0.00162 or 1.62e-05.
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
