package import DurableFiles
internal import RunFiles
package import TriggerPipeline

/// The one rule that decided the flagged records of an offline run, written beside them as a journal's
/// `decisions.jsonl`, so that `tamis verify` and `tamis redecide` decide the same.
package struct OfflineDecisions {
  /// The rule.
  package let rule: DecisionRule
  private let model: SHA256Digest
  private let calibration: SHA256Digest

  /// Names the rule of a model and calibration.
  package init(_ rule: DecisionRule, model: SHA256Digest, calibration: SHA256Digest) {
    self.rule = rule
    self.model = model
    self.calibration = calibration
  }

  /// Writes the file where the rule has a table of prescales. One that is there belongs to records
  /// that were replaced, and is replaced or removed.
  ///
  /// - Throws: `SystemCallError`.
  package func write(in folder: String) throws {
    let store = DiskFolder(folder)
    if try store.status(of: decisionsFileName) != nil { try store.remove(decisionsFileName) }
    guard let table = rule.prescales else { return }
    var change = DecisionChange(
      place: .after(nil), number: 1, model: "\(model)", calibration: "\(calibration)",
      floodPrescale: 1, unbiasedPrescale: rule.unbiasedPrescale, factors: rule.factors, timeNs: 0)
    change.prescaleTable = table.identity
    let file = try JSONLineFile(decisionsFileName, in: store)
    try file.append(table.json)
    try file.append(change.json)
    try file.synchronise()
  }
}
