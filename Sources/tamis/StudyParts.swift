internal import Analysis
internal import Calibration
internal import DurableFiles
internal import RunFiles
internal import ScoreModel
internal import TriggerPipeline

extension EventRows {
  /// The events of a source, under a name of their own.
  init(_ source: EventSource, name: String) {
    self.init(name: name, count: source.eventCount, featureCount: source.featureCount) {
      source.copyFeatures(of: $0, into: $1)
    }
  }
}

/// Which calibration belongs to which model.
enum Thresholds {
  /// One for each model, or nil where none of the files is its own.
  /// - Throws: `FileFault` for a file that belongs to none of the models, or two for one.
  static func match(
    _ paths: [String], to models: [LoadedModel]
  ) throws -> [MatchedCalibration?] {
    var matched = [MatchedCalibration?](repeating: nil, count: models.count)
    for path in paths {
      let calibration = try TriggerCalibration.load(path).calibration
      let owner = models.firstIndex { $0.sha256 == calibration.modelSHA256 }
      // With one model, matching the calibration to it names the difference best.
      guard let owner = owner ?? (models.count == 1 ? 0 : nil) else {
        throw FileFault(
          file: path, place: "model_sha256", found: "\(calibration.modelSHA256)",
          expected: "that of one of the \(models.count) models",
          remedy: "calibrate one of them, or leave this file out")
      }
      if let other = matched[owner] {
        throw FileFault(
          file: path, found: "a second calibration of \(models[owner].path)",
          expected: "one a model", remedy: "leave out this or \(other.path)")
      }
      matched[owner] = try MatchedCalibration(path: path, model: models[owner])
    }
    return matched
  }
}
