/// A position in a text file; lines and columns count from 1, columns in Unicode scalars.
package struct SourcePlace: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The line.
  package var line: Int
  /// The column.
  package var column: Int

  /// `line:column`.
  package var description: String { "\(line):\(column)" }

  /// Reading order.
  package static func < (left: SourcePlace, right: SourcePlace) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// One thing that is wrong with a configuration.
package struct ConfigurationFault: Error, Equatable, Sendable {
  /// Where it stands, nil where the whole file is meant.
  package var place: SourcePlace?
  /// The key concerned, with its section: `input.pattern`; nil where there is none.
  package var key: String?
  /// What was found.
  package var found: String
  /// What was expected.
  package var expected: String
  /// What to do, where found and expected do not say it already.
  package var remedy: String?
}

/// All that is wrong with a configuration, in reading order. Never empty.
package struct ConfigurationFaults: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file as the user gave it.
  package var file: String
  /// The faults.
  package var faults: [ConfigurationFault]

  /// One line a fault:
  /// `tamisd.yaml:4:3: input.pattern: found pul, expected pull or sub; did you mean pull?`
  package var description: String {
    faults.map { fault in
      let place = fault.place.map { ":\($0)" } ?? ""
      let key = fault.key.map { "\($0): " } ?? ""
      let remedy = fault.remedy.map { "; \($0)" } ?? ""
      return "\(file)\(place): \(key)found \(fault.found), expected \(fault.expected)\(remedy)"
    }
    .joined(separator: "\n")
  }
}
