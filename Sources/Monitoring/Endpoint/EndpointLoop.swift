internal import CLinux
internal import CMicroHTTPD
internal import Glibc
internal import Synchronization

/// The work of an endpoint's thread: takes connections in, serves them, and does something once a
/// second.
///
/// Unchecked: `connections` belongs to the thread that calls `run()`; all else is constant or
/// atomic.
final class EndpointLoop: @unchecked Sendable {
  private let socket: ListeningSocket
  private let connections: HTTPConnections
  private let everySecond: @Sendable () -> Void
  private let isEnding = Atomic(false)
  /// A pipe: a byte written at one end wakes the thread, which waits at the other.
  private let wake: (reading: CInt, writing: CInt)

  /// Connections that are taken in at a time. Fewer than there are places: who has come must not
  /// give way before it was looked at.
  private static let acceptCountMax = 16
  private static let secondNs: UInt64 = 1_000_000_000
  /// For how long no connection is taken in where the system had no room for one.
  private static let pauseNs: UInt64 = 100_000_000

  /// Nil where the system has no room.
  init?(
    _ socket: ListeningSocket, _ service: RequestService, limits: HTTPEndpoint.Limits,
    everySecond: @escaping @Sendable () -> Void
  ) {
    var ends: [CInt] = [-1, -1]
    guard let connections = HTTPConnections(service, limits: limits), tamis_http_pipe(&ends) == 0
    else { return nil }
    self.socket = socket
    self.connections = connections
    self.everySecond = everySecond
    wake = (ends[0], ends[1])
  }

  deinit {
    close(wake.reading)
    close(wake.writing)
  }

  /// Lets `run()` return, from any thread.
  func end() {
    isEnding.store(true, ordering: .relaxed)
    _ = write(wake.writing, [UInt8(1)], 1)
  }

  /// Serves until `end()` is called, and then closes everything.
  func run() {
    var nextSecondNs = tamis_monotonic_ns() + Self.secondNs
    var acceptsFromNs: UInt64 = 0
    while !isEnding.load(ordering: .relaxed) {
      var nowNs = tamis_monotonic_ns()
      let isAccepting = nowNs >= acceptsFromNs
      let untilNs = isAccepting ? nextSecondNs : min(nextSecondNs, acceptsFromNs)
      let longestMs = untilNs > nowNs ? Int((untilNs - nowNs + 999_999) / 1_000_000) : 0
      var awaited = [
        pollfd(fd: isAccepting ? socket.descriptor : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: connections.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: wake.reading, events: Int16(POLLIN), revents: 0),
      ]
      poll(&awaited, nfds_t(awaited.count), CInt(connections.waitMs(longest: longestMs)))
      if awaited[0].revents != 0, !takeIn() {
        acceptsFromNs = tamis_monotonic_ns() + Self.pauseNs
      }
      connections.serve()
      nowNs = tamis_monotonic_ns()
      if nowNs >= nextSecondNs {
        nextSecondNs = nowNs + Self.secondNs
        everySecond()
      }
    }
    socket.stop()
    connections.close()
  }

  /// Takes in who has come; false where the system has no room for a connection.
  private func takeIn() -> Bool {
    for _ in 0..<Self.acceptCountMax {
      var address = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let isTaken = withUnsafeMutablePointer(to: &address) { storage in
        storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          let client = accept(socket.descriptor, address, &length)
          if client >= 0 { connections.add(client, address, length) }
          return client >= 0
        }
      }
      if !isTaken { return ![EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) }
    }
    return true
  }
}
