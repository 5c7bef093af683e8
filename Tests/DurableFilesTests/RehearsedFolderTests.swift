import DurableFiles
import Glibc
import TestSupport
import Testing

/// A folder on the disk and one whose changes stay in memory, to which the same is done.
@Suite struct RehearsedFolderTests {
  private struct Answer: Equatable {
    var code: CInt?
    var names: [String] = []
    var contents: [[UInt8]] = []
    var isRegular: [Bool] = []
  }

  private func answer(_ store: any FolderStore, _ work: () throws -> Void) throws -> Answer {
    var answer = Answer()
    do { try work() } catch let error as SystemCallError { answer.code = error.code }
    answer.names = try store.names()
    for name in answer.names {
      let status = try #require(try store.status(of: name))
      answer.isRegular.append(status.isRegular)
      guard status.isRegular else { continue }
      let content = try #require(try store.content(of: name))
      #expect(content.count == status.byteCount)
      answer.contents.append(content)
    }
    return answer
  }

  private func change(_ store: any FolderStore, _ seed: UInt64) throws {
    var random = SeededGenerator(seed)
    let names = ["a", "b", "c", "folder", "fifo"]
    let (name, other) = (
      names[Int.random(in: 0..<5, using: &random)], names[Int.random(in: 0..<5, using: &random)]
    )
    let offset = Int.random(in: 0...9_000, using: &random)
    let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
      UInt8.random(in: 0...1, using: &random)
    }
    switch Int.random(in: 0..<9, using: &random) {
    case 0: try store.rename(name, to: other, replacing: false)
    case 1: try store.remove(name)
    case 2: _ = try store.setAside(name)
    case 3: try store.replace(name, with: bytes)
    case 4: _ = try store.open(name, .creatingNew)
    case 5: try store.open(name, .writing).truncate(to: offset)
    case 6: try store.open(name, .creating).allocate(byteCount: offset)
    case 7:
      let file = try store.open(name, .writing)
      let count = try file.status().byteCount
      guard count > 200 else { return }
      let region = try file.region(byteCount: count)
      bytes.withUnsafeBytes { region.write($0, at: count - 200) }
    default:
      let file = try store.open(name, .creating)
      try bytes.withUnsafeBytes { try file.write($0, at: offset) }
    }
  }

  private func fill(_ folder: String) throws {
    for (name, count) in [("a", 5_000), ("b", 0), ("d", 8_192)] {
      try writeFile("\(folder)/\(name)", (0..<count).map { UInt8(truncatingIfNeeded: $0 / 100) })
    }
    #expect(mkdir("\(folder)/folder", 0o755) == 0 && mkfifo("\(folder)/fifo", 0o644) == 0)
  }

  @Test(arguments: UInt64(1)...60)
  func itIsAsTheFolderWouldBe(seed: UInt64) throws {
    let (real, rehearsed) = (TemporaryFolder(), TemporaryFolder())
    for folder in [real, rehearsed] { try fill(folder.path) }
    let before = try answer(DiskFolder(rehearsed.path)) {}
    let (disk, rehearsal) = (DiskFolder(real.path), RehearsedFolder(rehearsed.path))
    for step in 0..<40 {
      let seed = seed &* 1_000 &+ UInt64(step)
      let wanted = try answer(disk) { try change(disk, seed) }
      let found = try answer(rehearsal) { try change(rehearsal, seed) }
      #expect(found == wanted, "seed \(seed)")
      if found != wanted { return }
    }
    #expect(try answer(DiskFolder(rehearsed.path)) {} == before)
  }

  @Test func aFolderThatIsNotThereIsEmpty() throws {
    let parent = TemporaryFolder()
    let store = RehearsedFolder(parent("new"))
    store.make()
    #expect(try store.names().isEmpty)
    _ = try store.open("a", .creating)
    #expect(try store.names() == ["a"] && names(in: parent.path).isEmpty)
  }

  @Test func whatFindsNoRoomFails() throws {
    let folder = TemporaryFolder()
    try writeFile(folder("a"), [UInt8](repeating: 1, count: 100))
    let store = RehearsedFolder(folder.path, refusal: EDQUOT)
    let file = try store.open("a", .writing)
    // Within a block that the file has.
    try [2, 3].withUnsafeBytes { try file.write($0, at: 100) }
    for work in [
      { try [2].withUnsafeBytes { try file.write($0, at: 5_000) } },
      { try store.open("b", .creating).allocate(byteCount: 1) },
    ] as [() throws -> Void] {
      #expect(#expect(throws: SystemCallError.self) { try work() }?.code == EDQUOT)
    }
  }
}

/// Names that a process keeps for what it will write.
@Suite struct ClaimedNameTests {
  @Test func aClaimKeepsOthersOutUntilTheProcessEnds() async throws {
    let folder = TemporaryFolder()
    let target = folder("out")
    await #expect(processExitsWith: .exitCode(7)) { [target = target as String] in
      try claimName(target)
      do {
        try claimName(target)
      } catch {
        exit(error is FileFault ? 7 : 8)
      }
      exit(9)
    }
    #expect(names(in: folder.path).isEmpty)
    // What a killed process has left is taken over; what is another's stays.
    try writeFile("\(target).writing-lock", [])
    await #expect(processExitsWith: .exitCode(0)) { [target = target as String] in
      try claimName(target)
      exit(0)
    }
    #expect(names(in: folder.path).isEmpty)
    try writeFile("\(target).writing-lock", [1])
    try claimName(target)
    #expect(names(in: folder.path) == ["out.writing-lock"])
  }
}
