internal import CZeroMQ
internal import CZeroMQEvents
internal import Glibc

/// The version of the ZeroMQ library in use, such as "4.3.4".
package func version() -> String {
  var major: CInt = 0
  var minor: CInt = 0
  var patch: CInt = 0
  zmq_version(&major, &minor, &patch)
  return "\(major).\(minor).\(patch)"
}

/// Whether a connection that breaks while the library does not read it is kept from ending this process.
/// False where the library is linked statically, and under the thread sanitizer.
package var isGuardedAgainstBrokenConnections: Bool { tamis_zmq_events_are_filtered() }

/// A ZeroMQ context: the input/output threads and the inproc namespace that its sockets share.
///
/// Sockets retain their context, so it ends after the last of them. Threads of the library block
/// all signals.
///
/// `@unchecked`: the pointer is constant, and libzmq lets any thread use a context.
package final class Context: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer

  /// Descriptors that the library takes for two threads, the first sockets and their connections: 8 were
  /// counted for one socket. Where it finds none it ends the process (src/epoll.cpp, src/signaler.cpp).
  package static let descriptorCount = 16

  /// Creates a context with one thread that moves bytes, which serves about a gigabyte a second.
  ///
  /// - Parameter socketCountMax: sockets that may be open at a time.
  /// - Throws: `ZeroMQError.descriptors` where fewer than `descriptorCount` descriptors are free.
  package init(socketCountMax: Int = 1_023) throws(ZeroMQError) {
    let free = freeDescriptors(upTo: Self.descriptorCount)
    guard free.count >= Self.descriptorCount else {
      throw .descriptors(free: free.count, expected: Self.descriptorCount, code: free.code)
    }
    guard let pointer = zmq_ctx_new() else {
      throw .call(.createContext, code: zmq_errno())
    }
    self.pointer = pointer
    guard let count = CInt(exactly: socketCountMax),
      zmq_ctx_set(pointer, ZMQ_MAX_SOCKETS, count) == 0
    else { throw .call(.createContext, code: EINVAL) }
  }

  deinit {
    // Interrupted calls are repeated: a context that is not terminated leaks its threads.
    while zmq_ctx_term(pointer) == -1, zmq_errno() == EINTR {}
  }

  /// Makes every blocked and every later call on this context's sockets throw
  /// `ZeroMQError.terminated`, in all threads. The sockets must then be given up.
  package func shutdown() {
    zmq_ctx_shutdown(pointer)
  }
}

/// How many descriptors the process may still open, as far as `count`, and the errno of the one that it may
/// not. They are taken for a moment.
private func freeDescriptors(upTo count: Int) -> (count: Int, code: CInt) {
  var taken: [CInt] = []
  defer { for descriptor in taken { close(descriptor) } }
  while taken.count < count {
    let descriptor = open("/", O_RDONLY | O_CLOEXEC)
    if descriptor < 0 {
      let code = errno
      // A folder that may not be opened says nothing of descriptors.
      return (code == EMFILE || code == ENFILE ? taken.count : count, code)
    }
    taken.append(descriptor)
  }
  return (count, 0)
}
