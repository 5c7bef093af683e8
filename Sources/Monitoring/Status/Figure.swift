internal import StrictJSON
internal import TriggerPipeline

/// One number of a part of the status: its key in `/status`, its metric on `/metrics` with the help,
/// and the counter of the pipeline. Both pages are made from lists of figures.
///
/// A metric whose name ends in `_total` is a counter, any other a gauge or a histogram.
struct Figure<Part: Sendable>: Sendable {
  /// The member of the part's object in `/status`; nil where it has none.
  let key: String?
  /// The family on `/metrics`; nil where it has none.
  let metric: String?
  /// The family's help: a sentence.
  let help: String
  /// The number of earlier families of the list that this one precedes on the page. Page and
  /// document have always had their own orders. A new figure goes to the end of its list, so that
  /// it moves no other.
  let ahead: Int
  /// Whether the family is left out of the page where it has no sample.
  let isLeftOut: Bool
  /// The value; nil is null in `/status` and no sample on `/metrics`.
  let value: @Sendable (Part) -> FigureValue?
  /// Takes it over from the pipeline's counters.
  fileprivate var take: (@Sendable (PipelineCounters, inout Part) -> Void)?

  typealias Field = any WritableKeyPath<Part, UInt64> & Sendable
  typealias Counter = any KeyPath<PipelineCounters, AtomicCounter> & Sendable

  /// A number that a function finds in the part.
  init(
    _ key: String?, _ metric: String? = nil, _ help: String = "", ahead: Int = 0,
    isLeftOut: Bool = false, value: @escaping @Sendable (Part) -> FigureValue?
  ) {
    self.key = key
    self.metric = metric
    self.help = help
    self.ahead = ahead
    self.isLeftOut = isLeftOut
    self.value = value
  }

  /// A number that a counter of the pipeline has; `form` makes its value of it.
  init(
    _ key: String?, _ metric: String?, _ help: String, ahead: Int = 0, _ field: Field,
    from counter: Counter,
    as form: @escaping @Sendable (UInt64) -> FigureValue = { .count($0) }
  ) {
    self.init(key, metric, help, ahead: ahead) { form($0[keyPath: field]) }
    take = { counters, part in part[keyPath: field] = counters[keyPath: counter].value }
  }

  /// The same without a metric.
  init(_ key: String, _ field: Field, from counter: Counter) {
    self.init(key, nil, "", field, from: counter)
  }

  /// Numbers that counters of the pipeline have, by a label.
  init(
    _ key: String?, _ metric: String, _ help: String, ahead: Int = 0, by label: String,
    _ counts: [(name: String, field: Field, counter: Counter)]
  ) {
    self.init(key, metric, help, ahead: ahead) { part in
      .labelled(label, counts.map { ($0.name, part[keyPath: $0.field]) })
    }
    take = { counters, part in
      for count in counts { part[keyPath: count.field] = counters[keyPath: count.counter].value }
    }
  }
}

/// The value of a figure.
enum FigureValue: Sendable {
  case count(UInt64)
  case integer(Int)
  /// NaN is null in `/status`.
  case real(Double)
  case float(Float)
  case truth(Bool)
  case text(String)
  /// Nanoseconds of a span.
  case span(UInt64)
  /// Nanoseconds since the epoch; 0 is never.
  case time(UInt64)
  /// Counts by the values of a label.
  case labelled(String, [(name: String, count: UInt64)])
  /// A histogram; `/status` has these members beside its own.
  case histogram(HistogramFacts, JSONObject = [:])
  /// A value that `/status` alone shows.
  case json(JSONValue)
}

extension Array {
  /// Takes over the values of the counters.
  func take<Part>(_ counters: PipelineCounters, into part: inout Part)
  where Element == Figure<Part> {
    for figure in self { figure.take?(counters, &part) }
  }

  /// The members of the part's object in `/status`.
  func members<Part>(of part: Part) -> JSONObject where Element == Figure<Part> {
    var object = JSONObject()
    for figure in self {
      guard let key = figure.key else { continue }
      object[key] = figure.value(part)?.json ?? .null
    }
    return object
  }

  /// The part's object in `/status`.
  func json<Part>(of part: Part) -> JSONValue where Element == Figure<Part> {
    .object(members(of: part))
  }

  /// The figures that are metrics, in the page's order.
  fileprivate func metrics<Part>() -> [Figure<Part>] where Element == Figure<Part> {
    var metrics: [Figure<Part>] = []
    for figure in self where figure.metric != nil {
      metrics.insert(figure, at: metrics.endIndex - figure.ahead)
    }
    return metrics
  }
}

extension FigureValue {
  fileprivate var json: JSONValue {
    switch self {
    case .count(let count): .integer(count)
    case .integer(let value): .integer(value)
    case .real(let value): .finite(value)
    case .float(let value): .finite(value)
    case .truth(let isTrue): .bool(isTrue)
    case .text(let text): .string(text)
    case .span(let nanoseconds): .seconds(nanoseconds)
    case .time(let nanoseconds): .time(nanoseconds)
    case .labelled(_, let counts):
      .object(counts.reduce(into: JSONObject()) { $0[$1.name] = .integer($1.count) })
    case .histogram(let facts, let others):
      .object(
        others.members.reduce(
          into: [
            "upper_bounds": .array(facts.upperBounds.map { .finite($0) }),
            "counts": .array(facts.counts.map { .integer($0) }), "sum": .finite(facts.sum),
          ]
        ) { $0[$1.name] = $1.value })
    case .json(let value): value
    }
  }

  /// The number of a sample; nil for a value that is no single number.
  fileprivate var number: MetricValue? {
    switch self {
    case .count(let count): MetricValue(count)
    case .integer(let value): MetricValue(value)
    case .real(let value): MetricValue(value)
    case .float(let value): MetricValue(value)
    case .truth(let isTrue): isTrue ? 1 : 0
    case .span(let nanoseconds), .time(let nanoseconds):
      MetricValue(Double(nanoseconds) * 1e-9)
    case .text, .labelled, .histogram, .json: nil
    }
  }
}

extension PrometheusText {
  /// The families of a part's figures; one that has no value now is left out.
  mutating func add<Part>(_ figures: [Figure<Part>], of part: Part) {
    for figure in figures.metrics() {
      guard let name = figure.metric, let value = figure.value(part) else { continue }
      switch value {
      case .labelled(let label, let counts):
        family(
          name, help: figure.help,
          counts.map { MetricSample([label: $0.name], MetricValue($0.count)) })
      case .histogram(let facts, _):
        histogram(
          name, help: figure.help,
          [HistogramSample(upperBounds: facts.upperBounds, counts: facts.counts, sum: facts.sum)])
      default:
        if let number = value.number { family(name, help: figure.help, [MetricSample(number)]) }
      }
    }
  }

  /// The families of the figures that each of `parts` has, told apart by a label.
  mutating func add<Part>(
    _ figures: [Figure<Part>], ofEach parts: [Part], by label: String, _ name: (Part) -> String
  ) {
    for figure in figures.metrics() {
      guard let family = figure.metric else { continue }
      let samples = parts.compactMap { part in
        figure.value(part)?.number.map { MetricSample([label: name(part)], $0) }
      }
      if samples.isEmpty, figure.isLeftOut { continue }
      self.family(family, help: figure.help, samples)
    }
  }

  private mutating func family(_ name: String, help: String, _ samples: [MetricSample]) {
    if name.hasSuffix("_total") {
      counter(name, help: help, samples)
    } else {
      gauge(name, help: help, samples)
    }
  }
}
