import DurableFiles
import Glibc
import TestSupport
import Testing

@Suite struct StoreTests {
  /// None of them blocks, and each says what stands there.
  @Test func whatIsNoRegularFileIsRefused() throws {
    let folder = TemporaryFolder()
    #expect(mkfifo("\(folder.path)/fifo", 0o600) == 0)
    #expect(mkdir("\(folder.path)/sub", 0o700) == 0)
    for (name, found) in [("fifo", "a FIFO"), ("sub", "a folder")] {
      for read in [
        { _ = try MappedFile("\(folder.path)/\(name)") },
        { _ = try MappedFile(copying: "\(folder.path)/\(name)") },
        { _ = try DiskFolder(folder.path).open(name, .reading) },
      ] as [() throws -> Void] {
        let error = #expect(throws: SystemCallError.self) { try read() }
        #expect(error?.irregular == found)
      }
    }
    #expect(
      #expect(throws: SystemCallError.self) { _ = try MappedFile("/dev/null") }?.irregular
        == "a device")
  }

  /// What was written can be told from holes, which have any size.
  @Test func holesAreToldFromWhatWasWritten() throws {
    let folder = TemporaryFolder()
    let store = DiskFolder(folder.path)
    let file = try store.open("holes", .creating)
    #expect(try file.writtenRange(from: 0) == nil && file.endWithoutZeros() == 0)
    let (start, byteCount) = (1 << 40, 1 << 42)
    try Array("abc".utf8).withUnsafeBytes {
      try file.write($0, at: 0)
      try file.write($0, at: start)
    }
    try file.truncate(to: byteCount)
    let first = try #require(try file.writtenRange(from: 0))
    #expect(first.lowerBound == 0 && (3...1 << 20).contains(first.upperBound))
    let second = try #require(try file.writtenRange(from: first.upperBound))
    #expect(second.contains(start) && second.contains(start + 2) && second.count <= 1 << 20)
    #expect(try file.writtenRange(from: second.upperBound) == nil)
    #expect(try file.endWithoutZeros() == start + 3)
    #expect(
      try file.hole(from: 0) == first.upperBound && file.hole(from: first.upperBound + 1) != nil)
    let mapped = try MappedFile("\(folder.path)/holes")
    #expect(mapped.writtenRanges == [first, second])
    // What a check would read is the same, also of a file that it has cut.
    let rehearsed = try RehearsedFolder(folder.path).open("holes", .writing)
    #expect(
      try rehearsed.writtenRange(from: 0) == first && rehearsed.endWithoutZeros() == start + 3)
    try rehearsed.truncate(to: 2)
    #expect(try rehearsed.writtenRange(from: 0) == 0..<2 && rehearsed.endWithoutZeros() == 2)
    try file.truncate(to: 3)
    #expect(try file.writtenRange(from: 0) == 0..<3 && file.hole(from: 0) == nil)
  }

  /// A file with a hole can be of any size. What is larger than its kind is refused unread, and what
  /// the system gives no memory for is an error, not the end of the process.
  @Test func aFileWithAHoleIsRefusedUnread() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/large"
    try Array("abc".utf8).withUnsafeBytes {
      let file = try OpenFile(opening: path, flags: O_CREAT | O_WRONLY)
      try file.writeAll($0)
      try file.truncate(to: 1 << 42)
    }
    let store = DiskFolder(folder.path)
    for read in [
      { _ = try MappedFile(copying: path, byteCountMax: 1_000) },
      { _ = try store.content(of: "large", byteCountMax: 1_000) },
    ] as [() throws -> Void] {
      let error = #expect(throws: SystemCallError.self) { try read() }
      #expect(error?.isNoRegularFile == true)
      #expect(
        error?.description == "\(path): found a file of 4398046511104 bytes, expected at most 1000")
    }
    for read in [
      { _ = try MappedFile(copying: path) }, { _ = try store.content(of: "large") },
    ] as [() throws -> Void] {
      let error = #expect(throws: SystemCallError.self) { try read() }
      #expect(error?.code == ENOMEM && error?.file == path)
    }
    #expect(try store.beginning(of: "large", byteCountMax: 5) == Array("abc".utf8) + [0, 0])
    #expect(try store.beginning(of: "none", byteCountMax: 5) == nil)
    #expect(try OpenFile(opening: path, flags: O_WRONLY).truncate(to: 3) == ())
    #expect(try store.beginning(of: "large", byteCountMax: 5) == Array("abc".utf8))
    #expect(try store.content(of: "large", byteCountMax: 3) == Array("abc".utf8))
    let copy = try MappedFile(copying: path, byteCountMax: 3)
    #expect(withExtendedLifetime(copy) { Array(copy.bytes) } == Array("abc".utf8))
  }

  private func content(_ path: String) throws -> [UInt8] {
    let file = try MappedFile(path)
    return withExtendedLifetime(file) { Array(file.bytes) }
  }

  /// A link in the place of a lock may lead to any file.
  @Test func whatIsNoLockIsHeldAndNotWritten() throws {
    let folder = TemporaryFolder()
    for (name, text) in [("other", "root:x:0:0\n"), ("long", String(repeating: "1", count: 40))] {
      let target = "\(folder.path)/\(name)"
      try Array(text.utf8).withUnsafeBytes {
        try OpenFile(opening: target, flags: O_CREAT | O_WRONLY).writeAll($0)
      }
      #expect(symlink(target, "\(folder.path)/\(name).lock") == 0)
      let lock = try DiskFolder(folder.path).lock("\(name).lock")
      #expect(try content(target) == Array(text.utf8))
      withExtendedLifetime(lock) {}
    }
    let lock = try DiskFolder(folder.path).lock("lock")
    #expect(try content("\(folder.path)/lock") == Array("\(getpid())\n".utf8))
    withExtendedLifetime(lock) {}
  }

  /// Who holds a lock in a folder writes nothing into another one that takes its place.
  @Test func aFolderThatWasMovedIsWrittenNoMore() throws {
    let parent = TemporaryFolder()
    let (path, aside) = ("\(parent.path)/journal", "\(parent.path)/aside")
    let store = DiskFolder(path)
    try store.make()
    let lock = try store.lock("lock")
    _ = try store.open("a", .creating)
    func everyChange(fails: Bool) throws {
      for change in [
        { _ = try store.open("b", .creating) }, { _ = try store.open("a", .writing) },
        { try store.rename("a", to: "c", replacing: true) },
        { try store.rename("c", to: "a", replacing: false) },
        { try store.remove("b") }, { try store.confirmPlace() },
      ] as [() throws -> Void] {
        if fails {
          let error = #expect(throws: SystemCallError.self) { try change() }
          #expect(error?.code == ESTALE)
        } else {
          try change()
        }
      }
    }
    #expect(rename(path, aside) == 0)
    try everyChange(fails: true)
    let other = DiskFolder(path)
    try other.make()
    _ = try other.open("a", .creating)
    try everyChange(fails: true)
    #expect(try other.names() == ["a"])
    try other.remove("a")
    #expect(rmdir(path) == 0 && rename(aside, path) == 0)
    try everyChange(fails: false)
    withExtendedLifetime(lock) {}
  }

  @Test func aCopyStaysWhateverBecomesOfTheFile() throws {
    let folder = TemporaryFolder()
    let store = DiskFolder(folder.path)
    let file = try store.open("a", .creating)
    let bytes = [UInt8](repeating: 7, count: 10_000)
    try bytes.withUnsafeBytes { try file.write($0, at: 0) }
    let copy = try MappedFile(copying: "\(folder.path)/a")
    try file.truncate(to: 0)
    #expect(withExtendedLifetime(copy) { copy.bytes.allSatisfy { $0 == 7 } })
    #expect(copy.bytes.count == 10_000)
  }

  /// A mapped file that is cut ends the process with a status, not by a signal.
  @Test func aMappedFileThatShrinksEndsTheProcessInOrder() async {
    await #expect(processExitsWith: .exitCode(1)) {
      let folder = TemporaryFolder()
      let file = try DiskFolder(folder.path).open("a", .creating)
      try file.truncate(to: 100_000)
      let mapped = try MappedFile("\(folder.path)/a")
      try file.truncate(to: 0)
      // The byte has to be read for it.
      exit(withExtendedLifetime(mapped) { mapped.bytes[50_000] == 1 ? 3 : 4 })
    }
  }

  @Test func anExclusiveRenameReplacesNothing() throws {
    let folder = TemporaryFolder()
    let store = DiskFolder(folder.path)
    _ = try store.open("a", .creating)
    _ = try store.open("b", .creating)
    let error = #expect(throws: SystemCallError.self) {
      try store.rename("a", to: "b", replacing: false)
    }
    #expect(error?.code == EEXIST)
    try store.rename("a", to: "c", replacing: false)
    #expect(try store.names() == ["b", "c"])
    try store.rename("b", to: "c", replacing: true)
    #expect(try store.names() == ["c"])
    #expect(try store.status(of: "b") == nil)
  }
}
