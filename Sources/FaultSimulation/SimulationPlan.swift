internal import Drift
internal import TriggerPipeline

/// The simulation of a seed: the configuration, and how often each event happens.
struct SimulationPlan {
  /// Records that ZeroMQ holds for a receiver.
  static let queueCountMax = 8

  var settings = PipelineSettings()
  var sourceCount = 2
  var receiverCount = 1
  var hasUnrulySenders = false
  /// Weights of the actions, in the order of `SimulatedAction.allCases`.
  var weights: [Int] = []

  init(_ random: inout RandomSource) {
    sourceCount = random.pick(1...3)
    receiverCount = random.pick(1...2)
    hasUnrulySenders = random.coin()
    settings.outputPattern = random.coin() ? .pub : .push
    settings.messageByteCountMax = 4_096
    settings.outputHighWaterMark = Self.queueCountMax
    settings.repeatRecordCount = SimulatedReceivers.networkCountMax + 2
    settings.segmentByteCountMax = random.pick(200...3_000)
    settings.segmentAgeMaxS = random.oneIn(3) ? 1 : 0
    settings.fsyncIntervalMs = random.oneIn(4) ? 0 : 100
    settings.unbiasedPrescale = random.oneIn(3) ? 5 : 0
    settings.flaggedRateMax = random.oneIn(5) ? random.pick(5...60) : 0
    settings.batchMax = random.pick(2...8)
    settings.ringCapacity = 64
    settings.workers = 1
    settings.drainTimeoutMs = random.pick(100...3_000)
    settings.journalFreeByteCountMin = 0
    if random.coin() {
      settings.journalKeepByteCountMax = random.oneIn(2) ? random.pick(1_000...8_000) : 0
      settings.journalKeepAgeMaxS = random.oneIn(2) ? random.pick(3...30) : 0
      settings.deletesUnpublished = random.oneIn(4)
      settings.journalFreeByteCountMin = random.oneIn(2) ? 2_000 : 0
    }
    settings.drift.sampledWindowEventCount = 100
    settings.drift.decidedWindowEventCount = 1_000
    weights = SimulatedAction.allCases.map { action in
      // Some kinds of fault are left out of each seed, so that others come to their own.
      action.isFault && random.oneIn(3) ? 0 : action.weight
    }
  }

  /// Whether anything may be deleted.
  var keepsLimited: Bool {
    settings.journalKeepByteCountMax > 0 || settings.journalKeepAgeMaxS > 0
  }

  var summary: String {
    "\(settings.outputPattern), \(receiverCount) receivers, \(sourceCount) sources"
      + "\(hasUnrulySenders ? " (unruly)" : ""), segments of \(settings.segmentByteCountMax) bytes"
      + ", age \(settings.segmentAgeMaxS) s, fsync \(settings.fsyncIntervalMs) ms, keep "
      + "\(settings.journalKeepByteCountMax) bytes, \(settings.journalKeepAgeMaxS) s"
      + "\(settings.deletesUnpublished ? ", unpublished too" : ""), free "
      + "\(settings.journalFreeByteCountMin), batch \(settings.batchMax), drain "
      + "\(settings.drainTimeoutMs) ms, cap \(settings.flaggedRateMax)/s"
  }
}

/// What may happen next.
enum SimulatedAction: CaseIterable {
  case send, ingest, score, publish, flush, deliver, time, longTime, writeBack
  case catchUp
  case flood, freeze, disconnect, connect, reload, stop, drain
  case fullDisk, roomAgain, faultyCalls, faultySyncs, hideFree, jump, heal
  case kill, powerCut, planEnd, killOnStart

  var weight: Int {
    switch self {
    case .send: 90
    case .ingest: 120
    case .score: 140
    case .publish: 160
    case .flush: 60
    case .deliver: 70
    case .time: 80
    case .longTime: 12
    case .writeBack: 20
    case .catchUp: 16
    case .flood: 2
    case .freeze: 6
    case .disconnect: 5
    case .connect: 16
    case .reload: 2
    case .stop: 1
    case .drain: 20
    case .fullDisk: 2
    case .roomAgain: 6
    case .faultyCalls: 3
    case .faultySyncs: 3
    case .hideFree: 1
    case .jump: 1
    case .heal: 8
    case .kill: 1
    case .powerCut: 1
    case .planEnd: 4
    case .killOnStart: 1
    }
  }

  /// Whether a seed may do without.
  var isFault: Bool {
    switch self {
    case .send, .ingest, .score, .publish, .flush, .deliver, .catchUp, .time, .longTime, .connect,
      .heal,
      .roomAgain, .drain:
      false
    default: true
    }
  }
}

/// One life of the daemon, for the accounts at the end.
struct SimulatedLife {
  /// Records that it reports as given up, and events that it did not decide.
  var toldLost: UInt64 = 0
  /// How it ended; nil for an orderly end.
  var end: SimulatedProcess.End?
}
