/// Addresses whose connections were cut off, and until when they do not get in again: a second after
/// the first time, twice as long with each one more, and a minute at most. An address that has behaved
/// for ten minutes is forgotten.
struct Penalties {
  private struct Penalty {
    var count: Int
    var untilMs: Int64
  }

  private var penalties: [String: Penalty] = [:]

  private static let firstMs: Int64 = 1_000
  private static let doublingsMax = 6
  private static let longestMs: Int64 = 60_000
  private static let memoryMs: Int64 = 600_000
  /// More addresses are not remembered: the oldest goes.
  private static let addressCountMax = 1_000

  mutating func add(_ address: String, nowMs: Int64) {
    if address.isEmpty { return }
    penalties = penalties.filter { nowMs - $0.value.untilMs < Self.memoryMs }
    if penalties.count >= Self.addressCountMax,
      let oldest = penalties.min(by: { $0.value.untilMs < $1.value.untilMs })
    {
      penalties[oldest.key] = nil
    }
    let count = (penalties[address]?.count ?? 0) + 1
    let length = Self.firstMs << Int64(min(count - 1, Self.doublingsMax))
    penalties[address] = Penalty(count: count, untilMs: nowMs + min(length, Self.longestMs))
  }

  func holds(_ address: String, nowMs: Int64) -> Bool {
    penalties[address].map { nowMs < $0.untilMs } ?? false
  }
}
