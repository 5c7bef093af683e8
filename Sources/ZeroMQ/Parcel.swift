internal import CZeroMQ

/// The outcome of a send that is followed up.
package enum Posting: Sendable {
  /// It is on its way to all who want it.
  case taken
  /// No receiver wants it: it went nowhere.
  case nobody
  /// It would have to wait: a receiver's queue is full.
  case full
}

/// The messages that the library holds, by the numbers that their sender gave them: it holds each
/// until it has been written to the kernel for every receiver that wanted it, or until those have
/// gone. One thread owns it.
package final class ParcelQueue {
  private struct Entry {
    let number: UInt64
    let parcel: UnsafeMutablePointer<tamis_parcel>
  }

  private var entries: [Entry] = []
  /// Parcels to use again, so that a send allocates nothing here.
  private var spare: [UnsafeMutablePointer<tamis_parcel>] = []
  /// Entries before this are settled.
  private var first = 0
  /// Settled entries behind one that is not settled are taken out when `entries` has this count.
  private var sweepCount = 4_096
  /// More spare parcels than this are freed.
  private static let spareCountMax = 4_096

  /// Holds nothing. `count` messages of `byteCount` bytes, at most 4,096, may be held before a send
  /// allocates.
  package init(count: Int = 0, byteCount: Int = 0) {
    entries.reserveCapacity(sweepCount)
    spare.reserveCapacity(Self.spareCountMax)
    for _ in 0..<min(count, Self.spareCountMax) {
      if let parcel = tamis_parcel_make(byteCount) { spare.append(parcel) }
    }
  }

  deinit {
    forget()
    for parcel in spare { tamis_parcel_free(parcel) }
  }

  fileprivate func takeSpare() -> UnsafeMutablePointer<tamis_parcel>? { spare.popLast() }

  /// Keeps a parcel that nobody else has.
  fileprivate func keep(_ parcel: UnsafeMutablePointer<tamis_parcel>) {
    if spare.count < Self.spareCountMax {
      spare.append(parcel)
    } else {
      tamis_parcel_free(parcel)
    }
  }

  private func letGo(_ parcel: UnsafeMutablePointer<tamis_parcel>) {
    if tamis_parcel_let_go(parcel) != 0 { keep(parcel) }
  }

  fileprivate func append(_ number: UInt64, _ parcel: UnsafeMutablePointer<tamis_parcel>) {
    if first == entries.count {
      entries.removeAll(keepingCapacity: true)
      first = 0
    } else if entries.count >= sweepCount {
      sweep()
    }
    entries.append(Entry(number: number, parcel: parcel))
  }

  /// The number of the oldest message that the library holds; nil where it holds none.
  package var firstNumber: UInt64? {
    while first < entries.count, tamis_parcel_has_left(entries[first].parcel) != 0 {
      letGo(entries[first].parcel)
      first += 1
    }
    return first < entries.count ? entries[first].number : nil
  }

  /// Messages that the library holds.
  package var count: Int {
    entries[first...].count { tamis_parcel_has_left($0.parcel) == 0 }
  }

  /// Follows up no message with a number above `number` that was sent so far.
  package func forget(after number: UInt64) {
    keep { entry in entry.number <= number }
  }

  private func forget() { keep { _ in false } }

  /// Lets go of the entries that are not to be kept. Those before `first` have been let go.
  private func keep(_ isKept: (Entry) -> Bool) {
    var keptCount = 0
    for index in first..<entries.count {
      if isKept(entries[index]) {
        entries[keptCount] = entries[index]
        keptCount += 1
      } else {
        letGo(entries[index].parcel)
      }
    }
    entries.removeLast(entries.count - keptCount)
    first = 0
  }

  private func sweep() {
    keep { tamis_parcel_has_left($0.parcel) == 0 }
    sweepCount = max(4_096, 2 * entries.count)
  }
}

@available(*, unavailable)
extension ParcelQueue: Sendable {}

extension Socket {
  /// Sends a copy of `bytes`, which are more than 33, as the last part of a message, and has `queue`
  /// follow it up under `number`. On a PUB or XPUB socket `.nobody` means that the library itself has no
  /// subscriber for it at this moment.
  package func post(
    _ bytes: UnsafeRawBufferPointer, number: UInt64, in queue: ParcelQueue
  ) throws(ZeroMQError) -> Posting {
    var hand = queue.takeSpare()
    let code = tamis_parcel_send(pointer, bytes.baseAddress, bytes.count, &hand)
    if let hand {
      if code == CInt(TAMIS_PARCEL_TAKEN) { queue.append(number, hand) } else { queue.keep(hand) }
    }
    switch code {
    case CInt(TAMIS_PARCEL_TAKEN): return .taken
    case CInt(TAMIS_PARCEL_NOBODY): return .nobody
    case CInt(TAMIS_PARCEL_FULL): return .full
    default: throw code == -ETERM ? .terminated : .call(.send, code: -code)
    }
  }
}
