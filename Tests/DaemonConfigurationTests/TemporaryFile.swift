internal import Glibc

/// Writes `bytes` to a new file and removes it after `body`.
func withTemporaryFile<Result>(
  _ bytes: [UInt8], _ body: (String) throws -> Result
) throws -> Result {
  var template = Array("/tmp/tamisd-configuration-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  precondition(descriptor >= 0)
  let path = template.withUnsafeBufferPointer { characters in
    characters.baseAddress.map { String(cString: $0) } ?? ""
  }
  defer { unlink(path) }
  let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  close(descriptor)
  precondition(written == bytes.count)
  return try body(path)
}

/// The lines of a text file.
func readLines(_ path: String) throws -> [String] {
  guard let file = fopen(path, "r") else { throw NoSuchFile(path: path) }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
  return String(decoding: bytes, as: UTF8.self)
    .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}

struct NoSuchFile: Error {
  let path: String
}
