import Analysis
import DurableFiles
import Foundation
import ReproducibleMath
import ScoreEngine
import ScoreModel

/// A study of a small network with weights by chance: what it says is of no interest, that it is
/// said rightly is.
enum SmallStudy {
  static let featureCount = 5

  static func model(names: [String]? = nil, hasDistance: Bool = false) -> TrainedModel {
    let shape = NetworkShape(
      featureCount: featureCount, hiddenWidth: 16, blockCount: 1, levelCount: 4)
    var parameters = NetworkParameters(zeros: shape)
    for (number, tensor) in shape.tensors.enumerated() {
      let stream = RandomStream(seed: 7, stream: UInt64(number))
      parameters[tensor] =
        (0..<shape.elementCount(of: tensor)).map { 0.4 * stream.gaussian(at: UInt64($0)) }[...]
    }
    return TrainedModel(
      parameters: parameters, sigmas: [5, 1, 0.2, 0.05],
      standardiser: Standardiser(
        mean: [Float](repeating: 0, count: featureCount),
        scale: [Float](repeating: 1, count: featureCount)),
      featureNames: names, scoring: Scoring(levels: [1, 2, 3], output: .noise),
      distance: hasDistance
        ? NeighbourDistance(
          prototypes: [Float](repeating: 0, count: featureCount), count: 1, weight: 3) : nil,
      trainingRecord: #"{"seed":3,"loss_history":[[1,5.5],[2,4.25],[3,4.125]]}"#)
  }

  /// Normal events, all features moved by `shift`.
  static func rows(_ name: String, count: Int, seed: UInt64, shift: Float = 0) -> EventRows {
    let stream = RandomStream(seed: seed, stream: 99)
    return EventRows(
      name: name,
      rows: (0..<count).map { event in
        (0..<featureCount).map {
          stream.gaussian(at: UInt64(event * featureCount + $0)) + shift
        }
      }, featureCount: featureCount)
  }

  static func sample(_ rows: EventRows) -> StudySample {
    StudySample(
      rows: rows,
      origins: [
        SampleOrigin(
          path: "\(rows.name).npy", sha256: SHA256Digest(of: rows.name),
          eventCount: rows.count)
      ])
  }

  static func make(
    modelName: String = "m", signal: String = "s", names: [String]? = nil, workers: Int = 1,
    hasDistance: Bool = false, bootstrapRepeats: Int = 40
  ) throws -> Study {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "tamis-analysis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "m.safetensors").path
    try model(names: names, hasDistance: hasDistance).write(to: path, replacing: false)
    let loaded = try TrainedModel.load(path)
    var settings = StudySettings(instructionSet: try InstructionSet.selected())
    settings.bootstrapRepeats = bootstrapRepeats
    settings.workers = workers
    return try Study(
      StudyInputs(
        models: [
          StudyModel(
            name: modelName, loaded: loaded, scoring: loaded.model.scoring,
            thresholds: nil, cost: TrainingExpense(cpuSeconds: 36, wallSeconds: 20))
        ], background: sample(rows("background", count: 1500, seed: 1)),
        signals: [sample(rows(signal, count: 300, seed: 2, shift: 0.7))]), settings: settings)
  }
}
