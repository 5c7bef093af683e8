internal import BoundedNumbers
internal import StrictJSON

/// Connections to the daemon's sockets.
package struct ConnectionFacts: Equatable, Sendable {
  /// One of its sockets.
  package struct Socket: Equatable, Sendable {
    /// `input`, `output` or `catch_up`.
    package var name: String
    /// Connections established now.
    package var established: Int
    /// Handshakes that succeeded.
    package var accepted: UInt64
    /// Whether it needs a connection to be of use: a socket that connects and does not listen.
    package var needsOne: Bool

    /// Creates the facts.
    package init(name: String, established: Int, accepted: UInt64, needsOne: Bool) {
      self.name = name
      self.established = established
      self.accepted = accepted
      self.needsOne = needsOne
    }
  }

  /// Handshakes that failed on one socket for one reason.
  package struct Failure: Equatable, Sendable {
    /// The socket's name.
    package var socket: String
    /// Why, in a word of a fixed list.
    package var reason: String
    /// How many.
    package var count: UInt64

    /// Creates the facts.
    package init(socket: String, reason: String, count: UInt64) {
      self.socket = socket
      self.reason = reason
      self.count = count
    }
  }

  /// The sockets.
  package var sockets: [Socket]
  /// Failed handshakes.
  package var failures: [Failure]
  /// Connections that were cut off.
  package var cuts: [Failure]

  /// Creates the facts.
  package init(sockets: [Socket], failures: [Failure] = [], cuts: [Failure] = []) {
    self.cuts = cuts
    self.sockets = sockets
    self.failures = failures
  }

  /// Whether nobody is connected to the output.
  var isWithoutReceiver: Bool {
    sockets.contains { $0.name == "output" && $0.established == 0 }
  }

  /// All failed handshakes.
  package var failed: UInt64 { failures.map(\.count).saturatingSum }
}

extension ConnectionFacts.Socket {
  static let figures: [Figure<ConnectionFacts.Socket>] = [
    Figure("socket") { .text($0.name) },
    Figure("established", "tamis_connections", "Connections established, by socket.") {
      .integer($0.established)
    },
    Figure("handshakes", "tamis_handshakes_total", "Handshakes with peers that succeeded.") {
      .count($0.accepted)
    },
    Figure("needs_one") { .truth($0.needsOne) },
  ]
}

extension ConnectionFacts {
  var json: JSONValue {
    .object([
      "sockets": .array(sockets.map { Socket.figures.json(of: $0) }),
      "failed_handshakes": .array(
        failures.map {
          .object([
            "socket": .string($0.socket), "reason": .string($0.reason),
            "count": .integer($0.count),
          ])
        }),
    ])
  }
}

/// The socket for records of the past.
package struct CatchUpFacts: Equatable, Sendable {
  /// Requests with one result.
  package struct Requests: Equatable, Sendable {
    /// The result, in a word of a fixed list such as `ok`.
    package var result: String
    /// How many.
    package var count: UInt64

    /// Creates the facts.
    package init(result: String, count: UInt64) {
      self.result = result
      self.count = count
    }
  }

  /// Requests by result.
  package var requests: [Requests]
  /// Records sent again.
  package var records: UInt64
  /// Replies that could not be delivered: the consumer was gone, or does not read.
  package var unanswered: UInt64
  /// Records asked for and left out because they are damaged on the disk.
  package var unreadable: UInt64

  /// Creates the facts.
  package init(
    requests: [Requests], records: UInt64, unanswered: UInt64 = 0, unreadable: UInt64 = 0
  ) {
    self.requests = requests
    self.records = records
    self.unanswered = unanswered
    self.unreadable = unreadable
  }
}

extension CatchUpFacts {
  static let figures: [Figure<CatchUpFacts>] = [
    Figure(
      "requests", "tamis_catch_up_requests_total", "Requests for records of the past, by result."
    ) { .labelled("result", $0.requests.map { ($0.result, $0.count) }) },
    Figure("records", "tamis_catch_up_records_total", "Records of the past that were sent.") {
      .count($0.records)
    },
    Figure(
      "unanswered", "tamis_catch_up_unanswered_total",
      "Replies that could not be delivered: the consumer was gone, or does not read."
    ) { .count($0.unanswered) },
    Figure(
      "unreadable", "tamis_catch_up_unreadable_total",
      "Records asked for and left out because they are damaged on the disk."
    ) { .count($0.unreadable) },
  ]
}
