internal import CZeroMQ

/// The connection that a message came by. It is told from a later one that got the same descriptor.
package struct PeerConnection: Hashable, Sendable {
  private let descriptor: Int
  private let inode: UInt64

  /// Nil where the message is the library's own, and where its connection has gone.
  package init?(of message: borrowing Message) {
    guard message.isFromPeer else { return nil }
    descriptor = message.sourceDescriptor
    inode = tamis_connection_inode(CInt(descriptor))
    if inode == 0 { return nil }
  }

  /// Whether it is still the connection that it was.
  package var isOpen: Bool { tamis_connection_inode(CInt(descriptor)) == inode }
}
