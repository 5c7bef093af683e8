import Foundation
import TestSupport
import Testing

/// `tamis evaluate` on good and on bad input.
@Suite(.serialized) struct EvaluateTests {
  private func evaluate(_ arguments: String...) throws -> Launched {
    try Programs.tamis(all: ["evaluate"] + arguments)
  }

  private func report(_ path: String) throws -> [String: Any] {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    return try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
  }

  /// A model of `width` features, trained on a few events and steps.
  private func trainModel(_ folder: TemporaryFolder, on rows: [[Float]]) throws -> String {
    try writeNumpy(rows, to: folder("train.npy"))
    try Programs.tamis(
      "train", "--background", folder("train.npy"), "--out", folder("m.safetensors"), "--steps",
      "20", "--hidden", "16", "--blocks", "1", "--batch", "16"
    ).expectExit()
    return folder("m.safetensors")
  }

  private func rows(_ count: Int, width: Int = 4, seed: UInt64 = 1) -> [[Float]] {
    var state = seed
    return (0..<count).map { _ in
      (0..<width).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int(state >> 40) % 2000 - 1000) / 500
      }
    }
  }

  @Test func aReportHasEveryModelBaselineAndSignal() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let text = try evaluate(
      "--model", "first=\(trained.model)", "second=\(trained.model)", "--background",
      trained.background, "--training-background", trained.folder("train.run"), "--anomalies",
      "shifted=\(trained.anomalies)", "same=\(trained.folder("calibration.run"))", "--variable",
      "some=0+1", "--bootstrap", "50", "--report", folder("report")
    ).expectExit()
    #expect(text.contains("shifted") && text.contains("mahalanobis") && text.contains("too few"))
    #expect(text.contains("is NOT shown to beat") || text.contains("is WORSE than"))
    let json = try report(folder("report/report.json"))
    #expect(json["format"] as? String == "tamis-report/1")
    let scores = try #require(json["scores"] as? [[String: Any]])
    #expect(
      scores.compactMap { $0["name"] as? String }
        == ["first", "second", "norm", "mahalanobis", "pca-residual", "some"])
    for score in scores {
      let signals = try #require(score["signals"] as? [[String: Any]])
      #expect(signals.compactMap { $0["name"] as? String } == ["shifted", "same"])
      // Background against background is a coin: within five standard errors of one half.
      let area = try #require(signals[1]["auroc"] as? Double)
      let error = try #require(signals[1]["auroc_standard_error"] as? Double)
      #expect(abs(area - 0.5) < 5 * error)
    }
    #expect(try folder.read("report/roc.csv").hasPrefix("score,signal,threshold"))
  }

  @Test func theScoresAreThoseOfTheScoreCommand() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let json = try JSONSerialization.jsonObject(
      with: Data(
        try evaluate(
          "--model", trained.model, "--background", trained.background, "--anomalies",
          "s=\(trained.anomalies)", "--calibration", trained.calibration, "--bootstrap", "0",
          "--json"
        ).expectExit().utf8))
    let score = try Programs.tamis(
      "score", "--model", trained.model, "--input", trained.anomalies, "--calibration",
      trained.calibration, "--scores", folder("s.npy"), "--json"
    ).expectExit()
    let offline = try #require(
      try JSONSerialization.jsonObject(with: Data(score.utf8)) as? [String: Any])
    let points = try #require(offline["working_points"] as? [[String: Any]])
    let checks = try #require((json as? [String: Any])?["calibrations"] as? [[String: Any]])
    let own = try #require(checks.first?["working_points"] as? [[String: Any]])
    for (mine, theirs) in zip(own, points) {
      let signals = try #require(mine["signals"] as? [[String: Any]])
      #expect(signals[0]["passed"] as? Int == theirs["flagged"] as? Int)
    }
    #expect(own.count == 2)
  }

  @Test func aCalibrationIsNotTestedOnItsOwnEvents() throws {
    let trained = try TrainedFixture.shared.get()
    let own = try evaluate(
      "--model", trained.model, "--background", trained.folder("calibration.run"), "--anomalies",
      "s=\(trained.anomalies)", "--calibration", trained.calibration, "--bootstrap", "0")
    try own.expectExit()
    #expect(own.errors.contains("was made of these background events"))
  }

  @Test func wrongUsageExitsWithTwo() throws {
    let trained = try TrainedFixture.shared.get()
    let wrong: [[String]] = [
      ["--model", trained.model, trained.model], ["--model", "norm=\(trained.model)"],
      ["--model", trained.model, "--fpr", "2"], ["--model", trained.model, "--confidence", "1"],
      ["--model", trained.model, "--bootstrap", "-1"],
      ["--model", trained.model, "--levels", "99"],
      ["--model", trained.model, "--input-rate", "0"],
    ]
    for options in wrong {
      let program = try Programs.tamis(
        all: [
          "evaluate", "--background", trained.background, "--anomalies", "s=\(trained.anomalies)",
        ]
          + options)
      #expect(try program.wait() == 2, "\(options)")
      #expect(!program.errors.isEmpty && program.output.isEmpty)
    }
  }

  @Test func aReportIsReplacedOnlyByForce() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    func run(_ more: String...) throws -> Launched {
      try Programs.tamis(
        all: [
          "evaluate", "--model", trained.model, "--background", trained.background, "--anomalies",
          "s=\(trained.anomalies)", "--bootstrap", "0", "--report", folder("r"),
        ] + more)
    }
    try run().expectExit()
    let refused = try run()
    #expect(try refused.wait() == 1)
    #expect(refused.errors.contains("--force"))
    try run("--force").expectExit()
  }

  @Test func eventsThatCannotBeEvaluatedAreNamed() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let model = try trainModel(folder, on: rows(200))
    try writeNumpy(rows(50, seed: 2), to: folder("b.npy"))
    try writeNumpy(rows(5, seed: 3), to: folder("s.npy"))
    try writeNumpy([], width: 4, to: folder("empty.npy"))
    try writeNumpy([[Float]](repeating: [.nan, 0, 0, 0], count: 3), to: folder("nan.npy"))
    try writeNumpy(rows(5, width: 3), to: folder("narrow.npy"))
    let bad: [(background: String, signal: String, says: String)] = [
      ("empty.npy", "s.npy", "no events"), ("b.npy", "empty.npy", "no events"),
      ("nan.npy", "s.npy", "none of 3"), ("b.npy", "nan.npy", "none of 3"),
      ("narrow.npy", "s.npy", "4, as"), ("b.npy", "narrow.npy", "4, as"),
    ]
    for (background, signal, says) in bad {
      let program = try evaluate(
        "--model", model, "--background", folder(background), "--anomalies",
        "s=\(folder(signal))", "--report", folder("r"))
      #expect(try program.wait() == 1, "\(background) \(signal)")
      #expect(program.errors.contains(says), "\(program.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder("r/report.json")))
    }
    let foreign = try evaluate(
      "--model", model, "--background", folder("b.npy"), "--anomalies", "s=\(folder("s.npy"))",
      "--calibration", trained.calibration)
    #expect(try foreign.wait() == 1)
    #expect(foreign.errors.contains("calibration.json"))
    let unknown = try evaluate(
      "--model", model, "--background", folder("b.npy"), "--anomalies", "s=\(folder("s.npy"))",
      "--variable", "HT")
    #expect(try unknown.wait() == 1)
    #expect(unknown.errors.contains("\"HT\""))
  }

  @Test func baselinesAreNotJudgedOnWhatTheyWereFittedOn() throws {
    let folder = TemporaryFolder()
    let model = try trainModel(folder, on: rows(200))
    try writeNumpy(rows(100, seed: 2), to: folder("b.npy"))
    try writeNumpy(rows(5, seed: 3), to: folder("s.npy"))
    let program = try evaluate(
      "--model", model, "--background", folder("b.npy"), "--training-background",
      folder("b.npy"), "--anomalies", "s=\(folder("s.npy"))")
    #expect(try program.wait() == 1)
    #expect(program.errors.contains("other events to fit baselines on"))
    let trainedOn = try evaluate(
      "--model", model, "--background", folder("train.npy"), "--anomalies",
      "s=\(folder("s.npy"))", "--bootstrap", "0")
    try trainedOn.expectExit()
    #expect(trainedOn.errors.contains("was trained on these background events"))
    let halves = try evaluate(
      "--model", model, "--background", folder("b.npy"), "--anomalies", "s=\(folder("s.npy"))",
      "--bootstrap", "0", "--json")
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(try halves.expectExit().utf8)) as? [String: Any])
    let scores = try #require(json["scores"] as? [[String: Any]])
    let judged = scores.compactMap { ($0["background"] as? [String: Any])?["first"] as? Int }
    #expect(judged == [0, 0, 50, 50])
  }

  /// One event of each kind, and features without spread: right answers, if not telling ones.
  @Test func tinyAndConstantSamplesGetRightAnswers() throws {
    let folder = TemporaryFolder()
    let model = try trainModel(folder, on: rows(200))
    try writeNumpy(rows(1, seed: 2), to: folder("one.npy"))
    try writeNumpy([[Float]](repeating: [1, 1, 1, 1], count: 60), to: folder("constant.npy"))
    for name in ["one.npy", "constant.npy"] {
      let text = try evaluate(
        "--model", model, "--background", folder(name), "--anomalies", "s=\(folder(name))",
        "--bootstrap", "20", "--report", folder("r-\(name)")
      ).expectExit()
      #expect(text.contains("0.5000"))
      #expect(text.contains("cannot be fitted"))
    }
  }

  /// Events with a NaN have no score: they are counted, and the others are judged.
  @Test func eventsWithoutAScoreAreCounted() throws {
    let folder = TemporaryFolder()
    let model = try trainModel(folder, on: rows(200))
    let signal = rows(20, seed: 3)
    try writeNumpy(rows(100, seed: 2), to: folder("b.npy"))
    try writeNumpy(signal, to: folder("s.npy"))
    try writeNumpy(signal + [[.nan, 0, 0, 0], [0, .infinity, 0, 0]], to: folder("n.npy"))
    func signals(_ name: String) throws -> [[String: Any]] {
      let text = try evaluate(
        "--model", model, "--background", folder("b.npy"), "--anomalies", "s=\(folder(name))",
        "--bootstrap", "0", "--json"
      ).expectExit()
      let json = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      let scores = try #require(json["scores"] as? [[String: Any]])
      return scores.compactMap { ($0["signals"] as? [[String: Any]])?.first }
    }
    for (whole, damaged) in zip(try signals("s.npy"), try signals("n.npy")) {
      #expect(damaged["not_scorable"] as? Int == 2)
      #expect(damaged["auroc"] as? Double == whole["auroc"] as? Double)
    }
  }
}
