internal import Drift
internal import Monitoring
internal import Testing
internal import TriggerPipeline

/// Each alarm at its limit: on just beyond it, off at it.
@Suite struct AlarmTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: AlarmName
    var severity: AlarmSeverity
    var sentence: String
    var off: @Sendable (inout DaemonStatus) -> Void
    var on: @Sendable (inout DaemonStatus) -> Void
    var testDescription: String { name.rawValue }
  }

  /// Nothing is wrong with this daemon.
  static var sound: DaemonStatus {
    var status = DaemonStatus.fixed
    status.recent.lost = 0
    status.recent.points[1].fired = 6_010
    status.drift?.checks[1].isAlarming = false
    return status
  }

  static let cases: [Case] = [
    Case(
      name: .notReady, severity: .warning,
      sentence: "Not ready: the input socket is connected to nobody.",
      off: {
        $0.connections = .init(sockets: [
          .init(name: "input", established: 1, accepted: 2, needsOne: true)
        ])
      },
      on: {
        $0.connections = .init(sockets: [
          .init(name: "input", established: 0, accepted: 2, needsOne: true)
        ])
      }),
    Case(
      name: .pipelineStuck, severity: .critical,
      sentence: "Nothing has moved through the pipeline for 11 s.",
      off: { $0.life.sinceProgressSeconds = 10 }, on: { $0.life.sinceProgressSeconds = 10.6 }),
    Case(
      name: .journalStalled, severity: .critical,
      sentence: "The pipeline waits for the journal: no space left.",
      off: { $0.life.stallReason = nil }, on: { $0.life.stallReason = "no space left" }),
    Case(
      name: .journalDiskFilling, severity: .critical,
      sentence: "The journal's disk has 1 GB left.",
      off: { $0.journal.storage?.freeBytes = 1_000_000_000 },
      on: { $0.journal.storage?.freeBytes = 999_999_999 }),
    Case(
      name: .journalDiskFilling, severity: .warning,
      sentence: "The journal's disk has 211 GB left and is full in 21.2 h at the present pace.",
      off: { $0.recent.diskBytesTaken = 732_000_000 },
      on: { $0.recent.diskBytesTaken = 830_000_000 }),
    Case(
      name: .journalDiskFilling, severity: .critical,
      sentence: "The journal's disk has 211 GB left and is full in 117 min at the present pace.",
      off: { $0.recent.diskBytesTaken = 0 },
      on: { $0.recent.diskBytesTaken = 9_000_000_000 }),
    Case(
      name: .eventsLost, severity: .warning,
      sentence: "6,007 records lost in the last 5 min, by gaps in the senders' sequences.",
      off: { $0.recent.lost = 6_006 }, on: { $0.recent.lost = 6_007 }),
    Case(
      name: .eventsLost, severity: .critical,
      sentence: "400,000 records lost in the last 5 min, by gaps in the senders' sequences.",
      off: { $0.recent.lost = 0 }, on: { $0.recent.lost = 400_000 }),
    Case(
      name: .eventsRejected, severity: .warning,
      sentence: "6,001 records refused in the last 5 min; the ledger says why.",
      off: { $0.recent.rejected = 6_000 }, on: { $0.recent.rejected = 6_001 }),
    Case(
      name: .eventsRejected, severity: .critical,
      sentence: "601,000 records refused in the last 5 min; the ledger says why.",
      off: { $0.recent.rejected = 0 }, on: { $0.recent.rejected = 601_000 }),
    Case(
      name: .noEvents, severity: .critical, sentence: "A run is open, and no event for 5 min.",
      off: { $0.ledger.lastEventNs = $0.takenNs - 300_000_000_000 },
      on: { $0.ledger.lastEventNs = $0.takenNs - 301_000_000_000 }),
    Case(
      name: .deadTime, severity: .warning,
      sentence: "Input waited for the pipeline 0.6 % of the time in the last 5 min.",
      off: { $0.recent.deadTimeRatio = 0.005 }, on: { $0.recent.deadTimeRatio = 0.006 }),
    Case(
      name: .deadTime, severity: .critical,
      sentence: "Input waited for the pipeline 11 % of the time in the last 5 min.",
      off: { $0.recent.deadTimeRatio = 0 }, on: { $0.recent.deadTimeRatio = 0.11 }),
    Case(
      name: .outputBacklog, severity: .warning,
      sentence: "1,001 records waiting in the journal: the output does not keep up.",
      off: { $0.output.waiting = 1_000 }, on: { $0.output.waiting = 1_001 }),
    Case(
      name: .outputBacklog, severity: .warning,
      sentence: "2,000 records waiting in the journal: the output takes none.",
      off: { $0.recent.published = 0 },
      on: {
        $0.recent.published = 0; $0.output.waiting = 2_000
      }),
    Case(
      name: .outputBacklog, severity: .warning,
      sentence: "2,000 records waiting in the journal: no receiver is connected.",
      off: { $0.connections?.sockets[1].established = 0 },
      on: {
        $0.output.waiting = 2_000
        $0.connections?.sockets[1].established = 0
      }),
    Case(
      name: .recordsAbandoned, severity: .critical,
      sentence: "2 events given up in the last 5 min.",
      off: { $0.recent.givenUp = 0 }, on: { $0.recent.givenUp = 2 }),
    Case(
      name: .ledgerFault, severity: .critical,
      sentence:
        "1 run ledger closed with sums that do not agree: a fault of this daemon.",
      off: { $0.ledger.faults = 0 }, on: { $0.ledger.faults = 1 }),
    Case(
      name: .flood, severity: .critical,
      sentence: "More events fire than the cap lets pass: one in 8 is kept.",
      off: { $0.flood.prescale = 1 }, on: { $0.flood.prescale = 8 }),
    Case(
      name: .flaggedRateOff, severity: .warning,
      sentence:
        "loose fires more often than its target, beyond chance: lately 1.28 times as often, "
        + "77,000 of 6,000,020 events.",
      off: { $0.recent.points[0].fired = 77_000 },
      on: {
        $0.recent.points[0].fired = 77_000; $0.points[0].rateTest?.raised = "above"
      }),
    Case(
      name: .flaggedRateOff, severity: .warning,
      sentence:
        "loose fires less often than its target, beyond chance: lately 0.775 times as often, "
        + "46,500 of 6,000,020 events.",
      off: { $0.recent.points[0].fired = 46_500 },
      on: {
        $0.recent.points[0].fired = 46_500; $0.points[0].rateTest?.raised = "below"
      }),
    // The rate is back, and the alarm is not cleared yet: the sentence does not contradict its numbers.
    Case(
      name: .flaggedRateOff, severity: .warning,
      sentence:
        "loose fired more often than its target, beyond chance: lately 1 times as often, "
        + "60,000 of 6,000,020 events. The alarm ends when the rate is right over events of which "
        + "1,000 should fire.",
      off: { $0.recent.points[0].fired = 60_000 },
      on: {
        $0.recent.points[0].fired = 60_000; $0.points[0].rateTest?.raised = "above"
      }),
    Case(
      name: .flaggedRateOff, severity: .warning,
      sentence:
        "loose fired less often than its target, beyond chance: no events lately. The alarm ends "
        + "when the rate is right over events of which 1,000 should fire.",
      off: { $0.recent.scored = 0 },
      on: {
        $0.recent.scored = 0; $0.points[0].rateTest?.raised = "below"
      }),
    Case(
      name: .flaggedRateOff, severity: .warning, sentence: "flagged_rate: tight fires too often.",
      off: { _ in },
      on: {
        $0.drift?.checks[2] = .init(
          name: "flagged_rate", statistic: 5, limit: 4, isAlarming: true,
          finding: "tight fires too often", alarms: 1, windows: 2)
      }),
    Case(
      name: .drift, severity: .warning,
      sentence: "The stream has left the calibration's reference (score; feature_mean: met up).",
      off: { $0.drift?.checks[0].alarms = 3 },
      on: {
        $0.drift?.checks[0].isAlarming = true; $0.drift?.checks[1].isAlarming = true
        $0.drift?.checks[1].finding = "met up"
      }),
    Case(
      name: .screenDisagrees, severity: .warning,
      sentence: "The screen would have lost 1 audited event in the last 5 min.",
      off: { $0.screen?.disagreements = 4 }, on: { $0.recent.screenDisagreements = 1 }),
    Case(
      name: .reloadRefused, severity: .warning,
      sentence: "What was in force stays: model, calibration, shadow, rate_control and prescales. "
        + "The last reload was refused: c.json: no such file",
      off: { $0.reloads.refused = 9 },
      on: {
        $0.reloads.lastSucceeded = false
        $0.reloads.lastRefusal = "c.json: no such file"
      }),
    Case(
      name: .handshakesFailed, severity: .warning,
      sentence: "6 handshakes failed in the last 5 min: somebody without the right key, "
        + "without any, or beyond connections_max.",
      off: { $0.recent.handshakesFailed = 5 }, on: { $0.recent.handshakesFailed = 6 }),
    Case(
      name: .connectionsCut, severity: .warning,
      sentence: "1 connection cut off in the last 5 min: a receiver that held up others, a peer "
        + "that took more than its share, or an idle one whose place another wanted.",
      off: { $0.recent.connectionsCut = 0 }, on: { $0.recent.connectionsCut = 1 }),
    Case(
      name: .clockSuspect, severity: .warning,
      sentence: "The system's clock is far off what has passed since the start: old segments are "
        + "not deleted for their age.",
      off: { $0.journal.storage?.isClockSuspect = false },
      on: { $0.journal.storage?.isClockSuspect = true }),
  ]

  @Test func nothingIsWrongWithASoundDaemon() {
    #expect(alarmConditions(of: Self.sound) == [])
  }

  @Test(arguments: cases) func onBeyondTheLimitAndOffAtIt(example: Case) {
    var status = Self.sound
    example.off(&status)
    #expect(!alarmConditions(of: status).map(\.name).contains(example.name))
    example.on(&status)
    #expect(
      alarmConditions(of: status).first { $0.name == example.name }
        == AlarmCondition(example.name, example.severity, example.sentence))
  }

  /// All but those that only others can raise are provoked above, at each of their levels.
  @Test func noAlarmIsForgotten() {
    let declared = AlarmName.allCases.filter(\.declaration.isOfDaemon).flatMap { name in
      name.declaration.levels.map { "\(name) \($0.severity)" }
    }
    #expect(Set(Self.cases.map { "\($0.name) \($0.severity)" }) == Set(declared))
  }

  @Test func noEventIsMissedBetweenRuns() {
    var status = Self.sound
    status.ledger.lastEventNs = status.takenNs - 900_000_000_000
    #expect(alarmConditions(of: status).map(\.name) == [.noEvents])
    status.ledger.runOpenSinceNs = 0
    #expect(alarmConditions(of: status) == [])
    // A run that has just begun after a pause.
    status.ledger.runOpenSinceNs = status.takenNs - 10_000_000_000
    #expect(alarmConditions(of: status) == [])
  }

  @Test func whatCameBeforeAStartIsNoCriticalLoss() {
    var status = Self.sound
    status.recent.lost = 1_000_000
    status.build.startedNs = status.takenNs - 599_000_000_000
    #expect(alarmConditions(of: status).map(\.severity) == [.warning])
    status.build.startedNs = status.takenNs - 600_000_000_000
    #expect(alarmConditions(of: status).map(\.severity) == [.critical])
  }

  @Test func gravestComesFirst() {
    var status = Self.sound
    status.recent.connectionsCut = 1
    status.ledger.faults = 1
    #expect(alarmConditions(of: status).map(\.severity) == [.critical, .warning])
  }

  private static let states: [([AlarmSeverity], OverallState)] = [
    ([], .ok), ([.warning], .warning), ([.warning, .critical], .alarm),
  ]

  @Test(arguments: states)
  func stateIsThatOfTheGravest(severities: [AlarmSeverity], state: OverallState) {
    var status = DaemonStatus.fixed
    status.alarms = severities.map { Alarm(AlarmCondition(.drift, $0, ""), sinceNs: 1) }
    #expect(status.state == state)
  }

  @Test func runbookHasASectionForEach() {
    #expect(AlarmName.journalDiskFilling.runbook == "docs/runbook.md#tamisjournaldiskfilling")
  }

  /// The log of a drift check leads to the section of the alarm that the page shows.
  @Test func aDriftCheckLeadsToItsAlarm() {
    #expect(AlarmName(DriftCheck.Name.flaggedRate) == .flaggedRateOff)
    #expect(AlarmName(DriftCheck.Name.featureMean) == .drift)
  }
}
