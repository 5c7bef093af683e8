/// A file that events came from.
package struct SampleOrigin: Equatable, Sendable {
  /// The path as given.
  package let path: String
  /// SHA-256 of its content, 64 hexadecimal digits.
  package let sha256: String
  /// Events in it.
  package let eventCount: Int

  /// Creates an origin.
  package init(path: String, sha256: String, eventCount: Int) {
    self.path = path
    self.sha256 = sha256
    self.eventCount = eventCount
  }
}

/// The events of one kind, and where they came from.
package struct StudySample: Sendable {
  /// The events, with the sample's name.
  package let rows: EventRows
  /// The files, in order.
  package let origins: [SampleOrigin]

  /// Creates a sample.
  package init(rows: EventRows, origins: [SampleOrigin]) {
    self.rows = rows
    self.origins = origins
  }

  /// The sample's name.
  package var name: String { rows.name }
}
