internal import CZeroMQ

extension Socket {
  /// The address last bound or connected, with the port that a `*` became; "" where there is none.
  package func lastEndpoint() throws(ZeroMQError) -> String {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 8)
    defer { buffer.deallocate() }
    let byteCount = try read(ZMQ_LAST_ENDPOINT, into: buffer)
    return String(decoding: buffer.prefix(byteCount).prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Whether the socket can receive or send now without blocking.
  package func readiness() throws(ZeroMQError) -> Readiness {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 4)
    defer { buffer.deallocate() }
    _ = try read(ZMQ_EVENTS, into: buffer)
    return Readiness(rawValue: Int16(truncatingIfNeeded: buffer.load(as: CInt.self)))
  }

  /// Returns the number of bytes that the option's value takes.
  private func read(
    _ option: CInt, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ZeroMQError) -> Int {
    let source = pointer
    let target = buffer.baseAddress
    var byteCount = buffer.count
    try withUnsafeMutablePointer(to: &byteCount) { size throws(ZeroMQError) in
      _ = try attempt(.readOption) { zmq_getsockopt(source, option, target, size) }
    }
    return byteCount
  }
}
