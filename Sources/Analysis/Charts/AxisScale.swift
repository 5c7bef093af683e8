internal import NumberText
internal import ReproducibleMath

/// A mark on an axis.
package struct Tick: Equatable, Sendable {
  package var value: Double
  /// Empty for a mark without a number.
  package var label: String
}

/// How numbers lie on an axis: evenly, or by their logarithms.
package enum AxisScale: Equatable, Sendable {
  case linear(low: Double, high: Double)
  /// `low` and `high` are positive.
  case logarithmic(low: Double, high: Double)

  /// Both ends.
  var ends: (low: Double, high: Double) {
    switch self {
    case .linear(let low, let high), .logarithmic(let low, let high): (low, high)
    }
  }

  /// 0 at the lower end, 1 at the upper; values outside are cut. 0 for NaN.
  package func fraction(of value: Double) -> Double {
    let fraction: Double
    switch self {
    case .linear(let low, let high): fraction = (value - low) / (high - low)
    case .logarithmic(let low, let high):
      fraction = value > 0 ? (log10(value) - log10(low)) / (log10(high) - log10(low)) : 0
    }
    return fraction.isNaN ? 0 : min(max(fraction, 0), 1)
  }

  /// Whether a value lies between the ends.
  func contains(_ value: Double) -> Bool { value >= ends.low && value <= ends.high }

  /// Marks at round numbers, about `count` of them with a label, ascending.
  package func ticks(count: Int) -> [Tick] {
    switch self {
    case .linear(let low, let high): return Self.linearTicks(low, high, count: count)
    case .logarithmic(let low, let high):
      let ticks = Self.logarithmicTicks(low, high, count: count)
      // Within less than a decade there may be no round power: multiples serve.
      return ticks.count { !$0.label.isEmpty } > 1
        ? ticks : Self.linearTicks(low, high, count: count).filter { $0.value > 0 }
    }
  }

  /// Multiples of 1, 2 or 5 times a power of ten.
  private static func linearTicks(_ low: Double, _ high: Double, count: Int) -> [Tick] {
    let raw = (high - low) / Double(max(count, 1))
    guard raw > 0, raw.isFinite else { return [] }
    let exponent = Int(log10(raw).rounded(.down))
    let power = portablePower(10, Double(exponent))
    let factor = [1.0, 2, 5, 10].first { $0 * power >= raw * (1 - 1e-9) } ?? 10
    let step = factor * power
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    guard last >= first, last - first < 1000 else { return [] }
    let places = max(0, -(exponent + (factor == 10 ? 1 : 0)))
    return (0...Int(last - first)).map { index in
      let value = (first + Double(index)) * step
      return Tick(value: value, label: label(value, places: places, step: step))
    }
  }

  private static func label(_ value: Double, places: Int, step: Double) -> String {
    if abs(value) < step / 2 { return "0" }
    if abs(value) >= 1e5 || places > 4 { return powerLabel(value) }
    return minus(fixed(value, places: places))
  }

  /// `3×10⁵`.
  private static func powerLabel(_ value: Double) -> String {
    if value == 0 || !value.isFinite { return decimal(value, digits: 3) }
    let exponent = Int((log10(abs(value)) + 1e-9).rounded(.down))
    let digits = decimal(value / portablePower(10, Double(exponent)), digits: 3)
    if digits == "1" { return "10" + superscript(exponent) }
    return minus(digits) + "×10" + superscript(exponent)
  }

  /// Powers of ten, thinned to about `count`, with unlabelled marks between neighbours; below two
  /// powers in reach also their doubles and fivefolds.
  private static func logarithmicTicks(_ low: Double, _ high: Double, count: Int) -> [Tick] {
    guard low > 0, high < .infinity else { return [] }
    let first = Int((log10(low) - 1e-9).rounded(.down))
    let last = Int((log10(high) + 1e-9).rounded(.up))
    guard last - first < 700 else { return [] }
    let inside = { (value: Double) in value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9) }
    let powers = (first...last).filter { inside(portablePower(10, Double($0))) }
    let stride = max(1, (powers.count + count - 1) / max(count, 1))
    var ticks: [Tick] = []
    for exponent in first...last {
      for factor in 1...9 {
        let value = Double(factor) * portablePower(10, Double(exponent))
        guard inside(value) else { continue }
        if factor == 1, exponent % stride == 0 {
          ticks.append(Tick(value: value, label: powerOfTen(exponent)))
        } else if powers.count < 2, [1, 2, 5].contains(factor) {
          ticks.append(Tick(value: value, label: plain(value)))
        } else if stride == 1 || factor == 1 {
          ticks.append(Tick(value: value, label: ""))
        }
      }
    }
    return ticks
  }

  private static func powerOfTen(_ exponent: Int) -> String {
    (0...2).contains(exponent)
      ? plain(portablePower(10, Double(exponent))) : "10" + superscript(exponent)
  }

  private static func plain(_ value: Double) -> String {
    (1e-3..<1e5).contains(value) ? decimal(value, digits: 4) : powerLabel(value)
  }

  private static func minus(_ text: String) -> String {
    text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }
}

/// `⁻³`.
func superscript(_ number: Int) -> String {
  let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
  return (number < 0 ? "⁻" : "")
    + String(String(number.magnitude).compactMap { $0.wholeNumberValue.map { digits[$0] } })
}
