internal import DurableFiles
internal import StrictJSON

/// A file of one JSON value a line, such as the journal's `ledger.jsonl`, read whole.
struct JSONLines {
  /// The values, each with its line for messages.
  let places: [JSONPlace]

  /// Reads `path`. What follows the last line feed is left out: a kill may have cut it.
  init(_ path: String) throws {
    let file = try MappedFile(path)
    places = try withExtendedLifetime(file) {
      let end = file.bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
      let lines = file.bytes[..<end].split(separator: UInt8(ascii: "\n"))
      return try lines.enumerated().map { index, line in
        let name = "\(path), line \(index + 1)"
        let bytes = UnsafeRawBufferPointer(rebasing: line)
        return JSONPlace(root: try parsed(bytes, name), file: name)
      }
    }
  }
}

private func parsed(
  _ line: UnsafeRawBufferPointer, _ name: String
) throws(FileFault) -> JSONValue {
  do throws(JSONSyntaxError) {
    return try JSONValue(parsing: line)
  } catch {
    throw FileFault(
      file: name, found: "\(error)", expected: "a line of JSON as the daemon writes it")
  }
}
