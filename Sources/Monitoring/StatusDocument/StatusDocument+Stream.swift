internal import StrictJSON
internal import TriggerPipeline
internal import WorkerThreads

/// What came in, what was decided, and by which generation.
extension DaemonStatus {
  var buildJSON: JSONValue {
    .object([
      "version": .string(build.version), "isa": .string(build.instructionSet),
      "instance": .integer(build.instance), "started": .seconds(build.startedNs),
      "uptime_seconds": .finite(uptimeSeconds), "pid": .integer(build.processIdentifier),
      "process": .optional(build.processIdentity) { identity in
        .object([
          "boot": .string(identity.boot), "namespace": .integer(identity.namespace),
          "start_ticks": .integer(identity.startTicks),
        ])
      },
    ])
  }

  var lifeJSON: JSONValue {
    .object([
      "phase": .string("\(life.phase)"),
      "stall_reason": .optional(life.stallReason) { .string($0) },
      "since_progress_seconds": .finite(life.sinceProgressSeconds),
      "since_event_seconds": .finite(sinceEventSeconds),
      "input": .array(life.inputEndpoints.map { .string($0) }),
      "output": .array(life.outputEndpoints.map { .string($0) }),
    ])
  }

  var generationJSON: JSONValue {
    .object([
      "generation": .integer(generation.number), "since": .seconds(generation.inForceSinceNs),
      "model": .object([
        "path": .string(generation.modelPath), "sha256": .string(generation.modelSHA256),
      ]),
      "calibration": .object([
        "path": .string(generation.calibrationPath),
        "sha256": .string(generation.calibrationSHA256),
      ]),
      "screen_margin": .finite(generation.screenMargin),
    ])
  }

  func flagJSON(_ flag: RecentFlag) -> JSONValue {
    let fired = points.indices.prefix(16).filter { flag.workingPoints >> UInt16($0) & 1 == 1 }
    return .object([
      "number": .integer(flag.number), "time": .seconds(flag.decidedNs),
      "run": .integer(flag.event.run), "source": .integer(flag.event.source),
      "sequence": .integer(flag.event.sequence), "event": .integer(flag.event.event),
      "score": .finite(flag.score),
      "background_rate": flag.backgroundRate == 0 ? .null : .finite(abs(flag.backgroundRate)),
      "rate_extrapolated": .bool(flag.backgroundRate < 0),
      "working_points": .array(fired.map { .string(points[$0].name) }),
      "top_features": .array(
        flag.topFeatures.map {
          .object(["name": .string(featureName($0.feature)), "share": .finite($0.share)])
        }),
    ])
  }

  var historyJSON: JSONValue {
    .object([
      "step_seconds": .real(StatusHistory.stepSeconds),
      "working_points": .array(points.map { .string($0.name) }),
      "points": .array(
        history.map { point in
          .object([
            "time": .seconds(point.timeNs),
            "received_per_second": .rounded(point.receivedPerSecond),
            "lost_per_second": .rounded(point.lostPerSecond),
            "flagged_per_second": .array(point.flaggedPerSecond.map { .rounded($0) }),
          ])
        }),
    ])
  }
}

extension JSONValue {
  /// A window with its counts and rates; points by name.
  init(_ window: WindowFacts, _ status: DaemonStatus) {
    self = .object([
      "seconds": .rounded(window.seconds),
      "received": .integer(window.received),
      "received_per_second": .rate(window.perSecond(window.received)),
      "scored": .integer(window.scored),
      "lost": .integer(window.lost),
      "lost_per_second": .rate(window.perSecond(window.lost)),
      "rejected": .integer(window.rejected),
      "published": .integer(window.published),
      "given_up": .integer(window.givenUp),
      "journal_bytes": .integer(window.journalBytes),
      "dead_time_ratio": .rounded(window.deadTimeRatio),
      "latency_p50_seconds": .finite(window.latencyP50Seconds),
      "latency_p99_seconds": .finite(window.latencyP99Seconds),
      "working_points": .array(
        zip(status.points, window.points).map { point, counts in
          .object([
            "name": .string(point.name), "fired": .integer(counts.fired),
            "flagged": .integer(counts.flagged),
            "flagged_per_second": .rate(window.perSecond(counts.flagged)),
            "flagged_alone_per_second": .rate(window.perSecond(counts.flaggedAlone)),
          ])
        }),
    ])
  }

  /// A rate that is known, or null.
  static func rate(_ rate: Double?) -> JSONValue { .optional(rate) { .rounded($0) } }

  /// To six decimal places: what was measured by a clock has no more.
  static func rounded(_ value: Double) -> JSONValue {
    .finite((value * 1e6).rounded() / 1e6)
  }

  /// Numbers, or null.
  static func numbers(_ values: [Double]?) -> JSONValue {
    .optional(values) { .array($0.map { .finite($0) }) }
  }
}
