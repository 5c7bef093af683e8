/// Why a file cannot be used: which file, where in it, what was found, what was expected, and
/// what to do about it. Every format of the program reports through this one type.
public struct FileFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// The path as the user gave it.
  public var file: String
  /// The place in the file ("header", "byte 128", "tensor output.1.bias", "line 3"), or nil where
  /// the whole file is meant.
  public var place: String?
  /// The content found there.
  public var found: String
  /// The content expected there.
  public var expected: String
  /// What the user can do; nil where found and expected say it already.
  public var remedy: String?

  /// Creates a fault; the arguments are fragments of a sentence, without a full stop.
  public init(
    file: String, place: String? = nil, found: String, expected: String, remedy: String? = nil
  ) {
    self.file = file
    self.place = place
    self.found = found
    self.expected = expected
    self.remedy = remedy
  }

  /// One line: `run.npy: header: found ..., expected ...; remedy`. Control characters, which may stand
  /// in a file or be in its name, are shown as `\u{1b}`: a terminal would obey them.
  public var description: String {
    let location = place.map { "\(file): \($0)" } ?? file
    let advice = remedy.map { "; \($0)" } ?? ""
    return printable("\(location): found \(found), expected \(expected)\(advice)")
  }

  private func printable(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { line, scalar in
      if scalar.properties.generalCategory == .control {
        line += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        line.unicodeScalars.append(scalar)
      }
    }
  }
}
