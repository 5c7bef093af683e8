internal import CurveSecurity
internal import RateControl
internal import TriggerPipeline

/// One key of a section: its name, what its values may be, and the property that holds them.
package struct ConfigurationKey: Sendable {
  typealias Property<Value> = any WritableKeyPath<DaemonConfiguration, Value> & Sendable

  /// The name within its section.
  package let name: String
  /// The whole numbers that it takes; nil for other kinds.
  package private(set) var range: ClosedRange<Int>?
  /// The words that it takes; empty for other kinds.
  package private(set) var words: [String] = []
  /// Whether it takes a list of these.
  package private(set) var isList = false
  /// Whether a reload takes the value over; the others hold until the daemon is started again.
  package private(set) var isReloaded = false
  /// Reads the value; a key that is missing or wrong leaves the property as it is.
  let read: @Sendable (SectionReader, inout DaemonConfiguration) -> Void
  /// Whether two configurations have the same value.
  let isEqual: @Sendable (DaemonConfiguration, DaemonConfiguration) -> Bool
  /// Takes relative paths from another folder.
  let resolve: @Sendable (inout DaemonConfiguration, PathResolver) -> Void

  private init<Value: Equatable & Sendable>(
    _ name: String, _ property: Property<Value>,
    resolve: (@Sendable (PathResolver, Value) -> Value)? = nil,
    read: @escaping @Sendable (SectionReader) -> Value?
  ) {
    self.name = name
    self.read = { section, configuration in
      if let value = read(section) { configuration[keyPath: property] = value }
    }
    isEqual = { $0[keyPath: property] == $1[keyPath: property] }
    self.resolve = { configuration, resolver in
      guard let resolve else { return }
      configuration[keyPath: property] = resolve(resolver, configuration[keyPath: property])
    }
  }
}

extension ConfigurationKey {
  /// The same key, whose value a reload takes over.
  var reloaded: ConfigurationKey {
    var key = self
    key.isReloaded = true
    return key
  }

  /// A whole number within `range`.
  static func integer<Number: Numeric & Sendable>(
    _ name: String, _ property: Property<Number>, _ range: ClosedRange<Int>
  ) -> ConfigurationKey {
    var key = ConfigurationKey(name, property) { section in
      section.integer(name, in: range).flatMap { Number(exactly: $0) }
    }
    key.range = range
    return key
  }

  /// Different whole numbers within `range`.
  static func integers(
    _ name: String, _ property: Property<[Int]>, _ range: ClosedRange<Int>
  ) -> ConfigurationKey {
    var key = ConfigurationKey(name, property) { $0.integers(name, in: range) }
    key.range = range
    key.isList = true
    return key
  }

  /// `true` or `false`.
  static func boolean(_ name: String, _ property: Property<Bool>) -> ConfigurationKey {
    ConfigurationKey(name, property) { $0.boolean(name) }
  }

  /// One of two words, of which the second makes the property true.
  static func either(
    _ name: String, _ property: Property<Bool>, _ usual: String, orTrue other: String
  ) -> ConfigurationKey {
    var key = ConfigurationKey(name, property) { section in
      section.word(name, of: [usual, other]).map { $0 == other }
    }
    key.words = [usual, other]
    return key
  }

  /// One word of a list.
  static func choice<Choice: CaseIterable & RawRepresentable<String> & Equatable & Sendable>(
    _ name: String, _ property: Property<Choice>
  ) -> ConfigurationKey {
    let words = Choice.allCases.map(\.rawValue)
    var key = ConfigurationKey(name, property) { section in
      section.word(name, of: words).flatMap { Choice(rawValue: $0) }
    }
    key.words = words
    return key
  }

  /// Different words of a list.
  static func choices<Choice: CaseIterable & RawRepresentable<String> & Hashable & Sendable>(
    _ name: String, _ property: Property<Set<Choice>>
  ) -> ConfigurationKey {
    let words = Choice.allCases.map(\.rawValue)
    var key = ConfigurationKey(name, property) { section in
      section.words(name, of: words).map { Set($0.compactMap { Choice(rawValue: $0) }) }
    }
    key.words = words
    key.isList = true
    return key
  }

