internal import Glibc

/// Calls `report` a few times a second at most, and at the end.
struct ProgressReport {
  private let stepCount: Int
  private let report: (TrainingProgress) -> Void
  private let clock = TrainingClock()
  private var nextSeconds = 0.25

  private static let intervalSeconds = 0.25

  init(stepCount: Int, _ report: @escaping (TrainingProgress) -> Void) {
    self.stepCount = stepCount
    self.report = report
  }

  mutating func note(step: Int, smoothedLoss: @autoclosure () -> Double) {
    let seconds = clock.wallSeconds
    guard seconds >= nextSeconds || step == stepCount else { return }
    nextSeconds = seconds + ProgressReport.intervalSeconds
    let rate = Double(step) / max(seconds, 1e-9)
    report(
      TrainingProgress(
        step: step, stepCount: stepCount, smoothedLoss: smoothedLoss(), stepsPerSecond: rate,
        secondsToGo: Double(stepCount - step) / rate))
  }
}

/// Wall and processor time since a training began.
struct TrainingClock {
  private let start = TrainingClock.seconds(CLOCK_MONOTONIC)
  private let cpuStart = TrainingClock.seconds(CLOCK_PROCESS_CPUTIME_ID)

  /// Seconds passed.
  var wallSeconds: Double { TrainingClock.seconds(CLOCK_MONOTONIC) - start }

  /// What the training has taken so far.
  func cost(threads: Int) -> TrainingCost {
    TrainingCost(
      wallSeconds: wallSeconds,
      cpuSeconds: TrainingClock.seconds(CLOCK_PROCESS_CPUTIME_ID) - cpuStart, threads: threads)
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
