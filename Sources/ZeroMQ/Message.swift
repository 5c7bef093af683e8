internal import CZeroMQ

/// One received or outgoing message part, reused from call to call.
///
/// Its storage is allocated once; receiving into it releases what it held. Not copyable: there is
/// one owner of the content.
package struct Message: ~Copyable {
  // On the heap, since small contents lie inside zmq_msg_t and their address must not move.
  let pointer: UnsafeMutablePointer<zmq_msg_t>

  /// Creates an empty message.
  package init() {
    pointer = .allocate(capacity: 1)
    zmq_msg_init(pointer)
  }

  /// Creates a message with a copy of `bytes`.
  package init(copying bytes: some Collection<UInt8>) {
    let byteCount = bytes.count
    pointer = .allocate(capacity: 1)
    let result = zmq_msg_init_size(pointer, byteCount)
    precondition(result == 0, "no memory for a message of \(byteCount) bytes")
    UnsafeMutableRawBufferPointer(start: zmq_msg_data(pointer), count: byteCount)
      .copyBytes(from: bytes)
  }

  deinit {
    zmq_msg_close(pointer)
    pointer.deallocate()
  }

  /// The content, valid until this message is received into, sent, or destroyed.
  package var bytes: UnsafeRawBufferPointer {
    @_noAllocation @_noLocks get {
      UnsafeRawBufferPointer(start: zmq_msg_data(pointer), count: zmq_msg_size(pointer))
    }
  }

  /// The number of bytes of this part.
  package var byteCount: Int {
    @_noAllocation @_noLocks get { zmq_msg_size(pointer) }
  }

  /// Whether further parts of the same multipart message follow.
  package var hasMore: Bool {
    @_noAllocation @_noLocks get { zmq_msg_more(pointer) != 0 }
  }

  /// The descriptor of the connection that the message came by; -1 where that is not known.
  package var sourceDescriptor: Int { Int(zmq_msg_get(pointer, ZMQ_SRCFD)) }

  /// Whether a peer has sent it, and not the library itself, as it does for a subscriber that went.
  package var isFromPeer: Bool { zmq_msg_gets(pointer, "Socket-Type") != nil }
}
