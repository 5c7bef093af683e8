import DurableFiles
import EventRecords
import Glibc
import RunFiles
import TestSupport
import Testing

/// A daemon takes a folder for its journal only where it is one, or empty.
@Suite struct JournalFolderTests {
  private let temporary = TemporaryFolder()
  private var folder: String { temporary("journal") }

  private func refusal() throws -> String? {
    let before = names(in: folder)
    let refused = fault { _ = try FlaggedJournal(folder: folder, featureCount: 4) }
    let foreseen = fault {
      try refuseUnfitJournal(folder: folder, featureCount: 4, featureNames: nil)
    }
    #expect(refused == foreseen)
    if refused != nil { #expect(names(in: folder) == before) }
    return refused?.found
  }

  @Test(arguments: [[], [".hidden"], ["lost+found"]])
  func anEmptyOneIsTaken(of files: [String]) throws {
    try mkdir(folder)
    for name in files { try writeFile("\(folder)/\(name)", [1]) }
    #expect(try refusal() == nil)
  }

  @Test(arguments: ["model.safetensors", "000001.txt", "journal", "numbers.txt", "NUMBERS"])
  func otherFilesAreRefused(name: String) throws {
    try mkdir(folder)
    try writeFile("\(folder)/\(name)", [1])
    #expect(try refusal() == "a folder of other files, such as \(name)")
    try mkdir("\(folder)/.a")
    #expect(unlink("\(folder)/\(name)") == 0)
    #expect(try refusal() == nil)
  }

  /// Other programs call files `lock`, too.
  @Test(arguments: [("", true), ("4711\n", true), ("held by me", false)])
  func aLockIsADaemonsByItsContent(content: String, isOurs: Bool) throws {
    try mkdir(folder)
    try writeFile("\(folder)/lock", Array(content.utf8))
    try writeFile("\(folder)/other", [])
    #expect((try refusal() == nil) == isOurs)
  }

  @Test(arguments: [RunKind.events, .flagged], [true, false])
  func runsAreRefused(kind: RunKind, hasSegments: Bool) throws {
    let writer = try RunWriter(folder: folder, kind: kind, featureCount: 4)
    if hasSegments, kind == .events {
      try someEvents(1).withUnsafeBytes { try writer.append(records: $0) }
    }
    try writer.finish()
    let found = try #require(try refusal())
    #expect(found.hasPrefix(kind == .events ? "a recorded run" : "a run of flagged records"))
  }

  /// Each file of a journal tells that it is one, whatever else has got into the folder or was lost.
  @Test func aJournalIsTakenWithOtherFilesInIt() throws {
    try FlaggedJournal(folder: folder, featureCount: 4).finish()
    try writeFile("\(folder)/notes.txt", [1])
    let marks = ["lock", "numbers", "published"]
    for kept in marks {
      for name in marks where name != kept { unlink("\(folder)/\(name)") }
      #expect(try refusal() == nil, "\(kept)")
    }
    for name in marks { unlink("\(folder)/\(name)") }
    try writeFile("\(folder)/published.aside-2", [])
    #expect(try refusal() == nil)
  }

  private func mkdir(_ path: String) throws {
    if Glibc.mkdir(path, 0o755) != 0 { throw SystemCallError("make the folder", file: path) }
  }
}
