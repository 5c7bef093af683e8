public import ZeroMQ

extension HandshakeFailure {
  /// What has happened, and what to do about it, for a log.
  public var sentence: String {
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
      return "\(address): a handshake failed\(times): the peer does not speak ZMTP 3; "
        + "find out what connects to this port"
    case .incomplete:
      return "\(address): a handshake was not finished\(times): the peer left or was silent; "
        + "if it is a client of ours, see whether it has its keys, and look at the network"
    case .refusedByServer:
      return "\(address) does not let us in\(times): "
        + "have our public key put on that server's list of clients, then restart"
    }
  }
}
