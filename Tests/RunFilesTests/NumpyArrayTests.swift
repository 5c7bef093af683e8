import DurableFiles
import NumberText
import RunFiles
import TestSupport
import Testing

/// A `.npy` file by hand: version 1 unless told, elements 0, 1, 2, ...
func numpyBytes(
  dictionary: String? = nil, shape: [Int] = [3], version: UInt8 = 1, count: Int = 3,
  isDouble: Bool = false
) -> [UInt8] {
  let sizes = shape.map { "\($0)," }.joined()
  let text =
    dictionary
    ?? "{'descr': '\(isDouble ? "<f8" : "<f4")', 'fortran_order': False, 'shape': (\(sizes)), }"
  let header = Array(text.utf8) + [10]
  let length =
    version == 1 ? littleEndian(UInt16(header.count)) : littleEndian(UInt32(header.count))
  let elements = (0..<count).flatMap {
    isDouble ? littleEndian(Double($0).bitPattern) : littleEndian(Float($0).bitPattern)
  }
  return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + header + elements
}

@Suite struct NumpyArrayTests {
  let temporary = TemporaryFolder()

  private func read(_ bytes: [UInt8]) throws -> NumpyArray {
    try writeFile(temporary("a.npy"), bytes)
    return try NumpyArray(temporary("a.npy"))
  }

  private func refusal(_ bytes: [UInt8]) -> FileFault? { fault { _ = try read(bytes) } }

  @Test(arguments: [UInt8(1), 2, 3], [false, true])
  func allVersionsAndTypesAreRead(version: UInt8, isDouble: Bool) throws {
    let array = try read(
      numpyBytes(shape: [2, 3], version: version, count: 6, isDouble: isDouble))
    #expect(array.shape == [2, 3] && array.count == 6)
    #expect(array.elementType == (isDouble ? .float64 : .float32))
    #expect(array.floats() == [0, 1, 2, 3, 4, 5])
    #expect(array.doubles() == [0, 1, 2, 3, 4, 5])
  }

  @Test(arguments: [
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", [3]),
    ("{'descr':'<f4','fortran_order':False,'shape':(3,)}", [3]),
    (#"{"shape": (3, 1), "fortran_order": False, "descr": "<f4"}    "#, [3, 1]),
    ("  { 'shape' : ( 1 , 3 ) , 'fortran_order' : False , 'descr' : '<f4' }", [1, 3]),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 1L), }", [3, 1]),
    ("{'descr': '<f4', 'fortran_order': True, 'shape': (3,), }", [3]),
  ])
  func dictionariesAreReadHoweverTheyAreWritten(dictionary: String, shape: [Int]) throws {
    #expect(try read(numpyBytes(dictionary: dictionary)).shape == shape)
  }

  @Test func scalarsAndEmptyArraysAreRead() throws {
    #expect(try read(numpyBytes(shape: [], count: 1)).floats() == [0])
    #expect(try read(numpyBytes(shape: [0, 64], count: 0)).floats() == [])
  }

  @Test func doublesAreRoundedToTheNearest() throws {
    let value = 0.1
    let bytes = numpyBytes(shape: [1], count: 0, isDouble: true) + littleEndian(value.bitPattern)
    #expect(try read(bytes).floats() == [Float(0.1)])
    #expect(try read(bytes).doubles() == [0.1])
  }

  @Test(arguments: [
    ("{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }", "elements of >f4", "'<f4'"),
    ("{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }", "elements of <i4", "float32"),
    ("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "elements of |O", "float32"),
    (
      "{'descr': [('x', '<f4'), ('y', '<f4', (2,))], 'fortran_order': False, 'shape': (3,), }",
      "elements of a structured type", "float32"
    ),
    (
      "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 1), }", "Fortran order",
      "ascontiguousarray"
    ),
    ("{'descr': '<f4', 'fortran_order': False}", "no 'shape' of whole numbers", "numpy.save"),
    ("{'descr': '<f4', 'shape': (3,)}", "no 'fortran_order'", "numpy.save"),
    ("{'fortran_order': False, 'shape': (3,)}", "no 'descr'", "numpy.save"),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }",
      "text that is no Python dictionary", "numpy.save"
    ),
    ("{'descr': '<f4', 'descr': '<f4'}", "text that is no Python dictionary", "numpy.save"),
    ("{'descr': '<f4'} x", "text that is no Python dictionary", "numpy.save"),
    ("", "text that is no Python dictionary", "numpy.save"),
    ("{'descr", "text that is no Python dictionary", "numpy.save"),
    ("[[[[", "text that is no Python dictionary", "numpy.save"),
  ])
  func otherArraysAreRefusedByName(dictionary: String, found: String, remedy: String) {
    let refused = refusal(numpyBytes(dictionary: dictionary))
    #expect(refused?.found == found && refused?.place == "header")
    #expect(refused?.remedy?.contains(remedy) == true)
  }

  @Test func aCutFileIsNamedAtEveryLength() throws {
    let whole = numpyBytes(shape: [2, 2], count: 4)
    let header = whole.count - 16
    for length in 0..<whole.count {
      let refused = try #require(refusal(Array(whole[..<length])))
      if length >= header {
        #expect(refused.found == "\(counted(length - header, "byte")) of elements")
        #expect(refused.expected == "16 for shape (2, 2) of <f4")
      }
    }
    #expect(refusal(whole + [0])?.found == "17 bytes of elements")
  }

  @Test(arguments: [
    "(9223372036854775807, 2)", "(4611686018427387904,)", "(99999999999999999999,)",
  ])
  func shapesBeyondMemoryAreRefused(shape: String) {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
    #expect(refusal(numpyBytes(dictionary: text)) != nil)
  }

  @Test func randomHeadersNeverCrash() throws {
    var random = SeededGenerator(10)
    let whole = numpyBytes(shape: [2, 2], count: 4)
    for _ in 0..<3_000 {
      var bytes = whole
      for _ in 0..<3 {
        bytes[Int.random(in: 6..<80, using: &random) % bytes.count] = UInt8(
          truncatingIfNeeded: random.next())
      }
      try writeFile(temporary("r.npy"), bytes)
      _ = try? NumpyArray(temporary("r.npy")).floats()
    }
  }
}

