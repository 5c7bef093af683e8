internal import DurableFiles
internal import NumberText

/// The header of a `.npy` file: magic, version, and a Python dictionary of element type, order and
/// shape (NEP 1; `numpy.lib.format`).
struct NumpyHeader: Equatable {
  /// NumPy itself reads headers of 10,000 bytes and refuses longer ones.
  private static let lengthMax = 65_536

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  var description: String
  var isFortranOrder: Bool
  var shape: [Int]
  /// Where the elements begin.
  var byteCount: Int

  /// Reads the header at the start of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, file: String) throws(FileFault) {
    func fault(_ found: String, _ expected: String) -> FileFault {
      FileFault(
        file: file, place: "header", found: found, expected: expected,
        remedy: "write the array again with numpy.save")
    }
    guard bytes.count >= 8, bytes.prefix(6).elementsEqual(Self.magic) else {
      throw fault(printable(bytes.prefix(6)), "\\x93NUMPY, as a .npy file begins")
    }
    let version = bytes[6]
    guard 1...3 ~= version else {
      throw fault("version \(version).\(bytes[7])", "version 1, 2 or 3")
    }
    let prefixByteCount = version == 1 ? 10 : 12
    guard bytes.count >= prefixByteCount else {
      throw fault(counted(bytes.count, "byte"), "\(prefixByteCount) or more")
    }
    let length = bytes[8..<prefixByteCount].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.lengthMax else {
      throw fault("a header of \(counted(length, "byte"))", "at most \(Self.lengthMax)")
    }
    byteCount = prefixByteCount + length
    guard bytes.count >= byteCount else {
      throw fault(counted(bytes.count, "byte"), "a header of \(counted(byteCount, "byte"))")
    }
    var text = PythonLiteral(String(decoding: bytes[prefixByteCount..<byteCount], as: UTF8.self))
    guard let entries = text.dictionary() else {
      throw fault("text that is no Python dictionary", "{'descr': ..., 'shape': ...}")
    }
    guard case .tuple(let sizes) = entries["shape"], sizes.allSatisfy({ $0 >= 0 }) else {
      throw fault("no 'shape' of whole numbers", "'shape': (N, D)")
    }
    guard case .bool(let isFortranOrder) = entries["fortran_order"] else {
      throw fault("no 'fortran_order'", "'fortran_order': False")
    }
    switch entries["descr"] {
    case .string(let description): self.description = description
    case .other: description = "a structured type"
    default: throw fault("no 'descr'", "'descr': '<f4'")
    }
    self.isFortranOrder = isFortranOrder
    shape = sizes
  }
}

/// Reads the few Python literals that a `.npy` header is made of.
struct PythonLiteral {
  enum Value: Equatable {
    case string(String)
    case bool(Bool)
    case tuple([Int])
    /// A list, such as a structured type's fields; skipped.
    case other
  }

  private var rest: Substring

  init(_ text: String) { rest = Substring(text) }

  /// `{'key': value, ...}` and then only white space; nil for anything else.
  mutating func dictionary() -> [String: Value]? {
    var entries: [String: Value] = [:]
    guard take("{") else { return nil }
    while !take("}") {
      guard case .string(let key) = value(), take(":"), let value = value(),
        entries.updateValue(value, forKey: key) == nil
      else { return nil }
      if take(",") { continue }
      guard take("}") else { return nil }
      break
    }
    return rest.allSatisfy(\.isWhitespace) ? entries : nil
  }

  private mutating func value() -> Value? {
    rest = rest.drop(while: \.isWhitespace)
    switch rest.first {
    case "'", "\"": return string().map(Value.string)
    case "(": return tuple().map(Value.tuple)
    case "[": return skipList() ? .other : nil
    default:
      let word = rest.prefix { $0.isLetter }
      rest.removeFirst(word.count)
      return word == "True" ? .bool(true) : word == "False" ? .bool(false) : nil
    }
  }

  private mutating func string() -> String? {
    guard let quote = rest.popFirst(), let end = rest.firstIndex(of: quote) else { return nil }
    defer { rest = rest[rest.index(after: end)...] }
    return rest[..<end].contains("\\") ? nil : String(rest[..<end])
  }

  /// `(3,)`, `(3, 4)`, `()`; Python 2 wrote `3L`.
  private mutating func tuple() -> [Int]? {
    var numbers: [Int] = []
    guard take("(") else { return nil }
    while !take(")") {
      rest = rest.drop(while: \.isWhitespace)
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let number = Int(digits) else { return nil }
      numbers.append(number)
      rest.removeFirst(digits.count)
      _ = take("L")
      if take(",") { continue }
      guard take(")") else { return nil }
      break
    }
    return numbers
  }

  private mutating func skipList() -> Bool {
    var depth = 0
    while let character = rest.popFirst() {
      if character == "[" { depth += 1 }
      if character == "]" { depth -= 1 }
      if depth == 0 { return true }
    }
    return false
  }

  private mutating func take(_ token: Character) -> Bool {
    rest = rest.drop(while: \.isWhitespace)
    guard rest.first == token else { return false }
    rest.removeFirst()
    return true
  }
}

/// Whether `path` is a file that begins as a `.npy` does.
package func isNumpyFile(_ path: String) throws -> Bool {
  try !isFolder(path) && MappedFile(path).begins(with: NumpyHeader.magic)
}
