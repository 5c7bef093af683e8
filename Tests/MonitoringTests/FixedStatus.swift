internal import Calibration
internal import EventRecords
internal import Monitoring
internal import TriggerPipeline

extension DaemonStatus {
  /// A daemon that has run for ten hours, with every part that there is, all numbers different.
  static var fixed: DaemonStatus {
    let minute: UInt64 = 60_000_000_000
    let now: UInt64 = 1_764_108_000_250_000_000
    var status = DaemonStatus(
      build: BuildFacts(
        version: "0.1.0", instructionSet: "avx512", instance: 7, startedNs: now - 600 * minute),
      generation: .fixed(inForceSinceNs: now - 90 * minute))
    status.takenNs = now
    status.monotonicNs = 36_000_000_000_000
    status.life.sinceProgressSeconds = 0.003
    status.life.inputEndpoints = ["tcp://127.0.0.1:5555"]
    status.life.outputEndpoints = ["tcp://127.0.0.1:5556"]
    status.setStream(now)
    status.setDecisions()
    status.setParts(now - 90 * minute)
    status.setFlags(now)
    status.setWindows(now)
    return status
  }

  /// The same with its alarms, as a keeper would have set them a minute ago.
  static var fixedWithAlarms: DaemonStatus {
    var status = fixed
    status.alarms = alarmConditions(of: status).map {
      Alarm($0, sinceNs: status.takenNs - 60_000_000_000)
    }
    return status
  }

  private mutating func setStream(_ now: UInt64) {
    ledger.sources = [
      .init(number: nil, received: 31, lost: 0, late: 0, refused: 31),
      .init(number: 1, received: 400_000_000, lost: 17, late: 5),
      .init(number: 2, received: 320_000_000, lost: 0, late: 0, elsewhere: 44),
    ]
    for index in ledger.refusals.indices {
      switch ledger.refusals[index].reason {
      case .checksum: ledger.refusals[index].count = 31
      case .notFinite: ledger.refusals[index].count = 120
      case .repeated: ledger.refusals[index].count = 2
      default: break
      }
    }
    ledger.controlRecords = [4, 3, 512]
    ledger.messages = 11_250_000
    ledger.scored = 719_999_600
    ledger.shed = 0
    ledger.lastEventNs = now - 20_000_000
    ledger.inputBlockedNs = 4_750_000_000
    ledger.runOpenSinceNs = now - 20 * 60_000_000_000
    ring.records = 278
    ring.capacity = 16_384
  }

  private mutating func setDecisions() {
    decisions.aboveThreshold = 7_236_144
    decisions.unbiased = 72_011
    decisions.notScorable = 120
    decisions.unflagged = 0
    decisions.batches = 9_000_123
    decisions.batchEvents = HistogramFacts(
      upperBounds: [1, 8, 64, 256], counts: [1_000, 9_000, 5_000_000, 3_990_123, 0],
      sum: 720_000_000)
    let bounds = FixedHistogram.decades(0, through: 4)
    decisions.scores = HistogramFacts(
      upperBounds: bounds,
      counts: [
        0, 0, 0, 1_204, 60_311, 4_310_822, 402_000_000, 281_000_000, 26_000_000, 6_500_000,
        110_000, 12_000, 5_102, 161, 0, 0,
      ], sum: 51_234_567_890.5)
    decisions.referenceShares = [
      0, 0, 0, 0.000002, 0.0001, 0.006, 0.56, 0.39, 0.035, 0.0087988, 0.0001, 0, 0, 0, 0, 0,
    ]
    decisions.scoreBins = Self.scoreBins
    decisions.latency = HistogramFacts(
      upperBounds: FixedHistogram.decades(-5, through: -1),
      counts: [
        0, 0, 900, 10_000, 31_000_000, 402_000_000, 260_000_000, 26_000_000, 900_000, 80_000,
        8_000, 620, 80, 0, 0, 0,
      ],
      sum: 151_000.25)
    points = [
      PointFacts(
        name: "loose", inForce: generation.points[0], fired: 7_236_144, flagged: 723_611,
        realised: RealisedRate(fired: 1_087_000, scored: 108_000_000, confidence: 0.95)),
      PointFacts(
        name: "nominal", inForce: generation.points[1], fired: 719_020, flagged: 719_020,
        realised: RealisedRate(fired: 121_311, scored: 108_000_000, confidence: 0.95)),
      PointFacts(
        name: "tight", inForce: generation.points[2], fired: 77, flagged: 77,
        realised: RealisedRate(fired: 11, scored: 108_000_000, confidence: 0.95)),
      PointFacts(name: "old", inForce: nil, fired: 12_345, flagged: 12_345),
    ]
    let overlaps: [[UInt64]] = [[0, 719_011, 77], [719_011, 0, 70], [77, 70, 0]]
    for (index, row) in overlaps.enumerated() {
      points[index].firedAlone = [6_517_126, 9, 0][index]
      points[index].flaggedAlone = [651_711, 8, 1][index]
      points[index].prescaleInForce = [20, 2, 0][index]
      points[index].firedWith = row.enumerated().filter { $0.offset != index }.map {
        PointFacts.Overlap(name: points[$0.offset].name, count: $0.element)
      }
    }
    prescales = PrescaleFacts(axis: "section", rowCount: 5, row: 3, start: 120)
    ledger.simulated = 7_200
    for (index, fired) in [6_100, 4_400, 900].enumerated() as EnumeratedSequence<[UInt64]> {
      points[index].simulatedFired = fired
      points[index].efficiency = RealisedRate(
        fired: fired - 400, scored: 6_800, confidence: 0.95)
      points[index].rateTest = RateTestFacts(
        target: generation.points[index].targetFPR, evidenceAbove: -3.5 + Double(index),
        evidenceBelow: -4.25, limit: 3.602, raised: nil)
    }
    points[1].control = RateControlFacts(
      target: "0.001", targetFPR: 0.001, factor: 1.0625, factorMin: 0.5, factorMax: 2, steps: 311,
      hold: "drift")
  }

