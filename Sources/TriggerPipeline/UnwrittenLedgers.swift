/// Entries whose ledger could not be written when their run was closed, such as on a full disk.
/// They are tried again once a second; until then the run stays in `ledger.open`. Belongs
/// to the publish thread.
struct UnwrittenLedgers {
  private var closings: [Int: RunLedgerReport.Closing] = [:]
  private var lastNs: UInt64 = 0

  private static let intervalNs: UInt64 = 1_000_000_000

  var isEmpty: Bool { closings.isEmpty }
  var count: Int { closings.count }

  func contains(_ index: Int) -> Bool { closings[index] != nil }

  mutating func note(_ index: Int, _ closing: RunLedgerReport.Closing, nowNs: UInt64) {
    closings[index] = closing
    lastNs = nowNs
  }

  mutating func remove(_ index: Int) { closings[index] = nil }

  /// The entries that are to be tried now.
  mutating func due(nowNs: UInt64) -> [(index: Int, closing: RunLedgerReport.Closing)] {
    guard !closings.isEmpty, nowNs >= lastNs, nowNs - lastNs >= Self.intervalNs else { return [] }
    lastNs = nowNs
    return closings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
