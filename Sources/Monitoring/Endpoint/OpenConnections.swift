internal import Glibc

/// The places and the deadlines of an endpoint's connections. There is always room for one more:
/// where all places are taken, the connection goes that has waited longest for its client, and
/// first of all one that was answered and has asked for nothing more.
struct OpenConnections {
  /// What a connection waits for, in the order in which they give way.
  enum Waiting: Int, Comparable {
    /// An answered client, which sends no further request.
    case nextRequest
    /// A client that has not completed its first request, or does not take its reply. The two are
    /// one kind: else who has just come would give way to those that take no reply.
    case firstRequestOrTaking

    static func < (one: Waiting, other: Waiting) -> Bool { one.rawValue < other.rawValue }
  }

  private struct Place {
    var waiting: Waiting
    /// Grows with each change, over all connections.
    var turn: UInt64
    var deadlineNs: UInt64
    let socket: CInt
  }

  private let countMax: Int
  private let timeoutNs: UInt64
  private var places: [OpaquePointer: Place] = [:]
  private var turn: UInt64 = 0

  /// - Parameter timeoutMs: the longest time until a request is complete, however slowly its bytes
  ///   trickle, and until its reply is taken.
  init(countMax: Int, timeoutMs: Int) {
    self.countMax = max(1, countMax)
    timeoutNs = UInt64(max(1, timeoutMs)) * 1_000_000
  }

  /// Closes the connection that gives way, where all places are taken.
  mutating func makeRoom() {
    if places.count < countMax { return }
    let leaving = places.min {
      ($0.value.waiting, $0.value.turn) < ($1.value.waiting, $1.value.turn)
    }
    if let leaving { close(leaving.key) }
  }

  /// Takes in a connection.
  mutating func enter(_ connection: OpaquePointer, socket: CInt, nowNs: UInt64) {
    turn += 1
    places[connection] = Place(
      waiting: .firstRequestOrTaking, turn: turn, deadlineNs: nowNs + timeoutNs, socket: socket)
  }

  /// What a connection waits for from now on.
  mutating func note(_ connection: OpaquePointer, _ waiting: Waiting, nowNs: UInt64) {
    turn += 1
    places[connection]?.waiting = waiting
    places[connection]?.turn = turn
    places[connection]?.deadlineNs = nowNs + timeoutNs
  }

  /// A connection has gone, and its socket with it.
  mutating func leave(_ connection: OpaquePointer) { places[connection] = nil }

  /// Closes the connections whose clients have let them wait for too long.
  mutating func closeOverdue(nowNs: UInt64) {
    for connection in places.filter({ $0.value.deadlineNs <= nowNs }).keys { close(connection) }
  }

  /// Milliseconds until the next deadline, rounded up.
  func waitMs(nowNs: UInt64) -> Int {
    guard let next = places.values.map(\.deadlineNs).min() else { return .max }
    return next <= nowNs ? 0 : Int((next - nowNs + 999_999) / 1_000_000)
  }

  private mutating func close(_ connection: OpaquePointer) {
    if let place = places.removeValue(forKey: connection) {
      shutdown(place.socket, CInt(SHUT_RDWR))
    }
  }
}