  private mutating func setParts(_ reloadNs: UInt64) {
    flood.suppressed = 41
    var screen = ScreenFacts(margin: 0.1)
    screen.rescored = 9_100_000
    screen.audited = 72_000
    screen.shortfallMax = 0.0214
    self.screen = screen
    var shadow = ShadowFacts(
      generation: .init(
        modelSHA256: String(repeating: "5e", count: 32),
        calibrationSHA256: String(repeating: "0d", count: 32)))
    shadow.outcomes = [1_080_200, 6_800, 7_311, 106_905_689]
    self.shadow = shadow
    reloads.made = 2
    reloads.refused = 1
    reloads.lastNs = reloadNs
    journal.records = 1_514_711
    journal.bytes = 969_415_040
    journal.failures = 3
    journal.lagSeconds = 0.062
    journal.storage = .init(
      segments: 4, sizeBytes: 969_415_904, freeBytes: 211_000_000_000, oldestNumber: 6,
      lastNumber: 1_514_716, publishedNumber: 1_514_704,
      deletedPublished: 5, deletedUnpublished: 0)
    output.waiting = 12
    output.publishedFlagged = 1_442_688
    output.publishedUnbiased = 72_011
    output.blocked = 42
    output.subscribers = 2
    output.repeated = 11
    connections = ConnectionFacts(
      sockets: [
        .init(name: "input", established: 3, accepted: 5, needsOne: false),
        .init(name: "output", established: 2, accepted: 19, needsOne: false),
      ],
      failures: [.init(socket: "input", reason: "zap", count: 2)],
      cuts: [.init(socket: "output", reason: "slow", count: 1)])
    catchUp = CatchUpFacts(
      requests: [.init(result: "ok", count: 9), .init(result: "refused", count: 1)], records: 640,
      unanswered: 3, unreadable: 2)
    drift = DriftFacts(
      checks: [
        .init(
          name: "score", statistic: 0.0113, limit: 0.0214, isAlarming: false, alarms: 0,
          windows: 144),
        .init(
          name: "feature_mean", statistic: 6.75, limit: 5.5, isAlarming: true,
          finding: "muon_pt_1 is higher by 0.11 standard deviations", alarms: 1,
          windows: 144),
        .init(
          name: "condition", statistic: nil, limit: 4, isAlarming: false, alarms: 0, windows: 0),
      ],
      features: [
        .init(name: "muon_pt_1", deviation: 6.75), .init(name: "met", deviation: -1.25),
        .init(name: "jet_pt_1", deviation: 0.5),
      ])
    process = ProcessFacts(
      residentBytes: 66_060_288, cpuSeconds: 12_345.67, openDescriptors: 41,
      maxDescriptors: 524_288, startSeconds: 1_764_072_000.25)
  }

