import EventRecords
import Foundation
import RunFiles
import TestSupport
import Testing

/// `tamis sample`: files like those of `tamis simulate`, always the same.
@Suite(.serialized) struct SampleTests {
  @Test func theSameSeedGivesTheSameBytesWhateverTheThreads() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    func sample(_ name: String, _ options: [String], isa: String? = nil) throws -> Data {
      try Programs.tamis(
        all: [
          "sample", "--model", trained.model, "--out", folder(name), "--steps-per-level", "2",
        ] + options, environment: isa.map { ["TAMIS_ISA": $0] } ?? [:]
      ).expectExit()
      let segment = name.hasSuffix(".npy") ? name : "\(name)/000001.events"
      return try Data(contentsOf: URL(fileURLWithPath: folder(segment)))
    }
    // More than one chunk.
    let one = try sample("one.npy", ["--events", "2100", "--threads", "1"])
    #expect(try sample("three.npy", ["--events", "2100", "--threads", "3"]) == one)
    #expect(try sample("scalar.npy", ["--events", "2100"], isa: "scalar") == one)
    #expect(try sample("seed.npy", ["--events", "2100", "--seed", "2"]) != one)
    let fewer = try sample("fewer.npy", ["--events", "70"])
    #expect(fewer.dropFirst(128) == one.dropFirst(128).prefix(70 * 256))
    let run = try sample("run", ["--events", "70", "--threads", "1"])
    #expect(try sample("run-2", ["--events", "70", "--threads", "2"]) == run)
  }

  /// The default recipe learns little noise only, from which samples do not spread.
  @Test(arguments: [false, true]) func aModelOfLittleNoiseIsWarnedOf(isWarned: Bool) throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let levels = isWarned ? [] : ["--noise-levels", "10"]
    try Programs.tamis(
      all: [
        "train", "--background", trained.folder("train.run"), "--out", folder("model"), "--steps",
        "2", "--hidden", "16",
      ] + levels
    ).expectExit()
    let sampling = try Programs.tamis(
      "sample", "--model", folder("model"), "--events", "3", "--out", folder("sample.npy"))
    try sampling.expectExit()
    #expect(sampling.errors.contains("train with --noise-levels 10") == isWarned)
  }

  @Test func aRunIsLikeASimulatedOne() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    try Programs.tamis(
      "sample", "--model", trained.model, "--events", "70", "--out", folder("run"), "--run", "9",
      "--steps-per-level", "2"
    ).expectExit()
    try Programs.tamis(
      "sample", "--model", trained.model, "--events", "70", "--out", folder("array.npy"),
      "--steps-per-level", "2"
    ).expectExit()
    let run = try RecordedRun(folder("run"))
    let simulated = try RecordedRun(trained.background)
    #expect(run.recordCount == 72 && run.featureNames == simulated.featureNames)
    let array = try NumpyArray(folder("array.npy"))
    #expect(array.shape == [70, 64])
    var features: [Float] = []
    try run.forEachRecord { record in
      #expect(record.run == 9 && record.flags == [])
      if record.kind == .event { features += record.features }
    }
    let raw = try Data(contentsOf: URL(fileURLWithPath: folder("array.npy"))).dropFirst(128)
    #expect(features.withUnsafeBytes { Data($0) } == Data(raw))
    let manifest = try String(contentsOfFile: folder("run/manifest.json"), encoding: .utf8)
    #expect(manifest.contains("\"sampling\"") && manifest.contains("annealed langevin dynamics"))
    try Programs.tamis("inspect", folder("run")).expectExit()
    try Programs.tamis(
      "score", "--model", trained.model, "--input", folder("run"), "--scores", folder("s.npy")
    ).expectExit()
  }

  @Test func whatCannotBeSampledIsRefused() throws {
    let folder = TemporaryFolder()
    func sample(_ arguments: String...) throws -> Launched {
      try Programs.tamis(all: ["sample", "--out", folder("x.npy")] + arguments)
    }
    let autoencoder = try TrainedFixture.autoencoder.get().model
    let refused = try sample("--model", autoencoder, "--events", "5")
    #expect(try refused.wait() == 1)
    #expect(refused.errors.contains("autoencoder") && refused.errors.contains("score network"))
    let model = try TrainedFixture.shared.get().model
    for options in [["--events", "0"], ["--events", "5", "--step-ratio", "2"]] {
      let wrong = try Programs.tamis(
        all: ["sample", "--out", folder("x.npy"), "--model", model] + options)
      #expect(try wrong.wait() == 2)
    }
    _ = try folder.write("here first", to: "there.npy")
    let existing = try Programs.tamis(
      "sample", "--model", model, "--events", "5", "--out", folder("there.npy"))
    #expect(try existing.wait() == 1)
    #expect(existing.errors.contains("--force"))
    #expect(!FileManager.default.fileExists(atPath: folder("x.npy")))
  }
}
