import DurableFiles
import Glibc
import TestSupport
import Testing

@Suite struct FileFaultTests {
  @Test func aFaultIsOneLineThatNoTerminalObeys() {
    let fault = FileFault(file: "a\n.npy", found: "\"\u{1b}[31m\u{7}\u{9b}\u{7f}\"", expected: "é")
    #expect(
      fault.description
        == "a\\u{a}.npy: found \"\\u{1b}[31m\\u{7}\\u{9b}\\u{7f}\", expected é")
  }

  @Test func itIsOneSentence() {
    var fault = FileFault(file: "a.npy", found: "x", expected: "y")
    #expect(fault.description == "a.npy: found x, expected y")
    fault.place = "header"
    fault.remedy = "do z"
    #expect(fault.description == "a.npy: header: found x, expected y; do z")
  }

  @Test(arguments: [
    (ENOENT, "f: cannot open: No such file or directory"),
    (ENOSPC, "f: cannot open: No space left on device; free space on that file system"),
    (
      EACCES,
      "f: cannot open: Permission denied; check the owner and mode of the file and its folder"
    ),
  ])
  func systemCallsSayWhatTheyTried(code: CInt, text: String) {
    #expect(SystemCallError("open", file: "f", code: code).description == text)
  }
}

@Suite struct OpenFileTests {
  let temporary = TemporaryFolder()

  @Test func bytesAreWrittenReadAndCut() throws {
    let file = try OpenFile(opening: temporary("f"), flags: O_CREAT | O_RDWR)
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    try bytes.withUnsafeBytes { try file.writeAll($0) }
    try file.synchronise()
    #expect(try file.byteCount() == bytes.count)
    var read = [UInt8](repeating: 0, count: 10)
    var count = try read.withUnsafeMutableBytes { try file.read(into: $0, at: 300) }
    #expect(count == 10 && read == Array(bytes[300..<310]))
    count = try read.withUnsafeMutableBytes { try file.read(into: $0, at: bytes.count - 4) }
    #expect(count == 4)
    count = try read.withUnsafeMutableBytes { try file.read(into: $0, at: bytes.count + 4) }
    #expect(count == 0)
    try file.truncate(to: 7)
    #expect(try contents(of: temporary("f")) == Array(bytes[..<7]))
  }

  @Test func theDescriptorIsClosedWithTheHandle() throws {
    var descriptor: CInt = -1
    do { descriptor = try OpenFile(opening: temporary("f"), flags: O_CREAT | O_RDWR).descriptor }
    // Another test may have got the number since; then it is not this file.
    #expect(fcntl(descriptor, F_GETFD) == -1 || !isOpen(descriptor, temporary("f")))
  }

  private func isOpen(_ descriptor: CInt, _ path: String) -> Bool {
    var (mine, theirs) = (stat(), stat())
    return fstat(descriptor, &mine) == 0 && stat(path, &theirs) == 0
      && mine.st_ino == theirs.st_ino && mine.st_dev == theirs.st_dev
  }

  @Test func aMissingFileIsNamed() {
    #expect(throws: SystemCallError("open", file: temporary("no"), code: ENOENT)) {
      _ = try OpenFile(opening: temporary("no"), flags: O_RDONLY)
    }
  }

  @Test func aDeviceIsNoFile() throws {
    let refusal = #expect(throws: SystemCallError.self) {
      _ = try OpenFile(opening: "/dev/full", flags: O_WRONLY)
    }
    #expect(refusal?.irregular == "a device")
  }
}

@Suite struct MappedFileTests {
  let temporary = TemporaryFolder()

  @Test(arguments: [0, 1, 4_095, 4_096, 4_097])
  func theMappingIsTheFile(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 3) }
    try ReplacedFile.write(bytes, to: temporary("f"), replacing: false)
    let file = try MappedFile(temporary("f"))
    #expect(file.bytes.count == count && file.bytes.elementsEqual(bytes))
    withExtendedLifetime(file) {}
  }

  @Test func aMissingFileIsNamed() {
    #expect(throws: SystemCallError("open", file: temporary("no"), code: ENOENT)) {
      _ = try MappedFile(temporary("no"))
    }
  }
}

@Suite struct ReplacedFileTests {
  let temporary = TemporaryFolder()