  /// Different texts, none empty.
  static func texts(
    _ name: String, _ property: Property<[String]>, of expected: String, example: String
  ) -> ConfigurationKey {
    ConfigurationKey(name, property) { $0.texts(name, of: expected, example: example) }
  }

  /// The same where their order says nothing.
  static func texts(
    _ name: String, _ property: Property<Set<String>>, of expected: String, example: String
  ) -> ConfigurationKey {
    ConfigurationKey(name, property) { section in
      section.texts(name, of: expected, example: example).map { Set($0) }
    }
  }

  /// Working points with the rates that they are held at.
  static func controlledPoints(
    _ name: String, _ property: Property<[ControlledPoint]>
  ) -> ConfigurationKey {
    var key = ConfigurationKey(name, property) { $0.controlledPoints(name) }
    key.isList = true
    return key
  }

  /// Rows of prescales by section or time.
  static func prescaleRows(
    _ name: String, _ property: Property<[PrescaleSchedule.Row]>, axis axisName: String
  ) -> ConfigurationKey {
    var key = ConfigurationKey(name, property) { $0.prescaleRows(name, axis: axisName) }
    key.isList = true
    return key
  }

  /// A text, possibly empty.
  static func text(_ name: String, _ property: Property<String>) -> ConfigurationKey {
    ConfigurationKey(name, property) { $0.text(name, expected: "a text") }
  }

  /// A path, relative to the file's folder.
  static func path(_ name: String, _ property: Property<String>) -> ConfigurationKey {
    ConfigurationKey(name, property, resolve: { $0.path($1) }) { $0.path(name) }
  }

  /// A path without which nothing works.
  static func requiredPath(_ name: String, _ property: Property<String>) -> ConfigurationKey {
    ConfigurationKey(name, property, resolve: { $0.path($1) }) { $0.requiredPath(name) }
  }

  /// A path, or an empty text for none.
  static func optionalPath(_ name: String, _ property: Property<String?>) -> ConfigurationKey {
    ConfigurationKey(name, property, resolve: { resolver, path in path.map(resolver.path) }) {
      section in
      guard let path = section.text(name, expected: "a path, or \"\" for no shadow") else {
        return nil
      }
      // Both: the value is read, and is nil.
      return path.isEmpty || section.isUnexpanded(path, of: name) ? .some(nil) : path
    }
  }

  /// A file of keys.
  static func keyFile(_ name: String, _ property: Property<String?>) -> ConfigurationKey {
    ConfigurationKey(name, property, resolve: { resolver, file in file.map(resolver.keyFile) }) {
      .some($0.keyFile(name))
    }
  }

  /// ZeroMQ addresses.
  static func addresses(
    _ name: String, _ property: Property<[String]>, for use: AddressUse
  ) -> ConfigurationKey {
    ConfigurationKey(name, property, resolve: { resolver, all in all.map(resolver.address) }) {
      $0.addresses(name) { faultOfAddress($0, for: use) }
    }
  }

  /// HOST:PORT to listen at, or an empty text for none.
  static func listenAddress(_ name: String, _ property: Property<String?>) -> ConfigurationKey {
    ConfigurationKey(name, property) { $0.listenAddress(name) }
  }
}

/// Takes relative paths from the folder of the configuration.
struct PathResolver {
  private let folder: String

  init(folderOf file: String) {
    folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
  }

  func path(_ path: String) -> String { path.hasPrefix("/") ? path : folder + path }

  func address(_ address: String) -> String {
    // "@NAME" is a name outside the file system.
    guard address.hasPrefix("ipc://"), !address.hasPrefix("ipc://@") else { return address }
    return "ipc://" + path(String(address.dropFirst(6)))
  }

  func keyFile(_ file: String) -> String {
    file.hasPrefix(KeyFile.credentialPrefix) ? file : path(file)
  }
}
