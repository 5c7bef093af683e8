internal import CLinux
internal import Calibration
internal import Drift
internal import EventRecords
package import TriggerPipeline
internal import ZeroMQ

extension DaemonStatus {
  /// The status of a pipeline now; realised rates are those since start. From any thread.
  package init(of pipeline: TriggerPipeline, build: BuildFacts) {
    let counters = pipeline.counters
    let calibration = pipeline.calibration
    self.init(build: build, generation: pipeline.generation)
    takenNs = tamis_realtime_ns()
    monotonicNs = tamis_monotonic_ns()
    process = ProcessFacts()
    life.phase = pipeline.state.phase
    life.stallReason = pipeline.state.stallReason
    life.sinceProgressSeconds = Double(pipeline.state.sinceProgressNs) * 1e-9
    life.inputEndpoints = pipeline.inputEndpoints
    life.outputEndpoints = pipeline.outputEndpoints
    ring.records = pipeline.ringOccupancy
    ring.capacity = pipeline.ringCapacity
    // Counters that an event reaches last are read first, so that no part exceeds its sum.
    OutputFacts.figures.take(counters, into: &output)
    JournalFacts.figures.take(counters, into: &self)
    journal.lagSeconds = Self.lagSeconds(counters, monotonicNs: monotonicNs)
    journal.storage = JournalFacts.Storage(pipeline.journalState)
    connections = ConnectionFacts(of: pipeline)
    if !pipeline.catchUpEndpoints.isEmpty { catchUp = CatchUpFacts(pipeline.catchUpCounters) }
    points = Self.points(
      counters.workingPoints.all, generation: generation, control: pipeline.rateControl)
    if let table = pipeline.prescales {
      let row = min(Int(clamping: counters.prescaleRow.value), table.starts.count)
      prescales = PrescaleFacts(table, row: row)
      for index in points.indices where index < table.pointCount && points[index].inForce != nil {
        points[index].prescaleInForce = table.prescale(row: row, point: index)
      }
    }
    decisions = DecisionFacts(counters, calibration: calibration)
    decisions.scoreBins = ScoreBinFacts(
      counts: counters.scoreBins.binCounts, reference: calibration.reference.scoreHistogram,
      thresholds: points.compactMap(\.inForce?.threshold))
    ledger = LedgerFacts(counters, sources: pipeline.sources)
    ledger.runOpenSinceNs = pipeline.runOpenSinceNs
    for index in points.indices where points[index].inForce != nil {
      points[index].realised = RealisedRate(
        fired: points[index].fired, scored: ledger.measured, confidence: calibration.confidence)
      points[index].efficiency = RealisedRate(
        fired: points[index].simulatedFired, scored: ledger.simulated,
        confidence: calibration.confidence)
    }
    flood.prescale = max(1, counters.floodPrescale.value)
    FloodFacts.figures.take(counters, into: &flood)
    screen = generation.screenMargin.map { ScreenFacts(counters, margin: $0) }
    shadow = generation.shadow.map { shadow in
      var facts = ShadowFacts(generation: shadow)
      facts.outcomes = counters.shadow.map(\.value)
      return facts
    }
    ReloadFacts.figures.take(counters, into: &reloads)
    reloads.lastSucceeded = counters.lastReloadSucceeded.value == 1
    reloads.lastRefusal = pipeline.state.reloadRefusal
    drift = DriftFacts(pipeline.drift.report)
    flags = pipeline.recentFlags.latest
    strangestFlags = pipeline.recentFlags.strangest(nowNs: takenNs)
    meanShares = pipeline.recentFlags.meanShares
  }

  /// The age of the oldest record that is not on the disk itself.
  private static func lagSeconds(_ counters: PipelineCounters, monotonicNs: UInt64) -> Double {
    let since = counters.unsynchronisedSinceNs.value
    return since > 0 && monotonicNs > since ? Double(monotonicNs - since) * 1e-9 : 0
  }

