package import StrictJSON
internal import TriggerPipeline

/// The body of `/status`: the whole status as one JSON object, on one line.
///
/// Keys are documented in docs/formats.md and stay; more may follow. A number that does not exist
/// (a rate without events) is null, and so is a part that this daemon does not have.
package func statusDocument(of status: DaemonStatus) -> String {
  JSONValue.object(statusObject(of: status)).compactText
}

/// The same, as a value.
package func statusObject(of status: DaemonStatus) -> JSONObject {
  [
    "format": .string("tamis-status-1"),
    "time": .seconds(status.takenNs),
    "state": .string(status.state.rawValue),
    "alarms": .array(status.alarms.map(JSONValue.init)),
    "health": JSONValue(health(of: status)),
    "readiness": JSONValue(readiness(of: status)),
    "build": status.buildJSON,
    "life": status.lifeJSON,
    "arms": status.generationJSON,
    "now": JSONValue(status.now, status),
    "recent": JSONValue(status.recent, status),
    "ledger": LedgerFacts.figures.json(of: status.ledger),
    "decisions": DecisionFacts.figures.json(of: status.decisions),
    "working_points": .array(status.points.map { .object($0.members) }),
    "prescales": .optional(status.prescales) { PrescaleFacts.figures.json(of: $0) },
    "flood": FloodFacts.figures.json(of: status.flood),
    "screen": .optional(status.screen) { ScreenFacts.figures.json(of: $0) },
    "shadow": .optional(status.shadow) { ShadowFacts.figures.json(of: $0) },
    "reloads": ReloadFacts.figures.json(of: status.reloads),
    "ring": RingFacts.figures.json(of: status.ring),
    "journal": JournalFacts.figures.json(of: status),
    "output": OutputFacts.figures.json(of: status.output),
    "connections": .optional(status.connections) { $0.json },
    "catch_up": .optional(status.catchUp) { CatchUpFacts.figures.json(of: $0) },
    "drift": .optional(status.drift) { $0.json },
    "process": .optional(status.process) { ProcessFacts.figures.json(of: $0) },
    "top_features": .array(
      status.topFeatures(10).map {
        .object(["name": .string($0.name), "share": .finite($0.share)])
      }),
    "last_flags": .array(status.flags.map { status.flagJSON($0) }),
    "strangest_flags": .array(status.strangestFlags.map { status.flagJSON($0) }),
    "history": status.historyJSON,
  ]
}

extension JSONValue {
  /// Seconds since the epoch, to a millisecond; null for 0, which stands for never.
  static func time(_ nanoseconds: UInt64) -> JSONValue {
    nanoseconds == 0 ? .null : .seconds(nanoseconds)
  }

  /// Nanoseconds as seconds, cut to a millisecond.
  static func seconds(_ nanoseconds: UInt64) -> JSONValue {
    .real(Double(nanoseconds / 1_000_000) / 1_000)
  }

  fileprivate init(_ alarm: Alarm) {
    self = .object([
      "name": .string(alarm.condition.name.rawValue),
      "severity": .string(alarm.condition.severity.rawValue),
      "since": .seconds(alarm.sinceNs),
      "sentence": .string(alarm.condition.sentence),
      "runbook": .string(alarm.condition.name.runbook),
    ])
  }

  fileprivate init(_ verdict: Verdict) {
    self = .object([
      "ok": .bool(verdict.isGood), "reasons": .array(verdict.reasons.map { .string($0) }),
    ])
  }
}
