internal import CZeroMQ

/// The connection that a message came by. It is told from a later one that got the same descriptor.
package struct PeerConnection: Hashable, Sendable {
  private let descriptor: Int
  private let inode: UInt64

  /// Nil where the message is the library's own, and where its connection has gone.
  package init?(of message: borrowing Message) {
    guard message.isFromPeer else { return nil }
    descriptor = message.sourceDescriptor
    inode = connectionIdentity(descriptor)
    if inode == 0 { return nil }
  }

  /// Whether it is still the connection that it was, and its peer has not ended it.
  package var isOpen: Bool {
    connectionIdentity(descriptor) == inode
      && tamis_connection_has_ended(CInt(truncatingIfNeeded: descriptor)) == 0
  }
}

/// A number that tells a connection from a later one with the same descriptor; 0 where there is no
/// connection.
package func connectionIdentity(_ descriptor: Int) -> UInt64 {
  tamis_connection_inode(CInt(truncatingIfNeeded: descriptor))
}
