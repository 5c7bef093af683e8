internal import CLinux
internal import Glibc

/// A named operating-system thread that runs one closure to its end.
///
/// Threads and not tasks: the stream path must neither share an executor nor be suspended, and
/// numeric work runs best with one thread for each core.
package struct WorkerThread: ~Copyable {
  private let handle: pthread_t

  /// Starts `body` on a new thread. Ends the process with status 1 and a message where the system has
  /// no room for one.
  ///
  /// - Parameters:
  ///   - name: shown by `top -H`; the first 15 bytes are kept.
  ///   - processor: the processor to bind the thread to, nil for any.
  package init(
    name: String, processor: Int? = nil, body: @escaping @Sendable () -> Void
  ) {
    let start = Unmanaged.passRetained(ThreadStart(name: name, processor: processor, body: body))
    var created = pthread_t()
    let code = pthread_create(&created, nil, runThread, start.toOpaque())
    if code != 0 {
      // The program cannot work without the thread. What is journaled survives, as after a kill.
      var message =
        "error: thread \(name): found no room for it (\(String(cString: strerror(code)))); raise the "
        + "limits on threads and memory (ulimit -u, -v, -d), or ask for fewer workers\n"
      _ = message.withUTF8 { tamis_write_within(STDERR_FILENO, $0.baseAddress, $0.count, 1_000) }
      _exit(EXIT_FAILURE)
    }
    handle = created
  }

  /// Lets the thread run by itself, to the end of its closure or of the process. Use it in place of
  /// `join()`.
  package consuming func detach() {
    pthread_detach(handle)
  }

  /// Waits until the closure has returned. Call it exactly once.
  package consuming func join() {
    pthread_join(handle, nil)
  }
}

private final class ThreadStart: Sendable {
  let name: String
  let processor: Int?
  let body: @Sendable () -> Void

  init(name: String, processor: Int?, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.processor = processor
    self.body = body
  }
}

/// A free function, since a closure literal made in main-actor code traps on a foreign thread.
private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
  tamis_thread_set_name(start.name)
  if let processor = start.processor { _ = tamis_thread_set_affinity(CInt(processor)) }
  start.body()
  return nil
}

/// Runs `body(worker)` for each worker in 0 ..< `count`, worker 0 on the calling thread, and
/// returns when all are done.
package func withWorkers(_ count: Int, name: String, _ body: @escaping @Sendable (Int) -> Void) {
  precondition(count >= 1)
  runWorker(count - 1, name: name, body)
}

/// Recursion keeps each non-copyable thread handle in a frame of its own.
private func runWorker(_ last: Int, name: String, _ body: @escaping @Sendable (Int) -> Void) {
  guard last > 0 else { return body(0) }
  let thread = WorkerThread(name: "\(name)-\(last)") { body(last) }
  runWorker(last - 1, name: name, body)
  thread.join()
}
