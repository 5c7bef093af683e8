internal import Synchronization
internal import TriggerPipeline

/// Makes statuses with a history: rates, the last quarter of an hour, realised rates since the
/// generation in force began, and the times since which alarms are on.
///
/// `tick()` once a second keeps the memory; `HTTPEndpoint` does it. Any thread may ask.
package final class StatusKeeper: Sendable {
  /// Makes the status of this moment, without history.
  package typealias Snapshot = @Sendable () -> DaemonStatus

  fileprivate struct Memory {
    var history = StatusHistory()
    var generation = 0
    /// The counts when the generation in force was first seen.
    var armedScored: UInt64 = 0
    var armedFired: [String: UInt64] = [:]
    /// The same of simulated events.
    var armedSimulated: UInt64 = 0
    var armedSimulatedFired: [String: UInt64] = [:]
    /// Since when each alarm is on, ns since the epoch and by the clock that never goes back.
    var alarmsOn: [AlarmName: (sinceNs: UInt64, monotonicNs: UInt64)] = [:]
    var telling = AlarmTelling()
    var rateTests = RateTests()
  }

  /// Is told of each alarm that begins or ends while the daemon runs; on the thread that asked.
  package typealias Listener = @Sendable (AlarmChange) -> Void

  private let snapshot: Snapshot
  private let listener: Listener
  private let memory = Mutex(Memory())

  /// A keeper that takes its first sample now.
  package init(snapshot: @escaping Snapshot, listener: @escaping Listener = { _ in }) {
    self.snapshot = snapshot
    self.listener = listener
    tick()
  }

  /// The status now.
  package func status() -> DaemonStatus {
    let (status, changes) = memory.withLock { memory in
      var status = snapshot()
      memory.note(status)
      status.now = memory.history.window(seconds: StatusHistory.nowSeconds, endingAt: status)
      status.recent = memory.history.window(
        seconds: StatusHistory.recentSeconds, endingAt: status)
      status.history = memory.history.points(names: status.points.map(\.name))
      memory.setRealisedRates(of: &status)
      memory.rateTests.look(at: &status)
      let changes = memory.setAlarms(of: &status)
      return (status, changes)
    }
    for change in changes { listener(change) }
    return status
  }

  /// Takes a sample and judges it.
  package func tick() { _ = status() }
}

extension StatusKeeper.Memory {
  fileprivate mutating func note(_ status: DaemonStatus) {
    if status.generation.number != generation {
      // The first generation counts from the start, a later one from now on.
      let isFirst = generation == 0 && status.generation.number <= 1
      generation = status.generation.number
      rateTests.restart()
      armedScored = isFirst ? 0 : status.ledger.measured
      armedSimulated = isFirst ? 0 : status.ledger.simulated
      armedFired = [:]
      armedSimulatedFired = [:]
      if !isFirst {
        for point in status.points {
          armedFired[point.name] = point.fired
          armedSimulatedFired[point.name] = point.simulatedFired
        }
      }
    }
    history.note(status)
  }

  fileprivate func setRealisedRates(of status: inout DaemonStatus) {
    for index in status.points.indices {
      if let whole = status.points[index].efficiency {
        let before = armedSimulatedFired[status.points[index].name] ?? 0
        status.points[index].efficiency = RealisedRate(
          fired: whole.fired - min(before, whole.fired),
          scored: whole.scored - min(armedSimulated, whole.scored), confidence: whole.confidence)
      }
      guard let whole = status.points[index].realised else { continue }
      let before = armedFired[status.points[index].name] ?? 0
      status.points[index].realised = RealisedRate(
        fired: whole.fired - min(before, whole.fired),
        scored: whole.scored - min(armedScored, whole.scored), confidence: whole.confidence)
    }
  }

  fileprivate mutating func setAlarms(of status: inout DaemonStatus) -> [AlarmChange] {
    let conditions = alarmConditions(of: status)
    let now = (sinceNs: status.takenNs, monotonicNs: status.monotonicNs)
    let before = alarmsOn
    alarmsOn = conditions.reduce(into: [:]) { $0[$1.name] = before[$1.name] ?? now }
    status.alarms = conditions.map {
      Alarm($0, sinceNs: alarmsOn[$0.name]?.sinceNs ?? status.takenNs)
    }
    // A daemon that ends is not ready, and the log says so already.
    guard status.life.phase == .running else { return [] }
    return telling.changes(
      conditions, nowNs: status.monotonicNs, onSinceNs: alarmsOn.mapValues(\.monotonicNs))
  }
}
