internal import BoundedNumbers

/// A page in the Prometheus text exposition format, version 0.0.4.
///
/// Families, samples and labels stand in the order in which they are given, so the same state gives
/// the same bytes. A family has one call, with all its samples. Metric and label names are those of
/// the program: a wrong one is a programming error and traps.
///
/// Format: https://prometheus.io/docs/instrumenting/exposition_formats/
package struct PrometheusText: Sendable {
  /// The value of the Content-Type header.
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// The page so far, in UTF-8.
  package private(set) var bytes: [UInt8] = []

  /// Begins an empty page.
  package init() {}

  /// A family of counters. Their names end in `_total`.
  package mutating func counter(_ name: String, help: String, _ samples: [MetricSample]) {
    precondition(name.hasSuffix("_total"), "\(name): a counter's name ends in _total")
    beginFamily(name, help: help, type: "counter")
    for sample in samples { line(name, sample.labels, sample.value) }
  }

  /// A family of gauges.
  package mutating func gauge(_ name: String, help: String, _ samples: [MetricSample]) {
    beginFamily(name, help: help, type: "gauge")
    for sample in samples { line(name, sample.labels, sample.value) }
  }

  /// A gauge without labels.
  package mutating func gauge(_ name: String, help: String, _ value: MetricValue) {
    gauge(name, help: help, [MetricSample(value)])
  }

  /// A family of histograms.
  package mutating func histogram(_ name: String, help: String, _ samples: [HistogramSample]) {
    beginFamily(name, help: help, type: "histogram")
    for sample in samples {
      var cumulative: UInt64 = 0
      for (index, count) in sample.counts.enumerated() {
        cumulative +|= count
        let bound =
          index < sample.upperBounds.count ? MetricValue(sample.upperBounds[index]).text : "+Inf"
        line("\(name)_bucket", sample.labels + [MetricLabel("le", bound)], MetricValue(cumulative))
      }
      line("\(name)_sum", sample.labels, MetricValue(sample.sum))
      line("\(name)_count", sample.labels, MetricValue(cumulative))
    }
  }

  private mutating func beginFamily(_ name: String, help: String, type: String) {
    precondition(isMetricName(name), "\(name) is not a metric name")
    append("# HELP \(name) ")
    appendEscaped(help, quotes: false)
    append("\n# TYPE \(name) \(type)\n")
  }

  private mutating func line(_ name: String, _ labels: [MetricLabel], _ value: MetricValue) {
    append(name)
    for (index, label) in labels.enumerated() {
      append(index == 0 ? "{" : ",")
      append(label.name)
      append("=\"")
      appendEscaped(label.value, quotes: true)
      append("\"")
    }
    append(labels.isEmpty ? " " : "} ")
    append(value.text)
    append("\n")
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// Label values escape backslash, newline and quote; help texts the first two.
  private mutating func appendEscaped(_ text: String, quotes: Bool) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): append("\\\\")
      case UInt8(ascii: "\n"): append("\\n")
      case UInt8(ascii: "\"") where quotes: append("\\\"")
      default: bytes.append(byte)
      }
    }
  }
}

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`
private func isMetricName(_ name: String) -> Bool {
  guard let first = name.utf8.first, !isDigit(first) else { return false }
  return name.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: ":") }
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`, where two underscores in front are Prometheus' own.
func isLabelName(_ name: String) -> Bool {
  guard let first = name.utf8.first, !isDigit(first), !name.hasPrefix("__") else { return false }
  return name.utf8.allSatisfy { isLetter($0) || isDigit($0) }
}

private func isLetter(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "_"):
    true
  default: false
  }
}

private func isDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}
