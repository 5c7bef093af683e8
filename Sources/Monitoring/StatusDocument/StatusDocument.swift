package import StrictJSON
internal import TriggerPipeline

/// The body of `/status`: the whole status as one JSON object, on one line.
///
/// Keys are documented in docs/formats.md and stay; more may follow. A number that does not exist
/// (a rate without events) is null, and so is a part that this daemon does not have.
public func statusDocument(of status: DaemonStatus) -> String {
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
    "generation": status.armsJSON,
    "now": JSONValue(status.now, status),
    "recent": JSONValue(status.recent, status),
    "ledger": JSONValue(status.ledger),
    "decisions": status.decisionsJSON,
    "working_points": .array(status.pointsJSON),
    "flood": .object([
      "prescale": .integer(status.flood.prescale),
      "suppressed": .integer(status.flood.suppressed),
    ]),
    "screen": .optional(status.screen, JSONValue.init),
    "shadow": .optional(status.shadow, JSONValue.init),
    "reloads": JSONValue(status.reloads),
    "ring": .object([
      "records": .integer(status.ring.records), "capacity": .integer(status.ring.capacity),
    ]),
    "journal": JSONValue(status.journal, stallReason: status.life.stallReason),
    "output": JSONValue(status.output),
    "connections": .optional(status.connections, JSONValue.init),
    "catch_up": .optional(status.catchUp, JSONValue.init),
    "drift": .optional(status.drift, JSONValue.init),
    "process": .optional(status.process, JSONValue.init),
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

  /// A number, or null where it is none.
  static func finite(_ value: Double?) -> JSONValue {
    value.flatMap { $0.isFinite ? .real($0) : nil } ?? .null
  }

  /// The same in float32's own digits.
  static func finite(_ value: Float) -> JSONValue { value.isFinite ? .real(value) : .null }

  fileprivate init(_ alarm: Alarm) {
    self = .object([
      "name": .string(alarm.condition.name.rawValue),
      "severity": .string(alarm.condition.severity.word),
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
