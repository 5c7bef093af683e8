/// How far records have come on their way to the receivers.
///
/// Three numbers, each at most the one before. The first is the last record that the output has
/// taken. The second is the last record that the output no longer holds; it is remembered as
/// published, on disk too. The third is the last record that has certainly arrived; it lies the
/// number of repeated records behind the second. When a receiver or the daemon goes, the records
/// after the third number may be lost with it, and are sent again. The second number moves only
/// when the output has looked after its receivers in between and none has gone, because the output
/// also drops the records that it held for a receiver that went.
package struct DeliveryWindow {
  /// The number of the last record that the output took.
  package var sentNumber: UInt64
  /// The highest number ever sent, by this process or an earlier one: records up to it are repeated.
  package private(set) var highestNumber: UInt64
  private var departureCount: UInt64
  private var candidate: (number: UInt64, lookCount: UInt64)?

  /// - Parameters:
  ///   - start: the number after which records are sent.
  ///   - published: what an earlier process remembered as published.
  package init(start: UInt64, published: UInt64, departureCount: UInt64) {
    sentNumber = start
    highestNumber = published
    self.departureCount = departureCount
  }

  /// Notes that the output took `number`. Returns whether the record had been sent before.
  package mutating func noteSent(_ number: UInt64) -> Bool {
    sentNumber = number
    if number <= highestNumber { return true }
    highestNumber = number
    return false
  }

  /// Whether a receiver has gone since the last call.
  package mutating func noteDepartures(_ count: UInt64) -> Bool {
    guard count != departureCount else { return false }
    departureCount = count
    candidate = nil
    return true
  }

  /// The number up to which records are published now; nil where that has not changed.
  package mutating func published(heldNumber: UInt64?, lookCount: UInt64, before: UInt64) -> UInt64?
  {
    let left = heldNumber.map { min(sentNumber, $0 - min($0, 1)) } ?? sentNumber
    var result: UInt64?
    if let candidate, lookCount >= candidate.lookCount &+ 2 {
      result = candidate.number
      self.candidate = nil
    }
    if candidate == nil, left > max(result ?? 0, before) { candidate = (left, lookCount) }
    return result.flatMap { $0 > before ? $0 : nil }
  }

  /// Goes back to `number`, from where records are sent again.
  package mutating func goBack(to number: UInt64) {
    sentNumber = min(sentNumber, number)
    candidate = nil
  }
}
