import Glibc
import ServiceNotify
import Testing

/// The messages of sd_notify(3), as a real datagram socket receives them.
@Suite struct ServiceNotifierTests {
  @Test(arguments: [false, true])
  func aMessageArrivesAsTheManagerReadsIt(abstract: Bool) throws {
    let manager = try ManagerSocket(abstract: abstract)
    let notifier = try #require(
      try ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.name]))
    #expect(notifier.ready(status: "calibration: loose, tight") == nil)
    #expect(manager.receive() == "READY=1\nSTATUS=calibration: loose, tight")
    #expect(notifier.watchdog() == nil)
    #expect(manager.receive() == "WATCHDOG=1")
    #expect(notifier.status("12 events/s") == nil)
    #expect(manager.receive() == "STATUS=12 events/s")
    #expect(notifier.stopping(withinNs: 12_000_000_000) == nil)
    #expect(
      manager.receive() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=12000000\nSTATUS=draining")
    #expect(manager.receive() == nil)
  }

  @Test func aReloadSaysWhenItBegan() throws {
    let manager = try ManagerSocket(abstract: true)
    let notifier = try #require(
      try ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.name]))
    let before = monotonicUs()
    #expect(notifier.reloading() == nil)
    let after = monotonicUs()
    let lines = try #require(manager.receive()).split(separator: "\n")
    #expect(lines.first == "RELOADING=1")
    let stamp = try #require(lines.last?.split(separator: "="))
    #expect(lines.count == 2 && stamp.first == "MONOTONIC_USEC")
    let time = try #require(stamp.last.flatMap { UInt64($0) })
    #expect((before...after).contains(time))
  }

  @Test func aStatusIsOneLineOfBoundedLength() throws {
    let manager = try ManagerSocket(abstract: true)
    let notifier = try #require(
      try ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.name]))
    // A line break would let a status say READY or MAINPID.
    notifier.status("a\nMAINPID=1\r\u{7F}\u{0}b")
    #expect(manager.receive() == "STATUS=a MAINPID=1   b")
    // No character is cut in two: each of these has three bytes.
    notifier.status(String(repeating: "\u{2603}", count: 2000))
    let long = try #require(manager.receive())
    #expect(long.utf8.count <= 1024 && long.utf8.count > 1024 - 3)
    #expect(long.dropFirst("STATUS=".count).allSatisfy { $0 == "\u{2603}" })
  }

  @Test func withoutASocketThereIsNoNotifier() throws {
    #expect(try ServiceNotifier(environment: [:]) == nil)
    #expect(try ServiceNotifier(environment: ["NOTIFY_SOCKET": ""]) == nil)
    #expect(try ServiceNotifier(environment: ["WATCHDOG_USEC": "1000000"]) == nil)
  }

  @Test(
    arguments: [
      "relative/path", "/", "@", "vsock:2:1234", "/a\u{0}b",
      "/" + String(repeating: "x", count: 108), "@" + String(repeating: "x", count: 108),
    ])
  func aNameThatCannotBeUsedIsSaid(name: String) throws {
    let failure = #expect(throws: NotifyFailure.self) {
      try ServiceNotifier(environment: ["NOTIFY_SOCKET": name])
    }
    #expect(failure?.description.contains("NOTIFY_SOCKET") == true)
  }

  @Test func theLongestNamesWork() throws {
    let name = "@" + String(repeating: "x", count: 106)
    #expect(try ServiceNotifier(environment: ["NOTIFY_SOCKET": name]) != nil)
    #expect(
      try ServiceNotifier(environment: ["NOTIFY_SOCKET": "/" + name.dropFirst()]) != nil)
  }

  @Test func aManagerThatIsGoneIsAValue() throws {
    var manager: ManagerSocket? = try ManagerSocket(abstract: false)
    let name = try #require(manager?.name)
    let notifier = try #require(try ServiceNotifier(environment: ["NOTIFY_SOCKET": name]))
    manager = nil
    let failure = try #require(notifier.ready(status: ""))
    #expect(failure.socketName == name)
    #expect(failure.description.contains("\(name): No such file or directory"))
  }

  /// The receiver's queue is short; a manager that does not read must not stop the daemon.
  @Test func aManagerThatDoesNotReadDoesNotBlock() throws {
    let manager = try ManagerSocket(abstract: true)
    let notifier = try #require(
      try ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.name]))
    var sent = 0
    var failure: NotifyFailure?
    while failure == nil, sent < 1_000_000 {
      failure = notifier.watchdog()
      if failure == nil { sent += 1 }
    }
    #expect(failure?.explanation == String(cString: strerror(EAGAIN)))
    // What was taken arrives, and there is room again.
    for _ in 0..<sent { #expect(manager.receive() == "WATCHDOG=1") }
    #expect(manager.receive() == nil)
    #expect(notifier.watchdog() == nil)
    #expect(manager.receive() == "WATCHDOG=1")
  }

  @Test func theSocketIsNotInherited() throws {
    let notifier = try #require(try ServiceNotifier(environment: ["NOTIFY_SOCKET": "@tamis"]))
    #expect(fcntl(notifier.descriptor, F_GETFD) & FD_CLOEXEC != 0)
  }

  @Test(
    arguments: [
      (["WATCHDOG_USEC": "3000000"], 3_000_000_000),
      (["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "77"], 3_000_000_000),
      (["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "78"], nil),
      (["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "mine"], nil),
      ([:], nil), (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "soon"], nil),
      (["WATCHDOG_USEC": "-1"], nil), (["WATCHDOG_USEC": "18446744073709551615"], nil),
    ] as [([String: String], UInt64?)])
  func theWatchdogIsThisProcesss(asked: [String: String], intervalNs: UInt64?) throws {
    let environment = asked.merging(["NOTIFY_SOCKET": "@tamis"]) { $1 }
    let notifier = try #require(try ServiceNotifier(environment: environment, process: 77))
    #expect(notifier.watchdogIntervalNs == intervalNs)
  }
}

private func monotonicUs() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
}