  private static var scoreBins: ScoreBinFacts? {
    var counts = [UInt64](repeating: 0, count: ScoreHistogram.binCount)
    for (score, count) in [(40, 700_000_000), (90, 19_000_000), (200, 7_000), (500, 161)] {
      counts[ScoreHistogram.bin(of: Float(score))] = UInt64(count)
    }
    var reference = ScoreHistogram()
    let scores: [Float] = Array(repeating: 40, count: 990) + Array(repeating: 200, count: 10)
    scores.withUnsafeBufferPointer { reference.add($0) }
    return ScoreBinFacts(counts: counts, reference: reference, thresholds: [181.25, 402.5])
  }

  private mutating func setFlags(_ now: UInt64) {
    meanShares = [0.31, 0.22, 0.125, 0.0625, 0, 0.03125]
    flags = (0..<4).map { age in
      var flag = RecentFlag(
        event: EventIdentity(
          run: 362_104, source: 1 + UInt32(age % 2), sequence: 99_000 - UInt64(age),
          event: 5_000_321 - UInt64(age)),
        number: 1_514_711 - UInt64(age), reasons: .aboveThreshold,
        workingPoints: age == 2 ? 3 : 1, score: 912.25 - 130.5 * Float(age),
        decidedNs: now - UInt64(age) * 3_000_000_000,
        topFeatures: [.init(feature: age, share: 0.41), .init(feature: 5, share: 0.125)])
      flag.backgroundRate = [-2.5e-7, 1.25e-5, 0.0003, 0][age]
      return flag
    }
    strangestFlags = Array(flags.prefix(2))
  }

  private mutating func setWindows(_ now: UInt64) {
    self.now.seconds = 10
    self.now.received = 200_300
    self.now.scored = 200_290
    self.now.deadTimeRatio = 0.002
    self.now.points = [
      .init(fired: 2_010, flagged: 201), .init(fired: 224, flagged: 224),
      .init(fired: 0, flagged: 0), .init(fired: 0, flagged: 0),
    ]
    recent = self.now
    recent.seconds = 300
    recent.received = 6_000_100
    recent.scored = 6_000_020
    recent.lost = 12
    recent.published = 12_800
    recent.journalBytes = 8_000_000
    recent.deadTimeRatio = 0.0004
    recent.latencyP50Seconds = 0.000231
    recent.latencyP99Seconds = 0.00187
    recent.points = [
      .init(fired: 60_410, flagged: 6_041), .init(fired: 6_740, flagged: 6_740),
      .init(fired: 1, flagged: 1), .init(fired: 0, flagged: 0),
    ]
    history = (0..<85).map { step in
      let burst: Double = step > 58 ? 11 : 0
      let loose = 20 + Double(step * 29 % 7)
      let nominal = 22 + Double(step * 31 % 5) + burst
      let rare: Double = step % 40 == 7 ? 0.1 : 0
      return HistoryPoint(
        timeNs: now - UInt64(84 - step) * 10_000_000_000,
        receivedPerSecond: 20_000 + Double(step * 37 % 90) * 10,
        lostPerSecond: step == 61 ? 1.2 : 0, flaggedPerSecond: [loose, nominal, rare, 0])
    }
  }
}

extension GenerationFacts {
  /// Three working points and six features.
  fileprivate static func fixed(inForceSinceNs: UInt64) -> GenerationFacts {
    GenerationFacts(
      number: 3, inForceSinceNs: inForceSinceNs, modelPath: "/etc/tamis/model.safetensors",
      modelSHA256: String(repeating: "3f", count: 32),
      calibrationPath: "/etc/tamis/calibration.json",
      calibrationSHA256: String(repeating: "c4", count: 32),
      points: [
        PointInForce(
          name: "loose", targetFPR: 0.01, threshold: 181.25, prescale: 10,
          fprInterval: 0.0098...0.0102),
        PointInForce(
          name: "nominal", targetFPR: 0.001, threshold: 402.5, fprInterval: 0.00094...0.00106),
        PointInForce(name: "tight", targetFPR: 1e-07, threshold: 2_931.2249),
      ],
      featureNames: ["muon_pt_1", "met", "jet_pt_1", "jet_eta_1", "n_vertices", "el_pt_1"],
      screenMargin: 0.1,
      shadow: Shadow(
        modelSHA256: String(repeating: "5e", count: 32),
        calibrationSHA256: String(repeating: "0d", count: 32)))
  }
}
