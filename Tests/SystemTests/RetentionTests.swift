import EventRecords
import Foundation
import TestSupport
import Testing

/// A journal that is kept within limits, and a disk that fills.
@Suite(.serialized) struct RetentionTests {
  private func daemon(
    _ trained: TrainedFixture, _ journalKeys: [String], at journal: String = "journal"
  )
    throws -> Daemon
  {
    var choice = Daemon.Choice()
    // Every event is kept: some 1.3 MB.
    choice.unbiasedPrescale = 1
    // A batch goes into one segment: one of 256 would be larger than the limits here.
    choice.batchMax = 64
    choice.journal = journal
    choice.journalKeys = ["segment_bytes_max: 65536"] + journalKeys
    return try Daemon(trained, choice)
  }

  private func receiver(of daemon: Daemon, as name: String = "received") throws -> Receiver {
    let receiver = try Receiver(of: daemon, as: name)
    try waitUntil("it subscribes") { daemon.metric("tamis_output_subscribers") == 1 }
    return receiver
  }

  private func verify(_ trained: TrainedFixture, _ journal: String) throws -> String {
    try Programs.tamis(
      "verify", "--model", trained.model, "--calibration", trained.calibration, "--input",
      trained.anomalies, "--flagged", journal
    ).expectExit()
  }