@Suite struct NumpyWriterTests {
  let temporary = TemporaryFolder()

  @Test func theFileIsOneThatNumpyWrites() throws {
    let writer = try NumpyWriter(temporary("a.npy"), columnCount: 2)
    try writer.append([1, 2, 3, 4])
    try writer.append([5, 6])
    #expect(names(in: temporary.path).allSatisfy { $0.hasPrefix("a.npy.writing") })
    try writer.commit()
    let bytes = try contents(of: temporary("a.npy"))
    #expect(bytes.count == 128 + 24)
    #expect(bytes[..<10].elementsEqual([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0]))
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }"
    #expect(String(decoding: bytes[10..<127], as: UTF8.self).hasPrefix(text + "  "))
    #expect(bytes[127] == 10)
    #expect(try NumpyArray(temporary("a.npy")).floats() == [1, 2, 3, 4, 5, 6])
  }

  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
  func listsOfAnyLengthReadBack(count: Int) throws {
    let values = (0..<count).map { Float($0) * 0.25 }
    let writer = try NumpyWriter(temporary("a.npy"))
    for start in stride(from: 0, to: count, by: 70_000) {
      try writer.append(Array(values[start..<min(count, start + 70_000)]))
    }
    try writer.commit()
    let array = try NumpyArray(temporary("a.npy"))
    #expect(array.shape == [count] && array.floats() == values)
  }

  @Test func nothingAppearsWithoutACommit() throws {
    do {
      let writer = try NumpyWriter(temporary("a.npy"))
      try writer.append([1])
    }
    #expect(names(in: temporary.path) == [])
  }

  @Test func anExistingFileIsReplacedOnlyWhenAsked() throws {
    try writeFile(temporary("a.npy"), [1])
    #expect(fault { _ = try NumpyWriter(temporary("a.npy")) }?.remedy?.contains("--force") == true)
    let writer = try NumpyWriter(temporary("a.npy"), replacing: true)
    #expect(try contents(of: temporary("a.npy")) == [1])
    try writer.commit()
    #expect(try NumpyArray(temporary("a.npy")).count == 0)
  }
}
