internal import StrictJSON
internal import TriggerPipeline

/// The parts of the document that need no other part.
extension JSONValue {
  init(_ screen: ScreenFacts) {
    self = .object([
      "margin": .finite(screen.margin), "rescored": .integer(screen.rescored),
      "audited": .integer(screen.audited), "disagreements": .integer(screen.disagreements),
      "shortfall_max_ratio": .finite(screen.shortfallMax),
    ])
  }

  init(_ shadow: ShadowFacts) {
    var outcomes = JSONObject()
    for (outcome, count) in zip(ShadowOutcome.allCases, shadow.outcomes) {
      outcomes[outcome.rawValue] = .integer(count)
    }
    self = .object([
      "model_sha256": .string(shadow.generation.modelSHA256),
      "calibration_sha256": .string(shadow.generation.calibrationSHA256),
      "events": .object(outcomes),
    ])
  }

  init(_ reloads: ReloadFacts) {
    self = .object([
      "made": .integer(reloads.made), "refused": .integer(reloads.refused),
      "last_succeeded": .bool(reloads.lastSucceeded), "last": .time(reloads.lastNs),
      "last_refusal": .optional(reloads.lastRefusal) { .string($0) },
    ])
  }

  init(_ journal: JournalFacts, stallReason: String?) {
    var object: JSONObject = [
      "records": .integer(journal.records), "bytes": .integer(journal.bytes),
      "failures": .integer(journal.failures), "stalled": .bool(stallReason != nil),
      "lag_seconds": .finite(journal.lagSeconds),
    ]
    let storage = journal.storage
    object["segments"] = .optional(storage) { .integer($0.segments) }
    object["size_bytes"] = .optional(storage) { .integer($0.sizeBytes) }
    object["free_bytes"] = .optional(storage) { .integer($0.freeBytes) }
    object["oldest_number"] = .optional(storage) { .integer($0.oldestNumber) }
    object["last_number"] = .optional(storage) { .integer($0.lastNumber) }
    object["published_number"] = .optional(storage) { .integer($0.publishedNumber) }
    object["space_low"] = .optional(storage) { .bool($0.isSpaceLow) }
    object["clock_suspect"] = .optional(storage) { .bool($0.isClockSuspect) }
    object["retention_held"] = .optional(storage) { .bool($0.isRetentionHeld) }
    object["deleted_published"] = .optional(storage) { .integer($0.deletedPublished) }
    object["deleted_unpublished"] = .optional(storage) { .integer($0.deletedUnpublished) }
    self = .object(object)
  }

  init(_ output: OutputFacts) {
    self = .object([
      "waiting": .integer(output.waiting),
      "published": .object([
        "flagged": .integer(output.publishedFlagged),
        "unbiased": .integer(output.publishedUnbiased),
        "unflagged": .integer(output.publishedUnflagged),
      ]),
      "abandoned": .integer(output.abandoned), "blocked": .integer(output.blocked),
      "subscribers": .integer(output.subscribers),
    ])
  }

  init(_ connections: ConnectionFacts) {
    self = .object([
      "sockets": .array(
        connections.sockets.map {
          .object([
            "socket": .string($0.name), "established": .integer($0.established),
            "handshakes": .integer($0.accepted),
            "needs_one": .bool($0.needsOne),
          ])
        }),
      "failed_handshakes": .array(
        connections.failures.map {
          .object([
            "socket": .string($0.socket), "reason": .string($0.reason),
            "count": .integer($0.count),
          ])
        }),
    ])
  }

  init(_ catchUp: CatchUpFacts) {
    var requests = JSONObject()
    for each in catchUp.requests { requests[each.result] = .integer(each.count) }
    self = .object([
      "requests": .object(requests), "records": .integer(catchUp.records),
      "unanswered": .integer(catchUp.unanswered), "unreadable": .integer(catchUp.unreadable),
    ])
  }

  init(_ drift: DriftFacts) {
    let largest = drift.features.sorted { abs($0.deviation) > abs($1.deviation) }.prefix(10)
    self = .object([
      "checks": .array(
        drift.checks.map {
          .object([
            "check": .string($0.name), "statistic": .finite($0.statistic),
            "limit": .finite($0.limit), "alarm": .bool($0.isAlarming),
            "alarms": .integer($0.alarms), "windows": .integer($0.windows),
            "finding": .optional($0.finding) { .string($0) },
          ])
        }),
      "features_most_off": .array(
        largest.map { .object(["name": .string($0.name), "deviation": .finite($0.deviation)]) }),
    ])
  }

  init(_ process: ProcessFacts) {
    self = .object([
      "resident_bytes": .integer(process.residentBytes),
      "cpu_seconds": .finite(process.cpuSeconds),
      "open_descriptors": .integer(process.openDescriptors),
      "max_descriptors": .optional(process.maxDescriptors) { .integer($0) },
      "started": .finite(process.startSeconds),
    ])
  }
}
