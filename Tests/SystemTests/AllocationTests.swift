import Foundation
import TestSupport
import Testing

/// Once it is warm the daemon allocates nothing for events: every allocation of its threads is
/// counted while a stream of some hundred thousand events passes.
@Suite(.serialized) struct AllocationTests {
  @Test(arguments: [(1, "exact"), (0, "screened"), (2, "screened")])
  func eventsAreNotAllocatedFor(workers: Int, precision: String) throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    var choice = Daemon.Choice()
    choice.workers = workers
    choice.precision = precision
    choice.environment = [
      "LD_PRELOAD": try preloaded(folder), "TAMIS_MALLOC_COUNTS": folder("counts"),
    ]
    let daemon = try Daemon(trained, choice)
    let receiver = try Programs.peer("receive.py", ["--connect", daemon.output, "--quiet"])
    try waitUntil("it subscribes") { daemon.metric("tamis_output_subscribers") == 1 }
    // One run of 400,000 events; the counts are taken within it, since its begin and its end may
    // allocate.
    let run = folder("run.npy")
    try Programs.tamis(
      "simulate", "background", "--events", "400000", "--seed", "7", "--out", run
    ).expectExit()
    let replay = try Programs.tamis(
      "replay", run, "--connect", daemon.input, "--pace", "60000/s", "--batch", "16")
    try daemon.waitForEvents(60_000)
    // The stream stands still while it is looked at, however long that takes.
    let (firstEvents, before) = try standingStill(daemon, replay) { try counts(folder) }
    try daemon.waitForEvents(firstEvents + 250_001)
    let (lastEvents, after) = try standingStill(daemon, replay) { try counts(folder) }
    let passed = lastEvents - firstEvents
    #expect(lastEvents < 400_000)
    #expect(passed > 250_000)
    #expect(daemon.metric("tamis_records_journaled_total") > 1_000)
    #expect(after.own == before.own, "allocations for \(passed) events")
    // libzmq allocates for what it sends; that this is seen shows that the counting works.
    #expect(after.zeromq > before.zeromq)
    #expect(before.own > 0)
    try replay.expectExit()
    #expect(try daemon.stop() == 0)
    receiver.signal(SIGKILL)
  }

  /// What `look` sees while the sender is stopped and nothing is on its way, and the events decided then.
  private func standingStill<Seen>(
    _ daemon: Daemon, _ sender: Launched, _ look: () throws -> Seen
  ) throws -> (events: Int, seen: Seen) {
    sender.signal(SIGSTOP)
    defer { sender.signal(SIGCONT) }
    var last = -1
    try waitUntil("nothing is on its way") {
      let page = daemon.metrics()
      defer { last = page.decided }
      usleep(200_000)
      return page.sum("tamis_ring_records") == 0 && page.decided == last
    }
    return (daemon.decided, try look())
  }

  /// The library to preload, compiled here: Swift on Linux brings a C compiler.
  private func preloaded(_ folder: TemporaryFolder) throws -> String {
    let library = folder("libcounter.so")
    try Launched(
      "/usr/bin/env",
      [
        "clang", "-shared", "-fPIC", "-O1", "-o", library,
        "\(Programs.root)/Tests/SystemTests/Peers/malloc_counter.c",
      ]
    ).expectExit()
    return library
  }

  /// Allocations so far: of the daemon's own code, and of libzmq in the daemon's threads.
  private func counts(_ folder: TemporaryFolder) throws -> (own: UInt64, zeromq: UInt64) {
    let data = try Data(contentsOf: URL(fileURLWithPath: folder("counts")))
    guard data.count == 16 else { throw Failure("\(data.count) bytes of counts") }
    return data.withUnsafeBytes {
      ($0.load(as: UInt64.self), $0.load(fromByteOffset: 8, as: UInt64.self))
    }
  }
}