  /// The points in force first, in the calibration's order; then those of earlier generations.
  private static func points(
    _ counted: [WorkingPointCounters], generation: GenerationFacts, control: RateControlPlan
  ) -> [PointFacts] {
    func facts(_ name: String, _ inForce: PointInForce?) -> PointFacts {
      let counters = counted.first { $0.name == name }
      var facts = PointFacts(
        name: name, inForce: inForce, fired: counters?.fired.value ?? 0,
        flagged: counters?.flagged.value ?? 0)
      facts.simulatedFired = counters?.simulatedFired.value ?? 0
      facts.firedAlone = counters?.firedAlone.value ?? 0
      facts.flaggedAlone = counters?.flaggedAlone.value ?? 0
      facts.prescaleInForce = inForce?.prescale
      return facts
    }
    let namesInForce = generation.points.map(\.name)
    let inForce = generation.points.enumerated().map { index, point in
      var point = point
      guard let counters = counted.first(where: { $0.name == point.name }) else {
        return facts(point.name, point)
      }
      // In float32, as the pipeline has it.
      point.threshold *= counters.factor
      point.highestThreshold = point.highestThreshold.map { $0 * counters.factor }
      var whole = facts(point.name, point)
      whole.control = RateControlFacts(control, at: index, counters: counters)
      whole.firedWith = namesInForce.compactMap { name in
        guard name != point.name, let other = counted.first(where: { $0.name == name }) else {
          return nil
        }
        return PointFacts.Overlap(name: name, count: counters.fired(with: other))
      }
      return whole
    }
    return inForce
      + counted.filter { !namesInForce.contains($0.name) }.map { facts($0.name, nil) }
  }
}

extension LedgerFacts {
  fileprivate init(_ counters: PipelineCounters, sources counted: [SourceSums]) {
    Self.figures.take(counters, into: &self)
    refusals = RecordRejection.allCases.map {
      Refusal(reason: $0, count: counters.rejected($0).value)
    }
    sources = counted.map(Source.init)
    controlRecords = counters.controlRecords.map(\.value)
  }
}

extension LedgerFacts.Source {
  fileprivate init(_ sums: SourceSums) {
    let number: UInt32? = if case .source(let number) = sums.sender { number } else { nil }
    self.init(
      number: number, received: sums.received, lost: sums.lost, late: sums.late,
      elsewhere: sums.elsewhere, refused: sums.refused)
    isOther = sums.sender == .other
  }
}

extension DecisionFacts {
  fileprivate init(_ counters: PipelineCounters, calibration: TriggerCalibration) {
    Self.figures.take(counters, into: &self)
    batchEvents = HistogramFacts(counters.batchEvents)
    scores = HistogramFacts(counters.scores)
    latency = HistogramFacts(counters.decisionLatency)
    referenceShares = calibration.reference.scoreHistogram.flatMap {
      Monitoring.referenceShares(of: $0, upperBounds: counters.scores.upperBounds)
    }
  }
}

extension HistogramFacts {
  fileprivate init(_ histogram: FixedHistogram) {
    self.init(
      upperBounds: histogram.upperBounds, counts: histogram.bucketCounts, sum: histogram.sum)
  }
}

extension ScreenFacts {
  fileprivate init(_ counters: PipelineCounters, margin: Double) {
    self.init(margin: margin)
    Self.figures.take(counters, into: &self)
    shortfallMax = Float(bitPattern: UInt32(truncatingIfNeeded: counters.screenShortfallBits.value))
  }
}

extension JournalFacts.Storage {
  fileprivate init(_ state: JournalState) {
    self.init(
      segments: Int(state.segments.value), sizeBytes: state.byteCount.value,
      freeBytes: state.freeByteCount.value, oldestNumber: state.oldestNumber.value,
      lastNumber: state.lastNumber.value, publishedNumber: state.publishedNumber.value,
      deletedPublished: state.deletedPublished.value,
      deletedUnpublished: state.deletedUnpublished.value)
    isSpaceLow = state.spaceLow.value != 0
    isClockSuspect = state.clockSuspect.value != 0
    isRetentionHeld = state.retentionHeld.value != 0
  }
}

extension ConnectionFacts {
  fileprivate init(of pipeline: TriggerPipeline) {
    let counts = pipeline.connections.map { (name: $0.socket, figures: $0.figures) }
    self.init(
      sockets: counts.map { socket in
        let bound =
          socket.name == "input"
          ? pipeline.inputEndpoints
          : socket.name == "output" ? pipeline.outputEndpoints : pipeline.catchUpEndpoints
        return Socket(
          name: socket.name, established: socket.figures.established,
          accepted: UInt64(socket.figures.accepted), needsOne: bound.isEmpty)
      },
      failures: counts.flatMap { socket in
        HandshakeFailure.Reason.allCases.map {
          Failure(
            socket: socket.name, reason: $0.rawValue, count: socket.figures.failed[$0] ?? 0)
        }
      },
      cuts: counts.flatMap { socket in
        CutReason.allCases.map {
          Failure(socket: socket.name, reason: $0.rawValue, count: socket.figures.cut[$0] ?? 0)
        }
      })
  }
}

extension CatchUpFacts {
  fileprivate init(_ counters: CatchUpCounters) {
    self.init(
      requests: CatchUpStatus.allCases.map {
        Requests(result: $0.label, count: counters.requests($0).value)
      },
      records: counters.records.value, unanswered: counters.unanswered.value,
      unreadable: counters.unreadable.value)
  }
}
