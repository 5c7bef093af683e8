/// The connections of an endpoint. There is always room for one more: where all places are taken,
/// the connection goes that has waited longest for its client, and first of all one that was answered
/// and has asked for nothing more.
///
/// Used on the endpoint's event loop alone.
final class OpenConnections {
  /// What a connection waits for, in the order in which they give way.
  enum Waiting: Int, Comparable {
    /// An answered client, which sends no further request.
    case nextRequest
    /// A client that has not completed its first request, or does not take its reply. The two are one
    /// kind: else who has just come would give way to those that take no reply.
    case firstRequestOrTaking

    static func < (one: Waiting, other: Waiting) -> Bool { one.rawValue < other.rawValue }
  }

  private struct Place {
    var waiting: Waiting
    /// Grows with each change, over all connections.
    var turn: UInt64
    let close: () -> Void
  }

  private let countMax: Int
  private var places: [ObjectIdentifier: Place] = [:]
  private var turn: UInt64 = 0

  init(countMax: Int) { self.countMax = max(1, countMax) }

  /// Takes in a connection, closing another where all places are taken.
  func enter(_ connection: ObjectIdentifier, close: @escaping () -> Void) {
    if places.count >= countMax {
      let leaving = places.min {
        ($0.value.waiting, $0.value.turn) < ($1.value.waiting, $1.value.turn)
      }
      if let leaving {
        places[leaving.key] = nil
        leaving.value.close()
      }
    }
    turn += 1
    places[connection] = Place(waiting: .firstRequestOrTaking, turn: turn, close: close)
  }

  /// Notes what a connection waits for from now on.
  func note(_ connection: ObjectIdentifier, _ waiting: Waiting) {
    guard places[connection] != nil else { return }
    turn += 1
    places[connection]?.waiting = waiting
    places[connection]?.turn = turn
  }

  /// A connection has gone.
  func leave(_ connection: ObjectIdentifier) { places[connection] = nil }
}