  @Test func publishedRecordsAreDeletedAndNumbersGoOn() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try daemon(trained, ["keep_bytes_max: 131072"])
    let receiver = try receiver(of: daemon)
    try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    let kept = Int(daemon.metric("tamis_records_journaled_total"))
    // Sizes are looked at once a second: a small one may be that of the beginning.
    try waitUntil("the oldest are deleted") {
      daemon.metric("tamis_journal_oldest_number") > 300
        && daemon.metric("tamis_journal_size_bytes") <= 131_072
    }
    let oldest = Int(daemon.metric("tamis_journal_oldest_number"))
    #expect(oldest > 300)
    #expect(
      Int(daemon.metric("tamis_journal_records_deleted_total{published=\"true\"}")) == oldest - 1)
    #expect(daemon.metric("tamis_journal_records_deleted_total{published=\"false\"}") == 0)
    #expect(try receiver.end(having: kept).contains("received: \(kept) records"))
    let said = try Programs.peer(
      "catch_up.py", ["--connect", daemon.catchUp, "--from", "3"]
    ).expectExit()
    #expect(said.contains("gone: numbers 3 to \(oldest - 1)\n"))
    #expect(said.contains("records: \(kept - oldest + 1)\n"))
    #expect(try daemon.stop() == 0)
    let verified = try verify(trained, daemon.journal)
    #expect(verified.contains("verify: identical"))
    #expect(verified.contains("deleted_from_journal: \(oldest - 1)"))
    let inspected = try Programs.tamis("inspect", daemon.journal).expectExit()
    #expect(inspected.contains("numbers \(oldest) to \(kept)"))
    #expect(inspected.contains("deleted up to number \(oldest - 1)"))
    #expect(inspected.contains("published up to number \(kept)"))
    // A kill, with deletions behind the last manifest.
    try daemon.restart()
    #expect(Int(daemon.metric("tamis_journal_last_number")) == kept)
    #expect(
      Int(daemon.metric("tamis_journal_records_deleted_total{published=\"true\"}")) == oldest - 1)
    let again = try self.receiver(of: daemon, as: "received again")
    try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    try waitUntil("more are deleted") {
      Int(daemon.metric("tamis_journal_oldest_number")) > kept
        && daemon.metric("tamis_journal_size_bytes") <= 131_072
    }
    daemon.program.signal(SIGKILL)
    _ = try daemon.program.wait()
    again.program.signal(SIGTERM)
    _ = try again.program.wait()
    try Programs.tamis("inspect", daemon.journal).expectExit()
    try daemon.restart()
    // After a kill numbers go on behind the block that was reserved at the start.
    #expect(Int(daemon.metric("tamis_journal_last_number")) == kept + 65_536)
    #expect(try daemon.stop() == 0)
    try Programs.tamis("inspect", daemon.journal).expectExit()
  }

  @Test func whatWasNotPublishedIsKeptUnlessTold() throws {
    let trained = try TrainedFixture.shared.get()
    for isAllowed in [false, true] {
      let daemon = try daemon(
        trained, ["keep_bytes_max: 131072", "delete_unpublished: \(isAllowed)"])
      try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
      try daemon.waitForEvents(2_000)
      let kept = daemon.metric("tamis_records_journaled_total")
      let lost = { daemon.metric("tamis_journal_records_deleted_total{published=\"false\"}") }
      if isAllowed {
        try waitUntil("they are deleted") {
          lost() > 0 && daemon.metric("tamis_journal_size_bytes") <= 131_072
        }
        #expect(lost() == daemon.metric("tamis_journal_oldest_number") - 1)
        try waitUntil("what waits is what is left") {
          daemon.metric("tamis_records_waiting") == kept - lost()
        }
      } else {
        try waitUntil("it shows") { daemon.metric("tamis_journal_retention_held") == 1 }
        #expect(lost() == 0 && daemon.metric("tamis_journal_oldest_number") == 1)
        try daemon.waitForLog("were not published")
      }
      let receiver = try receiver(of: daemon)
      let left = Int(kept - lost())
      #expect(try receiver.end(having: left).contains("received: \(left) records"))
      if !isAllowed {
        try waitUntil("it is over") { daemon.metric("tamis_journal_retention_held") == 0 }
        try waitUntil("they are deleted") { daemon.metric("tamis_journal_size_bytes") <= 131_072 }
      }
      #expect(try daemon.stop() == 0)
    }
  }

  @Test func aQuietSegmentIsClosedWhenItIsOld() throws {
    let trained = try TrainedFixture.shared.get()
    let daemon = try daemon(trained, ["segment_age_max_s: 1"])
    try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    try waitUntil("no segment is open") {
      let names = try FileManager.default.contentsOfDirectory(atPath: daemon.journal)
      return names.contains { $0.hasSuffix(".flagged") }
        && !names.contains { $0.hasSuffix(".writing") }
    }
    #expect(try daemon.stop() == 0)
    #expect(try verify(trained, daemon.journal).contains("verify: identical"))
  }

  /// A file system that is really full: the daemon waits, shows it, and loses nothing.
  @Test func aFullFileSystemIsWaitedFor() throws {
    let trained = try TrainedFixture.shared.get()
    let disk = try SmallDisk(byteCount: (4 << 20) + ledgerByteCount)
    defer { disk.unmount() }
    guard disk.isMounted else { return }  // Mounting needs the superuser.
    let journal = disk.path + "/journal"
    let daemon = try daemon(trained, ["free_bytes_min: 524288"], at: journal)
    let filler = disk.path + "/filler"
    let count = (4 << 20) - 4 * 65_536
    #expect(FileManager.default.createFile(atPath: filler, contents: Data(count: count)))
    let replay = try Programs.tamis(
      "replay", trained.anomalies, "--connect", daemon.input, "--pattern", "push")
    try waitUntil("the stall shows") { daemon.metric("tamis_journal_stalled") == 1 }
    try waitUntil("the warning shows") { daemon.metric("tamis_journal_space_low") == 1 }
    #expect(daemon.metric("tamis_journal_free_bytes") < 524_288)
    try daemon.waitForLog("journal.free_bytes_min")
    try waitUntil("the health shows it") {
      httpGet(port: daemon.httpPort, "/healthz")?.status == 503
    }
    try FileManager.default.removeItem(atPath: filler)
    try replay.expectExit()
    try daemon.waitForEvents(2_000)
    #expect(daemon.metric("tamis_journal_stalled") == 0)
    #expect(try daemon.stop() == 0)
    #expect(try verify(trained, journal).contains("verify: identical"))
    #expect(try Programs.tamis("inspect", journal).expectExit().contains("whole"))
  }

  /// With limits the daemon makes the room that it may make: what was published goes early.
  @Test func aFullFileSystemIsFreedOfWhatWasPublished() throws {
    let trained = try TrainedFixture.shared.get()
    let disk = try SmallDisk(byteCount: (512 << 10) + ledgerByteCount)
    defer { disk.unmount() }
    guard disk.isMounted else { return }
    let daemon = try daemon(
      trained, ["keep_bytes_max: 1073741824", "free_bytes_min: 0"], at: disk.path + "/journal")
    let receiver = try receiver(of: daemon)
    try Programs.tamis("replay", trained.anomalies, "--connect", daemon.input).expectExit()
    try daemon.waitForEvents(2_000)
    let kept = Int(daemon.metric("tamis_records_journaled_total"))
    #expect(kept * 640 > 512 << 10)
    #expect(daemon.metric("tamis_journal_records_deleted_total{published=\"true\"}") > 0)
    #expect(daemon.metric("tamis_journal_records_deleted_total{published=\"false\"}") == 0)
    #expect(try receiver.end(having: kept).contains("received: \(kept) records"))
    #expect(try daemon.stop() == 0)
  }
}

/// What the open ledger beside the journal takes, in whole pages.
private let ledgerByteCount = 1_004 << 10

/// A file system of its own in memory.
private struct SmallDisk {
  let path: String
  let isMounted: Bool
  private let folder: TemporaryFolder

  init(byteCount: Int) throws {
    folder = TemporaryFolder()
    path = folder("disk")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    isMounted =
      try Launched(
        "/usr/bin/mount", ["-t", "tmpfs", "-o", "size=\(byteCount)", "tamis-test", path]
      ).wait() == 0
  }

  func unmount() { if isMounted { _ = try? Launched("/usr/bin/umount", ["-l", path]).wait() } }
}
