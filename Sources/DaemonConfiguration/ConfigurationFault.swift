/// A position in a text file; lines and columns count from 1, columns in Unicode scalars.
public struct SourcePlace: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The line.
  public var line: Int
  /// The column.
  public var column: Int

  /// `line:column`.
  public var description: String { "\(line):\(column)" }

  /// Reading order.
  public static func < (left: SourcePlace, right: SourcePlace) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// One thing that is wrong with a configuration.
public struct ConfigurationFault: Error, Equatable, Sendable {
  /// Where it stands, nil where the whole file is meant.
  public var place: SourcePlace?
  /// The key concerned, with its section: `input.pattern`; nil where there is none.
  public var key: String?
  /// What was found.
  public var found: String
  /// What was expected.
  public var expected: String
  /// What to do, where found and expected do not say it already.
  public var remedy: String?
}

/// All that is wrong with a configuration, in reading order. Never empty.
public struct ConfigurationFaults: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file as the user gave it.
  public var file: String
  /// The faults.
  public var faults: [ConfigurationFault]

  /// One line a fault:
  /// `tamisd.yaml:4:3: input.pattern: found pul, expected pull or sub; did you mean pull?`
  public var description: String {
    faults.map { fault in
      let place = fault.place.map { ":\($0)" } ?? ""
      let key = fault.key.map { "\($0): " } ?? ""
      let remedy = fault.remedy.map { "; \($0)" } ?? ""
      return "\(file)\(place): \(key)found \(fault.found), expected \(fault.expected)\(remedy)"
    }
    .joined(separator: "\n")
  }
}
