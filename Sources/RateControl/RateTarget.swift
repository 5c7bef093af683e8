/// The rate that a working point is held at.
package enum RateTarget: Equatable, Hashable, Sendable, CustomStringConvertible {
  /// Fired events over scored events, in 1e-6 ... 0.5.
  case falsePositiveRate(Double)
  /// Fired events in a second of the events' own time, in 0.001 ... 1,000,000.
  case perSecond(Double)

  /// The range of a false-positive rate.
  package static let falsePositiveRates = 1e-6...0.5
  /// The range of a rate in events a second.
  package static let ratesPerSecond = 0.001...1e6

  /// Reads `1e-3`, or `20/s`; nil for anything else, and out of the range.
  package init?(_ text: some StringProtocol) {
    let isPerSecond = text.hasSuffix("/s")
    let digits = isPerSecond ? String(text.dropLast(2)) : String(text)
    guard digits.utf8.allSatisfy({ Self.characters.contains($0) }), let value = Double(digits)
    else {
      return nil
    }
    guard (isPerSecond ? Self.ratesPerSecond : Self.falsePositiveRates).contains(value) else {
      return nil
    }
    self = isPerSecond ? .perSecond(value) : .falsePositiveRate(value)
  }

  private static let characters = Array("0123456789.eE+-".utf8)

  /// As `init` reads it.
  package var description: String {
    switch self {
    case .falsePositiveRate(let rate): "\(rate)"
    case .perSecond(let rate): "\(rate)/s"
    }
  }
}

/// A working point by name, and the rate that it is held at.
package struct ControlledPoint: Equatable, Hashable, Sendable {
  /// The working point's name.
  package var name: String
  /// Its rate.
  package var target: RateTarget
  /// `line:column` in the configuration; empty where it comes from elsewhere.
  package var place: String

  /// Creates the pair.
  package init(name: String, target: RateTarget, place: String = "") {
    self.name = name
    self.target = target
    self.place = place
  }

  /// The place in the file does not count.
  package static func == (one: ControlledPoint, other: ControlledPoint) -> Bool {
    one.name == other.name && one.target == other.target
  }

  /// Hashes what is compared.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(target)
  }
}
