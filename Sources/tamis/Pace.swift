internal import ArgumentParser
internal import BoundedNumbers
internal import CLinux

/// How fast a recording is sent.
enum Pace: ExpressibleByArgument, Equatable {
  /// As fast as the receiver takes it.
  case max
  /// `factor` times the speed at which it was recorded.
  case original(factor: Double)
  /// This many records a second.
  case rate(Double)

  init?(argument: String) {
    func positive(_ text: some StringProtocol) -> Double? {
      Double(text).flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
    }
    if argument == "max" {
      self = .max
    } else if argument == "original" {
      self = .original(factor: 1)
    } else if argument.hasPrefix("x"), let factor = positive(argument.dropFirst()) {
      self = .original(factor: factor)
    } else if let rate = positive(argument.hasSuffix("/s") ? argument.dropLast(2) : argument[...]) {
      self = .rate(rate)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { "max" }
}

/// Delays messages until they are due. After a delay the next ones are sent at once, so that the mean
/// rate is kept.
struct Pacer {
  /// A wait by the records' times or the rate that was longer than allowed.
  struct Gap: Equatable {
    /// The time between two records by their times or the rate.
    var dataNs: UInt64
    /// The wait instead.
    var waitedNs: UInt64
  }

  private let pace: Pace
  private let gapMaxNs: UInt64
  private var startNs: UInt64?
  /// The time that has passed in the recording, without the parts that were cut.
  private var elapsedNs: UInt64 = 0
  private var latestTimeNs: UInt64 = 0
  /// At a rate, the time from the start to the next message, without the parts that were cut.
  private var elapsedS = 0.0
  private var lastRecordCount = 0

  /// Waits between two messages are `gapMaxNs` at most.
  init(_ pace: Pace, gapMaxNs: UInt64) {
    self.pace = pace
    self.gapMaxNs = gapMaxNs
  }

  /// When a message of `records` records is due, by the clock of `nowNs`; and the gap before it,
  /// where that was cut. `timeNs` is the time of its first record; 0 is no time, and such a record
  /// is due at once.
  mutating func due(records: Int, timeNs: UInt64, nowNs: UInt64) -> (dueNs: UInt64, cut: Gap?) {
    let start = startNs ?? nowNs
    startNs = start
    defer { lastRecordCount = records }
    switch pace {
    case .max: return (start, nil)
    case .rate(let rate):
      let waitS = Double(lastRecordCount) / rate
      let gapMaxS = Double(gapMaxNs) / 1e9
      elapsedS += min(waitS, gapMaxS)
      let cut =
        waitS > gapMaxS
        ? Gap(dataNs: UInt64(nearest: waitS * 1e9), waitedNs: gapMaxNs) : nil
      return (start +| UInt64(nearest: elapsedS * 1e9), cut)
    case .original(let factor):
      let cut = advance(to: timeNs, factor: factor)
      return (start +| elapsedNs, cut)
    }
  }

  /// The recorded time advances to `timeNs`. A time that is a little earlier belongs to a late
  /// record. One that is much earlier belongs to another recording, or to a clock that was
  /// corrected: time continues from there.
  private mutating func advance(to timeNs: UInt64, factor: Double) -> Gap? {
    guard timeNs > 0 else { return nil }
    defer {
      if timeNs > latestTimeNs || latestTimeNs - timeNs > gapMaxNs { latestTimeNs = timeNs }
    }
    guard latestTimeNs > 0, timeNs > latestTimeNs else { return nil }
    let dataNs = timeNs - latestTimeNs
    let waitNs = UInt64(nearest: Double(dataNs) / factor)
    elapsedNs +|= min(waitNs, gapMaxNs)
    return waitNs > gapMaxNs ? Gap(dataNs: dataNs, waitedNs: gapMaxNs) : nil
  }

  /// The recording starts over.
  mutating func beginAgain() {
    if case .original = pace {
      startNs = nil
      elapsedNs = 0
      latestTimeNs = 0
    }
  }
}

/// Whether the user or the system has asked the command to end: SIGINT, SIGTERM or SIGHUP.
final class StopRequest {
  private(set) var isMade = false
  private var lastLookNs: UInt64 = 0

  /// From now on signals do not end the process. To be made before the first thread.
  init() { tamis_signals_block() }

  /// Whether a signal has come; asked of the system at most a hundred times a second.
  func look() -> Bool {
    let now = monotonicNs()
    if !isMade, now - lastLookNs >= 10_000_000 {
      lastLookNs = now
      isMade = tamis_signals_wait(0) != 0
    }
    return isMade
  }

  /// Waits until `dueNs`; false where a request to end came first. It sleeps up to the timer's
  /// slack and spins for the rest: at 20,000 messages a second a sleep alone would be late each
  /// time.
  func sleep(until dueNs: UInt64) -> Bool {
    while !look() {
      let now = monotonicNs()
      if now >= dueNs { return true }
      if dueNs - now > 200_000 {
        let sliceNs = min(dueNs - now - 100_000, 1_000_000_000)
        isMade = isMade || tamis_signals_wait(Int64(sliceNs)) != 0
      } else {
        tamis_spin_pause()
      }
    }
    return false
  }
}

/// Nanoseconds of a clock that never goes back.
func monotonicNs() -> UInt64 { tamis_monotonic_ns() }
