internal import CZeroMQ

/// A ZeroMQ socket, closed when the last reference goes.
///
/// Not thread-safe and not `Sendable`: one thread at a time uses it, and handing it from one thread
/// to another needs a synchronising step (starting a thread is one). A class, so that a `Poller`
/// can keep alive the sockets it watches.
package final class Socket {
  /// The messaging pattern's end that this socket is.
  package let kind: SocketKind
  /// The context that serves it.
  package let context: Context
  let pointer: UnsafeMutableRawPointer

  /// Creates a socket.
  ///
  /// - Parameters:
  ///   - lingerMs: how long the end of the context waits for messages that are not yet sent; -1 is
  ///     without limit (the library's own default, with which a program may never end).
  package init(_ context: Context, _ kind: SocketKind, lingerMs: Int = 0) throws(ZeroMQError) {
    guard let pointer = zmq_socket(context.pointer, kind.code) else {
      let code = zmq_errno()
      throw code == ETERM ? .terminated : .call(.createSocket, code: code)
    }
    self.kind = kind
    self.context = context
    self.pointer = pointer
    try set(.lingerMs(lingerMs))
  }

  deinit { zmq_close(pointer) }

  // MARK: Messages

  /// Receives one message part into `message`, replacing what it held.
  ///
  /// - Returns: false where nothing has arrived (or, blocking, where the receive timeout passed);
  ///   the message is then unchanged or empty.
  @_noAllocation @_noLocks
  package func receive(
    into message: inout Message, blocking: Bool = false
  ) throws(ZeroMQError) -> Bool {
    let flags = blocking ? 0 : ZMQ_DONTWAIT
    let target = message.pointer
    let source = pointer
    return try attempt(.receive) { zmq_msg_recv(target, source, flags) } != nil
  }

  /// Receives one message part, without waiting, into a message that a constant holds. This needs no
  /// check of exclusive access at run time, which `inout` does: a message's content is behind a
  /// pointer, and the caller must not read it meanwhile.
  ///
  /// - Returns: as `receive(into:)`.
  @_noAllocation @_noLocks
  package func receive(refilling message: borrowing Message) throws(ZeroMQError) -> Bool {
    let target = message.pointer
    let source = pointer
    return try attempt(.receive) { zmq_msg_recv(target, source, ZMQ_DONTWAIT) } != nil
  }

  /// Sends a copy of `bytes` as one message part.
  ///
  /// - Parameters:
  ///   - more: whether further parts of the same message follow.
  /// - Returns: false where the part would have to wait: no peer, or a peer's queue is full. Nothing
  ///   of the part was then sent. Once the first part was taken the later ones are, too.
  @_noAllocation @_noLocks
  package func send(
    _ bytes: UnsafeRawBufferPointer, more: Bool = false, blocking: Bool = false
  ) throws(ZeroMQError) -> Bool {
    let flags = sendFlags(more: more, blocking: blocking)
    let target = pointer
    return try attempt(.send) { zmq_send(target, bytes.baseAddress, bytes.count, flags) } != nil
  }

  /// Sends the content of `message` without a copy; the message is empty afterwards.
  ///
  /// - Returns: as for bytes; where false, the message keeps its content.
  @_noAllocation @_noLocks
  package func send(
    _ message: inout Message, more: Bool = false, blocking: Bool = false
  ) throws(ZeroMQError) -> Bool {
    let flags = sendFlags(more: more, blocking: blocking)
    let source = message.pointer
    let target = pointer
    return try attempt(.send) { zmq_msg_send(source, target, flags) } != nil
  }

  /// Sends the UTF-8 bytes of `text` as one message part.
  ///
  /// - Returns: as for bytes.
  package func send(
    _ text: String, more: Bool = false, blocking: Bool = false
  ) throws(ZeroMQError) -> Bool {
    let bytes = Array(text.utf8)
    let outcome: Result<Bool, ZeroMQError> = bytes.withUnsafeBytes { content in
      Result { () throws(ZeroMQError) in
        try send(content, more: more, blocking: blocking)
      }
    }
    return try outcome.get()
  }

  // MARK: Endpoints

  /// Listens at `address`: `tcp://127.0.0.1:5555`, `tcp://*:*` (a free port, see `lastEndpoint`),
  /// `tcp://[::1]:5555`, `ipc://PATH` (a socket that a dead process left there is replaced; a file
  /// that is none, and the socket of a living process, are left alone) or `inproc://NAME`.
  package func bind(_ address: String) throws(ZeroMQError) {
    if let refusal = refusal(ofPathIn: address) { throw refusal }
    try set(.ipv6(needsIPv6(address, for: .bind)))
    try use(.bind, address, zmq_bind)
  }

  /// Connects to `address`, now or as soon as somebody listens there.
  package func connect(_ address: String) throws(ZeroMQError) {
    try set(.ipv6(needsIPv6(address, for: .connect)))
    try use(.connect, address, zmq_connect)
  }

  /// Stops listening at `address`, which must be spelt as `lastEndpoint` gave it.
  package func unbind(_ address: String) throws(ZeroMQError) {
    try use(.unbind, address, zmq_unbind)
  }

  /// Ends the connection to `address`, which must be spelt as it was for `connect`.
  package func disconnect(_ address: String) throws(ZeroMQError) {
    try use(.disconnect, address, zmq_disconnect)
  }

  private func use(
    _ operation: ZeroMQError.EndpointOperation, _ address: String,
    _ call: (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> CInt
  ) throws(ZeroMQError) {
    while call(pointer, address) == -1 {
      switch zmq_errno() {
      case EINTR: continue
      case ETERM: throw .terminated
      case let code: throw .endpoint(operation, address: address, code: code)
      }
    }
  }
}

@available(*, unavailable)
extension Socket: Sendable {}

@_noAllocation @_noLocks
private func sendFlags(more: Bool, blocking: Bool) -> CInt {
  (more ? ZMQ_SNDMORE : 0) | (blocking ? 0 : ZMQ_DONTWAIT)
}

/// Which end of which messaging pattern a socket is.
package enum SocketKind: String, CaseIterable, Sendable {
  case pub, sub, xpub, xsub, push, pull, req, rep, dealer, router, pair

  var code: CInt {
    switch self {
    case .pub: ZMQ_PUB
    case .sub: ZMQ_SUB
    case .xpub: ZMQ_XPUB
    case .xsub: ZMQ_XSUB
    case .push: ZMQ_PUSH
    case .pull: ZMQ_PULL
    case .req: ZMQ_REQ
    case .rep: ZMQ_REP
    case .dealer: ZMQ_DEALER
    case .router: ZMQ_ROUTER
    case .pair: ZMQ_PAIR
    }
  }
}
