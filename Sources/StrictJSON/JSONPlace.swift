package import DurableFiles

/// A value of a JSON file together with the place where it stands, so that every fault can name
/// it: `calibration.json: working_points[1].threshold: found ..., expected ...`.
package struct JSONPlace {
  package let file: String
  /// The way from the root, such as `working_points[1].threshold`; "" is the root.
  package let path: String
  package let value: JSONValue

  /// The root of the file at `file`, or of a text within it that stands at `path`.
  package init(root value: JSONValue, file: String, path: String = "") {
    self.file = file
    self.path = path
    self.value = value
  }

  /// The root of the JSON text `bytes`, which is the file at `file` or stands at `path` in it.
  package init(
    parsing bytes: UnsafeRawBufferPointer, file: String, path: String = "", remedy: String? = nil
  ) throws(FileFault) {
    do throws(JSONSyntaxError) {
      self.init(root: try JSONValue(parsing: bytes), file: file, path: path)
    } catch {
      let place = "line \(error.line), column \(error.column)"
      throw FileFault(
        file: file, place: path.isEmpty ? place : "\(path), \(place)", found: error.found,
        expected: error.expected, remedy: remedy)
    }
  }

  /// A fault at this place; `found` is the value unless given.
  package func fault(
    found: String? = nil, expected: String, remedy: String? = nil
  ) -> FileFault {
    FileFault(
      file: file, place: path.isEmpty ? nil : path, found: found ?? value.kind,
      expected: expected, remedy: remedy)
  }

  /// The members of an object.
  package func object() throws(FileFault) -> JSONObject {
    guard case .object(let object) = value else { throw fault(expected: "an object") }
    return object
  }

  /// A member that must be there.
  package func member(_ name: String) throws(FileFault) -> JSONPlace {
    if let member = try optionalMember(name) { return member }
    throw fault(found: "no key \"\(name)\"", expected: "the key \"\(name)\"")
  }

  /// A member, or nil where the object has none of that name.
  package func optionalMember(_ name: String) throws(FileFault) -> JSONPlace? {
    try object()[name].map { place(ofMember: name, $0) }
  }

  /// All members in the order of the file.
  package func members() throws(FileFault) -> [(name: String, place: JSONPlace)] {
    try object().members.map { ($0.name, place(ofMember: $0.name, $0.value)) }
  }

  private func place(ofMember name: String, _ value: JSONValue) -> JSONPlace {
    JSONPlace(root: value, file: file, path: path.isEmpty ? name : "\(path).\(name)")
  }

  /// The elements of an array.
  package func elements() throws(FileFault) -> [JSONPlace] {
    guard case .array(let values) = value else { throw fault(expected: "an array") }
    return values.enumerated().map {
      JSONPlace(root: $0.element, file: file, path: "\(path)[\($0.offset)]")
    }
  }

  package func string() throws(FileFault) -> String {
    guard case .string(let text) = value else { throw fault(expected: "a string") }
    return text
  }

  package func bool() throws(FileFault) -> Bool {
    guard case .bool(let value) = value else { throw fault(expected: "true or false") }
    return value
  }

  /// An integer within `range`, written without fraction or exponent.
  package func integer<Integer: FixedWidthInteger>(
    in range: ClosedRange<Integer>
  ) throws(FileFault) -> Integer {
    guard case .number(let text) = value, let integer = Integer(text), range.contains(integer)
    else {
      let bounds =
        range.upperBound == .max
        ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
      throw fault(expected: "an integer \(bounds)")
    }
    return integer
  }

  /// The integer of a member that must be there: any that `Integer` has and is not negative.
  package func count<Integer: FixedWidthInteger>(
    _ name: String, as type: Integer.Type = Integer.self
  ) throws(FileFault) -> Integer {
    try member(name).integer(in: 0...Integer.max)
  }

  /// The same; nil where the member is missing or null.
  package func optionalCount<Integer: FixedWidthInteger>(
    _ name: String, as type: Integer.Type = Integer.self
  ) throws(FileFault) -> Integer? {
    try optionalMember(name)?.unlessNull { (place) throws(FileFault) in
      try place.integer(in: 0...Integer.max)
    }
  }

  /// A finite number, rounded once from its decimal text to the nearest `Real`.
  package func real<Real: BinaryFloatingPoint & LosslessStringConvertible>(
    as type: Real.Type = Real.self
  ) throws(FileFault) -> Real {
    guard case .number(let text) = value else { throw fault(expected: "a number") }
    guard let real = Real(text), real.isFinite else {
      throw fault(expected: "a number within the range of \(Real.self)")
    }
    return real
  }

  /// A finite number within `range`.
  package func real(in range: ClosedRange<Double>) throws(FileFault) -> Double {
    let real: Double = try real()
    guard range.contains(real) else {
      throw fault(expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return real
  }

  /// What `read` makes of the value, or nil where it is null.
  package func unlessNull<Result>(
    _ read: (JSONPlace) throws(FileFault) -> Result
  ) throws(FileFault) -> Result? {
    value == .null ? nil : try read(self)
  }

  /// What `read` makes of each element of an array.
  package func map<Result>(
    _ read: (JSONPlace) throws(FileFault) -> Result
  ) throws(FileFault) -> [Result] {
    var results: [Result] = []
    for element in try elements() { results.append(try read(element)) }
    return results
  }
}
