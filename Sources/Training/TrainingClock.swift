internal import Glibc

/// Wall and processor time since a training began.
struct TrainingClock {
  private let start = TrainingClock.seconds(CLOCK_MONOTONIC)
  private let cpuStart = TrainingClock.seconds(CLOCK_PROCESS_CPUTIME_ID)

  /// Seconds passed.
  var wallSeconds: Double { TrainingClock.seconds(CLOCK_MONOTONIC) - start }

  /// Processor seconds that all threads of the program have used.
  var cpuSeconds: Double { TrainingClock.seconds(CLOCK_PROCESS_CPUTIME_ID) - cpuStart }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
