internal import CZeroMQ

/// What became of a send that is followed up.
public enum Posting: Sendable {
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
public final class ParcelQueue {
  private struct Entry {
    let number: UInt64
    let parcel: UnsafeMutablePointer<tamis_parcel>
  }

  private var entries: [Entry] = []
  /// Entries before this are settled.
  private var first = 0
  /// Settled entries behind one that is not are taken out when there are so many.
  private var sweepCount = 4_096

  /// Holds nothing.
  public init() {}

  deinit { forget() }

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
  public var firstNumber: UInt64? {
    while first < entries.count, tamis_parcel_has_left(entries[first].parcel) != 0 {
      tamis_parcel_release(entries[first].parcel)
      first += 1
    }
    return first < entries.count ? entries[first].number : nil
  }

  /// Messages that the library holds.
  public var count: Int {
    entries[first...].count { tamis_parcel_has_left($0.parcel) == 0 }
  }

  /// Follows up none of what was sent so far.
  public func forget() {
    for entry in entries[first...] { tamis_parcel_release(entry.parcel) }
    entries.removeAll(keepingCapacity: true)
    first = 0
  }

  private func sweep() {
    var kept: [Entry] = []
    for entry in entries[first...] {
      if tamis_parcel_has_left(entry.parcel) == 0 {
        kept.append(entry)
      } else {
        tamis_parcel_release(entry.parcel)
      }
    }
    entries = kept
    first = 0
    sweepCount = max(4_096, 2 * kept.count)
  }
}

@available(*, unavailable)
extension ParcelQueue: Sendable {}

extension Socket {
  /// Sends a copy of `bytes`, which are more than 33, as the last part of a message, and has `queue`
  /// follow it up under `number`. On a PUB or XPUB socket `.nobody` is what the library itself finds
  /// at this moment, whatever subscriptions came and went.
  public func post(
    _ bytes: UnsafeRawBufferPointer, number: UInt64, in queue: ParcelQueue
  ) throws(ZeroMQError) -> Posting {
    var sent: UnsafeMutablePointer<tamis_parcel>?
    switch tamis_parcel_send(pointer, bytes.baseAddress, bytes.count, &sent) {
    case CInt(TAMIS_PARCEL_TAKEN):
      if let sent { queue.append(number, sent) }
      return .taken
    case CInt(TAMIS_PARCEL_NOBODY): return .nobody
    case CInt(TAMIS_PARCEL_FULL): return .full
    case let code: throw code == -ETERM ? .terminated : .call(.send, code: -code)
    }
  }
}

/// What tells a connection from a later one with the same descriptor; 0 where there is none.
public func connectionIdentity(_ descriptor: Int) -> UInt64 {
  tamis_connection_inode(CInt(truncatingIfNeeded: descriptor))
}
