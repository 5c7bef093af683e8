internal import ArgumentParser
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
    if argument == "max" {
      self = .max
    } else if argument == "original" {
      self = .original(factor: 1)
    } else if argument.hasPrefix("x"), let factor = Double(argument.dropFirst()), factor > 0,
      factor.isFinite
    {
      self = .original(factor: factor)
    } else if argument.hasSuffix("/s"), let rate = Double(argument.dropLast(2)), rate > 0,
      rate.isFinite
    {
      self = .rate(rate)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { "max" }
}

/// Holds messages back until their time. Lateness is made up for, so the mean rate is kept.
struct Pacer {
  private let pace: Pace
  private var startNs: UInt64?
  private var firstTimeNs: UInt64 = 0
  private var released = 0

  init(_ pace: Pace) { self.pace = pace }

  /// Returns when a message of so many records, the first recorded at `timeNs`, is due.
  mutating func wait(records: Int, timeNs: UInt64) {
    let start = startNs ?? monotonicNs()
    if startNs == nil {
      startNs = start
      firstTimeNs = timeNs
    }
    defer { released += records }
    switch pace {
    case .max: return
    case .rate(let rate): sleep(until: start + UInt64(Double(released) / rate * 1e9))
    case .original(let factor):
      let elapsedNs = timeNs > firstTimeNs ? timeNs - firstTimeNs : 0
      sleep(until: start + UInt64(Double(elapsedNs) / factor))
    }
  }

  /// The recording starts over.
  mutating func beginAgain() {
    if case .original = pace { startNs = nil }
  }

  /// Sleeps to within the timer's slack and spins the rest: at 20,000 messages a second a sleep
  /// alone would be late each time.
  private func sleep(until dueNs: UInt64) {
    while true {
      let now = monotonicNs()
      if now >= dueNs { return }
      if dueNs - now > 200_000 { tamis_sleep_ns(dueNs - now - 100_000) } else { tamis_spin_pause() }
    }
  }
}

/// Nanoseconds of a clock that never goes back.
func monotonicNs() -> UInt64 { tamis_monotonic_ns() }