  @Test func theNameAppearsWithTheWholeContent() throws {
    var file = try ReplacedFile(temporary("f"), replacing: false)
    try ([1, 2, 3, 4] as [UInt8]).withUnsafeBytes { try file.write($0) }
    try ([9, 8] as [UInt8]).withUnsafeBytes { try file.overwrite($0, at: 1) }
    #expect(!names(in: temporary.path).contains("f") && names(in: temporary.path).count == 1)
    try file.commit()
    #expect(names(in: temporary.path) == ["f"])
    #expect(try contents(of: temporary("f")) == [1, 9, 8, 4])
  }

  @Test func withoutACommitNothingIsLeft() throws {
    do {
      let file = try ReplacedFile(temporary("f"), replacing: false)
      try ([1] as [UInt8]).withUnsafeBytes { try file.write($0) }
      #expect(names(in: temporary.path).count == 1)
    }
    #expect(names(in: temporary.path) == [])
  }

  @Test func anExistingFileIsKeptUnlessReplaced() throws {
    try ReplacedFile.write([1], to: temporary("f"), replacing: false)
    #expect(throws: FileFault.self) {
      try ReplacedFile.write([2], to: temporary("f"), replacing: false)
    }
    #expect(try contents(of: temporary("f")) == [1])
    try ReplacedFile.write([3, 3], to: temporary("f"), replacing: true)
    #expect(try contents(of: temporary("f")) == [3, 3])
    #expect(names(in: temporary.path) == ["f"])
  }

  /// The name is taken between the beginning and the commit.
  @Test func aFileThatCameMeanwhileIsKept() throws {
    var file = try ReplacedFile(temporary("f"), replacing: false)
    try ([1] as [UInt8]).withUnsafeBytes { try file.write($0) }
    _ = try OpenFile(opening: temporary("f"), flags: O_CREAT | O_RDWR)
    var isRefused = false
    do { try file.commit() } catch is FileFault { isRefused = true }
    #expect(isRefused)
    #expect(try contents(of: temporary("f")) == [])
  }

  /// What took hours is not thrown away because a name cannot be had, then or by the next writer.
  @Test(arguments: [false, true]) func aFinishedFileIsNeverRemoved(replacing: Bool) throws {
    do {
      var file = try ReplacedFile(temporary("f"), replacing: replacing)
      try ([1, 2] as [UInt8]).withUnsafeBytes { try file.write($0) }
      mkdir(temporary("f"), 0o755)
      let fault = #expect(throws: FileFault.self) { try file.commit() }
      #expect(fault?.remedy?.contains("it is whole and was kept: rename ") == true)
    }
    let kept = try #require(names(in: temporary.path).first { $0.hasPrefix("f.writing-") })
    #expect(try contents(of: temporary(kept)) == [1, 2])
    rmdir(temporary("f"))
    #expect(throws: FileFault.self) { _ = try ReplacedFile(temporary("f"), replacing: replacing) }
    #expect(try contents(of: temporary(kept)) == [1, 2])
    rename(temporary(kept), temporary("f"))
  }

  @Test func refusingNamesTheOption() {
    #expect(throws: FileFault.self) { try refuseExisting("/dev/null", unless: false) }
    // What is no regular file is never replaced.
    #expect(throws: FileFault.self) { try refuseExisting("/dev/null", unless: true) }
    #expect(throws: Never.self) { try refuseExisting(temporary("no"), unless: false) }
  }
}

@Suite struct SHA256Tests {
  let temporary = TemporaryFolder()
  /// FIPS 180-2, appendix B.1.
  static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

  @Test func knownAnswers() throws {
    #expect(SHA256Digest(of: "abc").description == Self.abc)
    #expect(SHA256Digest(of: "abc").prefix == 0xBF16_78BA)
    try ReplacedFile.write(Array("abc".utf8), to: temporary("f"), replacing: false)
    #expect(try SHA256Digest(ofFile: temporary("f")).description == Self.abc)
    #expect(
      SHA256Digest(of: "").description
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func piecesGiveTheHashOfTheWhole() {
    let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
    let whole = bytes.withUnsafeBytes { SHA256Digest(of: $0) }
    for size in [1, 7, 64, 999, 1_000] {
      var stream = SHA256Stream()
      for start in stride(from: 0, to: 1_000, by: size) {
        bytes[start..<min(1_000, start + size)].withUnsafeBytes { stream.update($0) }
      }
      #expect(stream.digest() == whole)
    }
    #expect(SHA256Stream().digest() == SHA256Digest(of: ""))
  }
}
