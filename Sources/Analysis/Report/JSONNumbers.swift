internal import StrictJSON

extension JSONValue {
  /// A number; null where it is NaN or infinite, for which JSON has no text.
  static func measured(_ value: Double?) -> JSONValue {
    value.flatMap { $0.isFinite ? .real($0) : nil } ?? .null
  }

  /// A float32 number; null where it is NaN or infinite.
  static func measured(_ value: Float?) -> JSONValue {
    value.flatMap { $0.isFinite ? .real($0) : nil } ?? .null
  }

  /// Both ends, or null.
  static func interval(_ interval: ClosedRange<Double>?) -> JSONValue {
    .optional(interval) { .array([measured($0.lowerBound), measured($0.upperBound)]) }
  }

  /// A list of numbers.
  static func numbers(_ values: some Sequence<Double>) -> JSONValue {
    .array(values.map { measured($0) })
  }
}
