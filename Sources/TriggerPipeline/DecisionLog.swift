internal import CLinux
internal import DurableFiles
internal import Glibc

/// What decided from an event on, until the next change: a line of `decisions.jsonl`.
public struct DecisionChange: Equatable, Sendable {
  /// The first event that it holds for; nil where that is not known: the first one after `after`.
  public var from: EventIdentity?
  /// The last event that it does not hold for; nil where nothing had come.
  public var after: EventIdentity?
  /// No flagged record below this number was decided by it.
  public var number: UInt64
  /// SHA-256 of the model and of the calibration, hexadecimal.
  public var model: String
  public var calibration: String
  /// The prescale of the cap on the flagged rate; 1 for none.
  public var floodPrescale: UInt32
  /// The prescale of the unbiased sample; 0 for none.
  public var unbiasedPrescale: UInt32
  /// When, ns since the epoch.
  public var timeNs: UInt64

  init(
    from: EventIdentity? = nil, after: EventIdentity? = nil, number: UInt64, facts: ArmsFacts,
    floodPrescale: UInt32, unbiasedPrescale: UInt32
  ) {
    self.from = from
    self.after = after
    self.number = number
    model = facts.modelSHA256
    calibration = facts.calibrationSHA256
    self.floodPrescale = floodPrescale
    self.unbiasedPrescale = unbiasedPrescale
    timeNs = tamis_realtime_ns()
  }

  /// The change as one line of JSON.
  public var json: String {
    func text(_ event: EventIdentity?) -> String {
      event.map {
        "{\"run\": \($0.run), \"source\": \($0.source), \"sequence\": \($0.sequence), "
          + "\"event\": \($0.event)}"
      } ?? "null"
    }
    return "{\"from\": \(text(from)), \"after\": \(text(after)), \"number\": \(number), "
      + "\"model_sha256\": \"\(model)\", \"calibration_sha256\": \"\(calibration)\", "
      + "\"flood_prescale\": \(floodPrescale), \"unbiased_prescale\": \(unbiasedPrescale), "
      + "\"time_ns\": \(timeNs)}"
  }
}

/// `decisions.jsonl` beside the journal's segments: what decided, from when on. With it the decisions
/// of a journal can be repeated though arms were switched or a flood was capped on the way.
final class DecisionLog {
  private let file: OpenFile

  init(folder: String) throws(SystemCallError) {
    file = try OpenFile(opening: "\(folder)/decisions.jsonl", flags: O_CREAT | O_WRONLY | O_APPEND)
  }

  /// Appends a change. A failure is told and costs the line, not the stream.
  func append(_ change: DecisionChange, observer: any PipelineObserver) {
    let line = Array("\(change.json)\n".utf8)
    do {
      try line.withUnsafeBytes { try file.writeAll($0) }
    } catch {
      observer.journalStalled("\(error)")
    }
  }
}
