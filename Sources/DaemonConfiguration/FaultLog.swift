/// Gathers the faults of one reading.
final class FaultLog {
  private(set) var faults: [ConfigurationFault] = []
  private var unknownKeys: [UnknownKey] = []
  /// Every key that there is, with its section.
  private let knownKeys: [String]

  init(knownKeys: [String]) { self.knownKeys = knownKeys }

  /// A key that nobody asked for.
  struct UnknownKey {
    /// The section's name with a final point, "" at the top.
    var prefix: String
    var name: String
    var place: SourcePlace?
    /// The keys that the section has.
    var siblings: [String]
  }

  /// Notes a fault.
  func add(
    _ place: SourcePlace?, key: String? = nil, found: String, expected: String,
    remedy: String? = nil
  ) {
    faults.append(
      ConfigurationFault(place: place, key: key, found: found, expected: expected, remedy: remedy))
  }

  /// Notes an unknown key. The key that was meant can be suggested when all sections have been
  /// read.
  func add(_ unknown: UnknownKey) { unknownKeys.append(unknown) }

  /// All faults in reading order.
  var allFaults: [ConfigurationFault] {
    let all =
      faults + unknownKeys.sorted(by: Self.isBefore).prefix(Self.unknownKeysToldMax).map(fault)
    let first = SourcePlace(line: 0, column: 0)
    let ranked = all.enumerated().sorted { left, right in
      (left.element.place ?? first, left.offset) < (right.element.place ?? first, right.offset)
    }
    return ranked.map(\.element)
  }

  /// The number of unknown keys for which a suggestion is sought. A file with more is another kind
  /// of file.
  private static let unknownKeysToldMax = 256

  private static func isBefore(_ one: UnknownKey, _ other: UnknownKey) -> Bool {
    let first = SourcePlace(line: 0, column: 0)
    return (one.place ?? first) < (other.place ?? first)
  }

  private func fault(_ unknown: UnknownKey) -> ConfigurationFault {
    ConfigurationFault(
      place: unknown.place, key: unknown.prefix.isEmpty ? nil : String(unknown.prefix.dropLast()),
      found: "the unknown key `\(unknown.name)`", expected: alternatives(unknown.siblings),
      remedy: suggestion(unknown))
  }

  /// The same key elsewhere, or one that is nearly spelt like it.
  private func suggestion(_ unknown: UnknownKey) -> String? {
    if let known = closestWord(to: unknown.name, among: unknown.siblings) {
      return "did you mean `\(known)`?"
    }
    let elsewhere = knownKeys.filter { $0 == unknown.name || $0.hasSuffix(".\(unknown.name)") }
    return elsewhere.isEmpty ? nil : "did you mean \(alternatives(elsewhere.map { "`\($0)`" }))?"
  }
}
