/// A file that events came from.
public struct SampleOrigin: Equatable, Sendable {
  /// The path as given.
  public let path: String
  /// SHA-256 of its content, 64 hexadecimal digits.
  public let sha256: String
  /// Events in it.
  public let eventCount: Int

  /// Creates an origin.
  public init(path: String, sha256: String, eventCount: Int) {
    self.path = path
    self.sha256 = sha256
    self.eventCount = eventCount
  }
}

/// The events of one kind, and where they came from.
public struct StudySample: Sendable {
  /// The events, with the sample's name.
  public let rows: EventRows
  /// The files, in order.
  public let origins: [SampleOrigin]

  /// Creates a sample.
  public init(rows: EventRows, origins: [SampleOrigin]) {
    self.rows = rows
    self.origins = origins
  }

  /// The sample's name.
  public var name: String { rows.name }
}
