/// Addresses whose connections to one socket were cut off a moment ago. The handshake of a new
/// connection from one of them waits until the address's time is over. It is not refused: a peer
/// that behaves may have the same address as one that does not.
struct Penalties {
  private var endsMs: [String: Int64] = [:]
  private let lengthMs: Int64

  /// How long a connection waits. A peer that comes back at once can do in each such time no more
  /// than one connection may.
  static let lengthMs: Int64 = 500
  /// The most addresses that are remembered; the oldest gives way.
  private static let countMax = 1_000

  /// - Parameter handshakeTimeoutMs: no connection waits longer than half of it, since the library
  ///   would end the handshake.
  init(handshakeTimeoutMs: Int) {
    lengthMs = min(Self.lengthMs, Int64(handshakeTimeoutMs) / 2)
  }

  mutating func add(_ address: String, nowMs: Int64) {
    if address.isEmpty { return }
    if endsMs.count >= Self.countMax {
      endsMs = endsMs.filter { $0.value > nowMs }
      if endsMs.count >= Self.countMax, let oldest = endsMs.min(by: { $0.value < $1.value }) {
        endsMs[oldest.key] = nil
      }
    }
    endsMs[address] = nowMs + lengthMs
  }

  /// When those who come from `address` are let in; nil where they need not wait.
  func endMs(of address: String, nowMs: Int64) -> Int64? {
    guard let endMs = endsMs[address], nowMs < endMs else {
      return nil
    }
    return endMs
  }
}
