import Foundation
import TestSupport

/// `receive.py` at a daemon's output: it writes what it gets into a run, and ends when a test has seen
/// that all is there. How long that takes depends on the machine.
final class Receiver {
  let run: String
  let program: Launched

  init(
    of daemon: Daemon, pattern: String = "pub", as name: String = "received",
    options: [String] = []
  ) throws {
    run = daemon.folder(name)
    program = try Programs.peer(
      "receive.py",
      [
        "--connect", daemon.output, "--pattern", pattern == "pub" ? "sub" : "pull", "--out", run,
        "--quiet",
      ] + options)
  }

  /// Records that are written.
  var recordCount: Int { flaggedByteCount(in: run) / 640 }

  /// Waits until `count` records are written, ends it in order, and returns what it says.
  func end(having count: Int) throws -> String {
    try waitUntil("\(count) records are received, have \(recordCount)\n\(program.errors)") {
      if !program.isRunning { throw Failure("the receiver ended:\n\(program.errors)") }
      return recordCount >= count
    }
    program.signal(SIGTERM)
    return try program.expectExit()
  }
}

/// Bytes of the segments of flagged records in a folder; a record of 64 features takes 640.
func flaggedByteCount(in folder: String) -> Int {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  return names.filter { $0.contains(".flagged") }.reduce(0) { sum, name in
    let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
    return sum + (attributes?[.size] as? Int ?? 0)
  }
}
