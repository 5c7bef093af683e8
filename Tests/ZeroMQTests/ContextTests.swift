internal import Glibc
internal import Synchronization
internal import Testing
internal import ZeroMQ

@Suite struct ContextTests {
  @Test func versionIsThreeNumbers() {
    let parts = version().split(separator: ".")
    #expect(parts.count == 3)
    #expect(parts.allSatisfy { Int($0) != nil })
  }

  @Test func connectionsThatBreakEndNothing() { #expect(isGuardedAgainstBrokenConnections) }

  @Test func shutdownWakesABlockedReceiver() throws {
    let context = try Context()
    let report = Report()
    let thread = startThread {
      do {
        let socket = try Socket(context, .pull)
        try socket.bind("inproc://nothing-comes")
        report.begun.store(true, ordering: .releasing)
        var message = Message()
        _ = try socket.receive(into: &message, blocking: true)
      } catch let error as ZeroMQError {
        report.error.withLock { $0 = error }
      } catch {}
    }
    _ = eventually { report.begun.load(ordering: .acquiring) ? true : nil }
    context.shutdown()
    pthread_join(thread, nil)
    #expect(report.error.withLock { $0 } == .terminated)
  }

  @Test func everyCallAfterShutdownIsTerminated() throws {
    let context = try Context()
    let socket = try makeSocket(context, .pull)
    context.shutdown()
    var message = Message()
    #expect(throws: ZeroMQError.terminated) { try socket.bind("inproc://a") }
    #expect(throws: ZeroMQError.terminated) { try Socket(context, .push) }
    #expect(throws: ZeroMQError.terminated) { try socket.receive(into: &message) }
    #expect(throws: ZeroMQError.terminated) { try socket.set(.sendHighWaterMark(1)) }
    #expect(throws: ZeroMQError.terminated) { try socket.lastEndpoint() }
  }

  /// The library would end the process.
  @Test func withoutDescriptorsThereIsNoContext() {
    let error = ZeroMQError.descriptors(free: 3, expected: Context.descriptorCount, code: EMFILE)
    #expect(
      error.description
        == "cannot create a context: found 3 free descriptors (Too many open files), expected 16; raise "
        + "the limit of open files (ulimit -n)")
  }

  @Test func tooManySocketsSaysWhatToRaise() throws {
    let context = try Context(socketCountMax: 1)
    let first = try Socket(context, .pair)
    let error = #expect(throws: ZeroMQError.self) { try Socket(context, .pair) }
    #expect(
      error?.description
        == "cannot create a socket: Too many open files; raise the limit of open files (ulimit -n) "
        + "or of sockets of the context")
    #expect(first.kind == .pair)
  }
}

private final class Report: Sendable {
  let begun = Atomic(false)
  let error = Mutex<ZeroMQError?>(nil)
}
