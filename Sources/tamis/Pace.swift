internal import ArgumentParser
internal import BoundedNumbers
internal import CLinux

/// How fast a recording is sent.
enum Pace: ExpressibleByArgument, Equatable {
  /// As fast as the receiver takes it.
  case max
  /// So many times the speed at which it was recorded.
  case original(factor: Double)
  /// So many records a second.
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

/// Holds messages back until their time. Lateness is made up for, so the mean rate is kept.
struct Pacer {
  /// A wait that the records' times ask for and that is longer than it may be.
  struct Gap: Equatable {
    /// Between the times of two records.
    var dataNs: UInt64
    /// That is waited instead.
    var waitedNs: UInt64
  }

  private let pace: Pace
  private let gapMaxNs: UInt64
  private var startNs: UInt64?
  /// Up to now, as the recording has it, without what was cut.
  private var elapsedNs: UInt64 = 0
  private var latestTimeNs: UInt64 = 0
  private var released = 0

  /// Waits that come from the records' times are `gapMaxNs` at most.
  init(_ pace: Pace, gapMaxNs: UInt64) {
    self.pace = pace
    self.gapMaxNs = gapMaxNs
  }

  /// When a message of so many records, the first recorded at `timeNs`, is due, on the clock of
  /// `nowNs`; and the gap before it, where that was cut. 0 is no time: such a record waits for
  /// nothing.
  mutating func due(records: Int, timeNs: UInt64, nowNs: UInt64) -> (dueNs: UInt64, cut: Gap?) {
    let start = startNs ?? nowNs
    startNs = start
    defer { released += records }
    switch pace {
    case .max: return (start, nil)
    case .rate(let rate):
      return (start +| UInt64(nearest: Double(released) / rate * 1e9), nil)
    case .original(let factor):
      let cut = advance(to: timeNs, factor: factor)
      return (start +| elapsedNs, cut)
    }
  }

  /// The recorded time goes on to `timeNs`. A little back is a record that comes late; far back is
  /// another recording, or a clock that was put right: time goes on from there.
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

  /// From here on signals end nothing by themselves. Before the first thread is made.
  init() { tamis_signals_block() }

  /// Looks whether one has come, at most a hundred times a second.
  func look() -> Bool {
    let now = monotonicNs()
    if !isMade, now - lastLookNs >= 10_000_000 {
      lastLookNs = now
      isMade = tamis_signals_wait(0) != 0
    }
    return isMade
  }

  /// Sleeps until `dueNs`; false where it was asked to end before. To within the timer's slack, and
  /// spins the rest: at 20,000 messages a second a sleep alone would be late each time.
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
