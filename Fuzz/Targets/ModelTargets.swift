internal import Calibration
internal import DurableFiles
internal import ScoreModel
internal import StrictJSON

/// Models, calibrations, and the JSON in them.
let modelTargets = [
  FuzzTarget(name: "model", body: readModel),
  FuzzTarget(name: "calibration", body: readCalibration),
  FuzzTarget(name: "calibration-part", body: readCalibrationPart),
  FuzzTarget(name: "json", body: readJSON),
]

private func readModel(_ input: UnsafeRawBufferPointer) throws {
  let loaded = try TrainedModel.decode(input, path: "model")
  _ = ModelInspection(loaded).lines
  let written = loaded.model.encoded()
  try written.withUnsafeBytes {
    let again = try TrainedModel.decode($0, path: "model")
    require(again.model.encoded() == written, "what is written is read as the same")
  }
}

private func readCalibration(_ input: UnsafeRawBufferPointer) throws {
  let calibration = try TriggerCalibration.decode(input, file: "calibration")
  _ = calibration.inspection
  let written = calibration.encoded()
  let again = try written.withUnsafeBytes { try TriggerCalibration.decode($0, file: "written") }
  require(again.encoded() == written, "what is written is read as the same")
}

/// The SHA-256 at the end is made right, so that what it guards is reached.
private func readCalibrationPart(_ input: UnsafeRawBufferPointer) throws {
  let digestByteCount = 32
  guard input.count > digestByteCount else {
    _ = try CalibrationPart.decode(input, file: "part")
    return
  }
  let content = UnsafeRawBufferPointer(rebasing: input.dropLast(digestByteCount))
  let sealed = Array(content) + SHA256Digest(of: content).bytes
  let part = try sealed.withUnsafeBytes { try CalibrationPart.decode($0, file: "part") }
  _ = part.inspection
  let calibration = try part.calibration(screen: nil, created: "then", program: "fuzz")
  _ = calibration.encoded()
  _ = try CalibrationPart.merged([LoadedCalibrationPart(part: part, path: "one")])
}

private func readJSON(_ input: UnsafeRawBufferPointer) throws {
  let value = try JSONValue(parsing: input)
  let text = value.text
  require(try JSONValue(parsing: text) == value, "what is written is read as the same")
}
