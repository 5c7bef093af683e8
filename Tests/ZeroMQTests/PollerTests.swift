internal import Glibc
internal import Synchronization
internal import Testing
internal import ZeroMQ

@Suite struct PollerTests {
  @Test func tellsWhichSocketHasSomething() throws {
    let context = try Context()
    let quiet = try makeSocket(context, .pull)
    let pull = try makeSocket(context, .pull)
    let push = try makeSocket(context, .push)
    try quiet.bind("inproc://quiet")
    try join(pull, push)
    let poller = Poller([quiet, pull])
    #expect(try poller.wait(timeoutMs: 0) == 0)
    #expect(try push.send("x", blocking: true))
    #expect(try poller.wait(timeoutMs: 20_000) == 1)
    #expect(poller.readiness(at: 0) == [])
    #expect(poller.readiness(at: 1) == .receivable)
    #expect(try receiveText(pull) == "x")
    #expect(try poller.wait(timeoutMs: 1) == 0)
  }

  @Test func keepsItsSocketsOpen() throws {
    let context = try Context()
    let push = try makeSocket(context, .push)
    let address: String
    let poller: Poller
    do {
      let pull = try makeSocket(context, .pull)
      address = try join(pull, push)
      poller = Poller([pull])
    }
    #expect(!address.isEmpty)
    #expect(try push.send("x", blocking: true))
    #expect(try poller.wait(timeoutMs: 20_000) == 1)
  }

  /// A signal without SA_RESTART interrupts the calls inside the library; nobody must notice.
  @Test func signalsNeitherFailNorEndACall() throws {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = ignoreSignal
    try #require(sigaction(SIGUSR1, &action, nil) == 0)

    let context = try Context()
    let push = try makeSocket(context, .push)
    try push.bind("inproc://signals")
    let report = SignalReport()
    let thread = startThread {
      allowSignal()
      do {
        let pull = try makeSocket(context, .pull)
        try pull.connect("inproc://signals")
        let poller = Poller([pull])
        report.step.store(1, ordering: .releasing)
        let ready = try poller.wait(timeoutMs: 20_000)
        let first = try receiveText(pull)
        report.step.store(2, ordering: .releasing)
        let second = try receiveText(pull)
        report.received.withLock { $0 = ["\(ready)", first ?? "nothing", second ?? "nothing"] }
      } catch {
        report.received.withLock { $0 = ["\(error)"] }
      }
      report.step.store(3, ordering: .releasing)
    }
    for step in 1...2 {
      _ = eventually { report.step.load(ordering: .acquiring) >= step ? true : nil }
      for _ in 0..<20 {
        pthread_kill(thread, SIGUSR1)
        usleep(500)
      }
      #expect(try push.send("\(step)", blocking: true))
    }
    pthread_join(thread, nil)
    #expect(report.received.withLock { $0 } == ["1", "1", "2"])
    #expect(signalCount.load(ordering: .relaxed) >= 2)
  }
}

private final class SignalReport: Sendable {
  let step = Atomic(0)
  let received = Mutex<[String]>([])
}

private let signalCount = Atomic(0)

private func ignoreSignal(_ number: CInt) {
  signalCount.wrappingAdd(1, ordering: .relaxed)
}

/// Threads of the test runner block signals, and a new thread inherits that.
private func allowSignal() {
  var signals = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, SIGUSR1)
  pthread_sigmask(SIG_UNBLOCK, &signals, nil)
}
