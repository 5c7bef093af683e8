package import TriggerPipeline
package import WorkerThreads

/// All that a shift crew may want to know of a running daemon, at one moment.
///
/// A plain value. `/metrics`, `/status`, the page, `tamis watch`, health, readiness and alarms are
/// made from it alone, and therefore agree. Parts that this daemon does not have (no screen, no
/// shadow) are nil.
package struct DaemonStatus: Equatable, Sendable {
  /// When it was taken, ns since the epoch.
  package var takenNs: UInt64 = 0
  /// The same by a clock that never goes back; intervals are measured with it.
  package var monotonicNs: UInt64 = 0
  /// The program.
  package var build: BuildFacts
  /// Where the daemon is in its life.
  package var life = LifeFacts()
  /// Model and calibration in force.
  package var generation: GenerationFacts
  /// The input since start.
  package var ledger = LedgerFacts()
  /// The decisions since start.
  package var decisions = DecisionFacts()
  /// The working points: those in force in the calibration's order, then earlier ones.
  package var points: [PointFacts] = []
  /// The table of prescales by section or time; nil where there is none.
  package var prescales: PrescaleFacts?
  /// The cap on the flagged rate.
  package var flood = FloodFacts()
  /// The screen; nil where every event is scored exactly.
  package var screen: ScreenFacts?
  /// How live and shadow decisions compare; nil without a shadow.
  package var shadow: ShadowFacts?
  /// Switches of model and calibration.
  package var reloads = ReloadFacts()
  /// The ring between input and output.
  package var ring = RingFacts()
  /// The journal.
  package var journal = JournalFacts()
  /// The output socket.
  package var output = OutputFacts()
  /// Connections to the sockets; nil where they are not observed.
  package var connections: ConnectionFacts?
  /// The socket for records of the past; nil where there is none.
  package var catchUp: CatchUpFacts?
  /// Drift against the calibration's reference; nil where it is not watched.
  package var drift: DriftFacts?
  /// The process in figures of the kernel; nil where there are none.
  package var process: ProcessFacts?
  /// The last flagged events, the newest first.
  package var flags: [RecentFlag] = []
  /// The flagged events of the last hour with the highest scores, the highest first.
  package var strangestFlags: [RecentFlag] = []
  /// Each feature's share of the score in a running mean over flagged events, D of them.
  package var meanShares: [Float] = []
  /// The last seconds: what a rate is now.
  package var now = WindowFacts()
  /// The last minutes: what alarms look at.
  package var recent = WindowFacts()
  /// The last quarter of an hour, the oldest first.
  package var history: [HistoryPoint] = []
  /// The alarms that are on, the gravest first.
  package var alarms: [Alarm] = []

  /// A status with this program and generation, and everything else at zero.
  package init(build: BuildFacts, generation: GenerationFacts) {
    self.build = build
    self.generation = generation
  }
}

/// The program that runs.
package struct BuildFacts: Equatable, Sendable {
  /// The program's version.
  package var version: String
  /// The instruction set in use.
  package var instructionSet: String
  /// Which daemon, as in its flagged records.
  package var instance: UInt32
  /// When the daemon began, ns since the epoch.
  package var startedNs: UInt64
  /// The daemon's process id, for a signal from the same machine; 0 where it is not said.
  package var processIdentifier: Int32
  /// The identity that tells this process from another of the same number; nil where it is not
  /// stated.
  package var processIdentity: ProcessIdentity?

  /// Creates the facts.
  package init(
    version: String, instructionSet: String, instance: UInt32, startedNs: UInt64,
    processIdentifier: Int32 = 0, processIdentity: ProcessIdentity? = nil
  ) {
    self.version = version
    self.instructionSet = instructionSet
    self.instance = instance
    self.startedNs = startedNs
    self.processIdentifier = processIdentifier
    self.processIdentity = processIdentity
  }
}

/// Where the daemon is in its life.
package struct LifeFacts: Equatable, Sendable {
  /// The phase.
  package var phase = PipelineState.Phase.running
  /// Why the pipeline stands still; nil while it works.
  package var stallReason: String?
  /// Since the pipeline last made progress or idled soundly.
  package var sinceProgressSeconds = 0.0
  /// Where the input listens.
  package var inputEndpoints: [String] = []
  /// Where the output listens.
  package var outputEndpoints: [String] = []

  /// Running, without a stall.
  package init() {}
}

extension DaemonStatus {
  /// Seconds since the daemon began; 0 where the clock was set back behind that.
  package var uptimeSeconds: Double {
    takenNs > build.startedNs ? Double(takenNs - build.startedNs) * 1e-9 : 0
  }

  /// Seconds since the last event was received; nil before the first.
  package var sinceEventSeconds: Double? {
    if ledger.lastEventNs == 0 { return nil }
    return takenNs > ledger.lastEventNs ? Double(takenNs - ledger.lastEventNs) / 1e9 : 0
  }

  /// The features with the largest mean shares of flagged scores, the largest first.
  package func topFeatures(_ count: Int) -> [(name: String, share: Float)] {
    meanShares.indices.filter { meanShares[$0] > 0 }
      .sorted { (meanShares[$0], $1) > (meanShares[$1], $0) }
      .prefix(count).map { (featureName($0), meanShares[$0]) }
  }

  /// A feature's name, or its number where the model names none.
  package func featureName(_ index: Int) -> String {
    guard let names = generation.featureNames, names.indices.contains(index) else {
      return "feature \(index)"
    }
    return names[index]
  }
}
