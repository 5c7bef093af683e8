import Foundation
import TestSupport

/// A small trained and calibrated model, made once for all system tests by the commands themselves.
///
/// The network is small and hardly trained: what is tested is the chain, not the physics.
final class TrainedFixture: Sendable {
  static let shared = Result {
    try TrainedFixture(training: [
      "--batch", "128", "--hidden", "48", "--blocks", "2", "--levels", "4,5,6",
    ])
  }
  /// The same with an autoencoder.
  static let autoencoder = Result { try TrainedFixture(training: ["--network", "autoencoder"]) }

  let folder: TemporaryFolder
  var model: String { folder("model.safetensors") }
  var calibration: String { folder("calibration.json") }
  /// 20,000 events of background, run 10.
  var background: String { folder("background.run") }
  /// 2,000 anomalies, run 11.
  var anomalies: String { folder("anomalies.run") }

  private init(training: [String]) throws {
    folder = TemporaryFolder()
    try simulate("background", events: 20_000, seed: 1, run: 1, out: "train.run")
    try simulate("background", events: 20_000, seed: 2, run: 2, out: "calibration.run")
    try simulate("background", events: 20_000, seed: 3, run: 10, out: "background.run")
    try simulate("anomalies", events: 2_000, seed: 4, run: 11, out: "anomalies.run")
    try Programs.tamis(
      all: [
        "train", "--background", folder("train.run"), "--out", model, "--steps", "200",
      ] + training
    ).expectExit()
    try Programs.tamis(
      "calibrate", "--model", model, "--background", folder("calibration.run"), "--out",
      calibration, "--working-point", "loose=0.05", "--working-point", "tight=0.005"
    ).expectExit()
  }

  private func simulate(
    _ kind: String, events: Int, seed: Int, run: Int, out: String
  ) throws {
    try Programs.tamis(
      "simulate", kind, "--events", "\(events)", "--seed", "\(seed)", "--run", "\(run)", "--out",
      folder(out)
    ).expectExit()
  }
}
