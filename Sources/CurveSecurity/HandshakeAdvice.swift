package import ZeroMQ

extension HandshakeFailure {
  /// What has happened, and what to do about it, for a log.
  package var sentence: String {
    let times = count == 1 ? "" : " (\(count) times)"
    switch reason {
    case .unknownKey:
      let shown = key?.text ?? ""
      return "refused \(address)\(times): its key \(shown) is not on the list of clients; "
        + "if it should come in, add the key to the list and have it read again, then start "
        + "the client again"
    case .connectionLimit:
      return "refused \(address)\(times): as many peers as are allowed are connected; "
        + "raise connections_max if they are all wanted"
    case .mechanism:
      return "\(address): a handshake failed\(times): one end is plain and the other wants CURVE; "
        + "give both a key, or neither"
    case .serverKey:
      return "\(address): a handshake failed\(times): the client takes the server for another one; "
        + "give it the public key of this server"
    case .malformed:
      return
        "\(address): a handshake failed\(times): the peer's socket is of a type that does not go "
        + "with ours, or the peer does not speak ZMTP 3; \(Self.socketTypes), and what is at the "
        + "other end"
    case .wrongSocketType:
      return
        "\(address): a handshake failed\(times): the peer's socket is of a type that does not go "
        + "with ours; \(Self.socketTypes), and whether the port is the one that was meant"
    case .penalty:
      return "refused \(address)\(times): a peer of this address was cut off a moment ago, and "
        + "too many wait at the door; find out what connects from there"
    case .incomplete:
      return "\(address): a handshake was not finished\(times): the peer left, or was silent, or "
        + "gave way since too many shook hands at a time; a client leaves when its socket is of a type "
        + "that does not go with ours or when it lacks its keys; \(Self.socketTypes), and look at the "
        + "network"
    case .refusedByServer:
      return "\(address) does not let us in\(times): "
        + "have our public key put on that server's list of clients, then restart"
    }
  }
}

extension HandshakeFailure {
  private static let socketTypes =
    "PUSH goes with PULL, PUB with SUB, and REQ or DEALER with the catch-up address: see `pattern` at "
    + "both ends"
}

extension ConnectionCut {
  /// What has happened, and what to do about it, for a log.
  package var sentence: String {
    let times = count == 1 ? "" : " (\(count) times)"
    let who = address.isEmpty ? "a peer of \(socket)" : "\(address) at \(socket)"
    switch reason {
    case .flood:
      return "cut off \(who)\(times): it sent more than a peer may, or parts that never became a "
        + "message; find out what connects there, and give keys only to programs that you run"
    case .memory:
      return
        "cut off \(who)\(times): messages that wait took more memory than input.total_bytes_max, "
        + "and it had brought the most; what it had sent is lost and counted as missing"
    case .slow:
      return
        "cut off \(who)\(times): it delayed the other receivers for output.slow_receiver_s; it "
        + "has to catch up on what it missed"
    case .idle:
      return
        "cut off \(who)\(times): connections_max peers were connected, another one came, and this one "
        + "had been idle longest; raise connections_max if they are all wanted"
    }
  }
}
