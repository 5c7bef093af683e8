package import DurableFiles

/// The reasons why `calibration` does not belong to a model: sentences without a full stop that
/// name both sides. Empty where the two belong together.
///
/// A schema of 0 means that the model or the calibration names no features; it matches every other.
package func checkBelongsTogether(
  _ calibration: TriggerCalibration, modelSHA256: SHA256Digest, modelSchema: UInt32,
  levelCount: Int
) -> [String] {
  var found: [String] = []
  if calibration.modelSHA256 != modelSHA256 {
    found.append(
      "the calibration was made for the model with SHA-256 \(calibration.modelSHA256), the model "
        + "loaded has \(modelSHA256)")
  }
  if calibration.schema != modelSchema && calibration.schema != 0 && modelSchema != 0 {
    found.append(
      "the calibration is for features of schema \(schemaText(calibration.schema)), the model's "
        + "features have schema \(schemaText(modelSchema))")
  }
  if let level = calibration.levels.first(where: { $0 >= levelCount }) {
    found.append(
      "the calibration scores at noise level \(level), the model's levels are 0 to "
        + "\(levelCount - 1)")
  }
  return found
}
