/// A number as the exposition format writes it.
package struct MetricValue: Hashable, Sendable {
  /// The characters.
  package let text: String

  /// All digits, no exponent.
  package init(_ value: some BinaryInteger) { text = String(value) }

  /// The shortest digits that read back to the same double.
  package init(_ value: Double) { text = MetricValue.text(value, shortest: value.description) }

  /// The shortest digits that tell this float from its neighbours: 931.2249, not the
  /// 931.2249145507812 of the double that equals it.
  package init(_ value: Float) {
    text = MetricValue.text(Double(value), shortest: value.description)
  }

  private static func text(_ value: Double, shortest: String) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    // Swift writes 3.0 where 3 says the same.
    return shortest.hasSuffix(".0") ? String(shortest.dropLast(2)) : shortest
  }
}

extension MetricValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  /// A whole number in the source.
  package init(integerLiteral value: Int) { self.init(value) }

  /// A number in the source.
  package init(floatLiteral value: Double) { self.init(value) }
}

/// A label of a sample. The value may hold any text.
package struct MetricLabel: Hashable, Sendable {
  /// Letters, digits and underscores; no digit and not two underscores in front.
  package let name: String
  /// The value.
  package let value: String

  /// Creates a label; a wrong name traps.
  package init(_ name: String, _ value: String) {
    precondition(isLabelName(name), "\(name) is not a label name")
    self.name = name
    self.value = value
  }
}

/// One counter or gauge of a family.
package struct MetricSample: Hashable, Sendable {
  /// The labels that tell it from the others of its family.
  package let labels: [MetricLabel]
  /// Its value.
  package let value: MetricValue

  /// A sample without labels.
  package init(_ value: MetricValue) { self.init([:], value) }

  /// A sample with labels, as in `["source": "7"]`; their order is kept.
  package init(_ labels: KeyValuePairs<String, String>, _ value: MetricValue) {
    self.labels = labels.map { MetricLabel($0.key, $0.value) }
    self.value = value
  }
}

/// One histogram of a family.
package struct HistogramSample: Hashable, Sendable {
  /// The labels that tell it from the others of its family.
  package let labels: [MetricLabel]
  /// The upper bounds of the buckets, ascending, each included in its bucket; +Inf is left out.
  package let upperBounds: [Double]
  /// The observations in each bucket alone; one more than bounds, the last above all of them.
  package let counts: [UInt64]
  /// The sum of the observations.
  package let sum: Double

  /// Creates a sample; bounds that do not ascend or do not go with the counts trap.
  package init(
    _ labels: KeyValuePairs<String, String> = [:], upperBounds: [Double], counts: [UInt64],
    sum: Double
  ) {
    precondition(counts.count == upperBounds.count + 1)
    precondition(zip(upperBounds, upperBounds.dropFirst()).allSatisfy { $0 < $1 })
    precondition(upperBounds.allSatisfy(\.isFinite))
    self.labels = labels.map { MetricLabel($0.key, $0.value) }
    self.upperBounds = upperBounds
    self.counts = counts
    self.sum = sum
  }
}
