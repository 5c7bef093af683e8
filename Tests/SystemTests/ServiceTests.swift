import Foundation
import Testing

/// What the daemon tells its service manager, as a real datagram socket receives it: when it is
/// ready, that it lives, and that it ends. The manager is `Peers/stuck.py`.
@Suite(.serialized) struct ServiceTests {
  private static let watchdogSeconds = 4.0

  @Test func theManagerIsToldOfStartReloadAndEnd() throws {
    let daemon = try managed(workers: 1)
    let first = try #require(notifications(of: daemon).first)
    #expect(first.text.hasPrefix("READY=1|STATUS="))
    daemon.program.signal(SIGHUP)
    try waitUntil("the reload is over") { count("READY=1", of: daemon) == 2 }
    let told = notifications(of: daemon).map(\.text).filter { $0 != "WATCHDOG=1" }
    let begun = try #require(told.firstIndex { $0.hasPrefix("RELOADING=1|MONOTONIC_USEC=") })
    let ended = try #require(told.lastIndex { $0.hasPrefix("READY=1") })
    #expect(begun < ended)
    #expect(try daemon.stop() == 0)
    let stopping = notifications(of: daemon).filter { $0.text.hasPrefix("STOPPING=1") }
    #expect(stopping.count == 1)
  }

  @Test func aQuietStreamFeedsTheWatchdog() throws {
    let daemon = try managed(workers: 1)
    let end = ContinuousClock.now + .seconds(2.5 * Self.watchdogSeconds)
    try waitUntil("a quiet while, fed five times") {
      ContinuousClock.now > end && count("WATCHDOG=1", of: daemon) >= 5
    }
    let fed = notifications(of: daemon).filter { $0.text == "WATCHDOG=1" }.map(\.seconds)
    #expect(fed.count >= 5)
    for (last, next) in zip(fed, fed.dropFirst()) { #expect(next - last < Self.watchdogSeconds) }
    #expect(daemon.decided == 0)
    #expect(try daemon.stop() == 0)
  }

  /// One thread of the pipeline stands still while events wait, the only one that scores or the one
  /// that decides; all others, the one that feeds the watchdog among them, run on.
  @Test(arguments: [(1, "tamis-2"), (2, "tamis-1")])
  func aStuckThreadStarvesTheWatchdog(workers: Int, thread: String) throws {
    let daemon = try managed(workers: workers, stopping: thread)
    let sender = try Programs.peer(
      "send.py",
      ["--generate", "2000000", "--rate", "2000", "--batch", "16", "--connect", daemon.input])
    try daemon.waitForEvents(2_000)
    daemon.program.signal(SIGUSR1)
    try waitUntil("the thread is stopped") { count("stopped", of: daemon) == 1 }
    let stopped = try #require(notifications(of: daemon).last { $0.text == "stopped" }).seconds
    // A second interval long nothing comes.
    let end = ContinuousClock.now + .seconds(2 * Self.watchdogSeconds)
    try waitUntil("two intervals have passed") { ContinuousClock.now > end }
    let late = notifications(of: daemon).filter {
      $0.text == "WATCHDOG=1" && $0.seconds > stopped + Self.watchdogSeconds
    }
    #expect(late.isEmpty)
    try waitUntil("the health shows it") {
      httpGet(port: daemon.httpPort, "/healthz")?.status == 503
    }
    daemon.program.signal(SIGUSR2)
    let decided = daemon.decided
    let fed = count("WATCHDOG=1", of: daemon)
    try daemon.waitForEvents(decided + 4_000)
    try waitUntil("the watchdog is fed again") { count("WATCHDOG=1", of: daemon) > fed + 1 }
    try waitUntil("the health is well") {
      httpGet(port: daemon.httpPort, "/healthz")?.status == 200
    }
    sender.signal(SIGKILL)
    #expect(try daemon.stop() == 0)
  }

  private func managed(workers: Int, stopping thread: String = "tamis-2") throws -> Daemon {
    var choice = Daemon.Choice()
    choice.workers = workers
    // Threads are called tamis-1 (output), tamis-2 (the first that scores), and so on.
    choice.launcher = [
      Programs.python, "\(Programs.root)/Tests/SystemTests/Peers/stuck.py",
      "\(Int(Self.watchdogSeconds * 1000))", thread,
    ]
    let daemon = try Daemon(try TrainedFixture.shared.get(), choice)
    try waitUntil("READY=1") { count("READY=1", of: daemon) == 1 }
    return daemon
  }

  private func notifications(of daemon: Daemon) -> [(seconds: Double, text: String)] {
    daemon.program.output.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let seconds = Double(parts[0]) else { return nil }
      return (seconds, String(parts[1]))
    }
  }

  private func count(_ beginning: String, of daemon: Daemon) -> Int {
    notifications(of: daemon).filter { $0.text.hasPrefix(beginning) }.count
  }
}
