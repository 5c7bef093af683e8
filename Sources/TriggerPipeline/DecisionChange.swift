/// The model, calibration and prescales that decide from an event on, until the next change: a line
/// of `decisions.jsonl`.
package struct DecisionChange: Equatable, Sendable {
  /// The place of a change in the order of decisions.
  package enum Place: Equatable, Sendable {
    /// Before this event, which is the first that it holds for.
    case before(EventIdentity)
    /// After this event; nil where there was no event before.
    case after(EventIdentity?)
  }

  /// Where it comes.
  package var place: Place
  /// The number of the next flagged record.
  package var number: UInt64
  /// SHA-256 of the model, hexadecimal.
  package var model: String
  /// SHA-256 of the calibration, hexadecimal.
  package var calibration: String
  /// The prescale of the cap on the flagged rate; 1 for none.
  package var floodPrescale: UInt32
  /// The prescale of the unbiased sample; 0 for none.
  package var unbiasedPrescale: UInt32
  /// The factor of rate control on each threshold, one a working point; empty for 1 everywhere.
  package var factors: [Float]
  /// The identity of the table of prescales by section or time; nil where the calibration's hold.
  package var prescaleTable: String?
  /// The row of the table that the named event has, from 0. Each event's row follows from its own
  /// record: this one is for people.
  package var prescaleRow: Int?
  /// Whether events that their sender marked as simulated are kept out of the unbiased sample. An
  /// earlier version treated them as all others.
  package var setsSimulatedApart = true
  /// When, ns since the epoch.
  package var timeNs: UInt64

  /// Creates a change.
  package init(
    place: Place, number: UInt64, model: String, calibration: String, floodPrescale: UInt32,
    unbiasedPrescale: UInt32, factors: [Float] = [], timeNs: UInt64
  ) {
    self.place = place
    self.number = number
    self.model = model
    self.calibration = calibration
    self.floodPrescale = floodPrescale
    self.unbiasedPrescale = unbiasedPrescale
    self.factors = factors.allSatisfy { $0 == 1 } ? [] : factors
    self.timeNs = timeNs
  }

  /// The change as one line of JSON.
  package var json: String {
    let (name, event): (String, EventIdentity?) =
      switch place {
      case .before(let event): ("before", event)
      case .after(let event): ("after", event)
      }
    let identity =
      event.map {
        "{\"run\": \($0.run), \"source\": \($0.source), \"sequence\": \($0.sequence), "
          + "\"event\": \($0.event)}"
      } ?? "null"
    return "{\"\(name)\": \(identity), \"number\": \(number), \"model_sha256\": \"\(model)\", "
      + "\"calibration_sha256\": \"\(calibration)\", \"flood_prescale\": \(floodPrescale), "
      + "\"unbiased_prescale\": \(unbiasedPrescale), \(factorsMember)\(tableMember)"
      + "\"simulated_apart\": \(setsSimulatedApart), \"time_ns\": \(timeNs)}"
  }

  private var tableMember: String {
    prescaleTable.map {
      "\"\(PrescaleTable.identityKey)\": \"\($0)\", \"prescale_row\": \(prescaleRow ?? 0), "
    } ?? ""
  }

  private var factorsMember: String {
    factors.isEmpty
      ? "" : "\"factors\": [\(factors.map { "\($0)" }.joined(separator: ", "))], "
  }
}
