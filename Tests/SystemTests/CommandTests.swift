import Foundation
import TestSupport
import Testing

/// The contract of the command line: exit statuses, messages, files that appear whole or not.
@Suite(.serialized) struct CommandTests {
  @Test(arguments: ["tamis", "tamisd"])
  func helpAndVersion(program: String) throws {
    let executable = "\(Programs.folder)/\(program)"
    #expect(try Launched(executable, ["--help"]).expectExit().contains("xample"))
    let version = try Launched(executable, ["--version"]).expectExit()
    #expect(version.contains("\(program) 0.") && version.contains("instruction set"))
  }

  @Test(arguments: [
    ["simulate", "background"], ["train"], ["nothing"], ["simulate", "signal", "--events", "5"],
    ["simulate", "background", "--events", "0", "--out", "x.npy"],
    ["calibrate", "--model", "m", "--background", "b", "--out", "c", "--working-point", "x=2"],
    ["replay", "x.npy", "--bind", "a", "--connect", "b"],
  ])
  func wrongUsageExitsWithTwo(arguments: [String]) throws {
    let program = try Programs.tamis(all: arguments)
    #expect(try program.wait() == 2)
    #expect(program.output.isEmpty)
    #expect(!program.errors.isEmpty)
  }

  @Test func anUnknownInstructionSetIsAnError() throws {
    let program = try Programs.tamis(
      "simulate", "background", "--events", "1", "--out", "/nowhere/x.npy",
      environment: ["TAMIS_ISA": "mmx"])
    #expect(try program.wait() == 1)
    #expect(program.errors.contains("TAMIS_ISA") && program.errors.contains("scalar"))
  }

  @Test func existingFilesAreKeptUnlessForced() throws {
    let folder = TemporaryFolder()
    func simulate(_ options: String...) throws -> Launched {
      try Programs.tamis(
        all: ["simulate", "background", "--events", "10", "--out", folder("a.npy")] + options)
    }
    try simulate().expectExit()
    let before = try Data(contentsOf: URL(fileURLWithPath: folder("a.npy")))
    let refused = try simulate("--seed", "2")
    #expect(try refused.wait() == 1)
    #expect(refused.errors.contains("--force"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder("a.npy"))) == before)
    try simulate("--seed", "2", "--force").expectExit()
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder("a.npy"))) != before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.npy"])
  }

  @Test func theSameSeedGivesTheSameModelWhateverTheThreads() throws {
    let folder = TemporaryFolder()
    try Programs.tamis(
      "simulate", "background", "--events", "2000", "--out", folder("b.npy")
    ).expectExit()
    func train(_ name: String, threads: Int, isa: String?) throws -> Data {
      try Programs.tamis(
        all: [
          "train", "--background", folder("b.npy"), "--out", folder(name), "--steps", "30",
          "--threads", "\(threads)",
        ], environment: isa.map { ["TAMIS_ISA": $0] } ?? [:]
      ).expectExit()
      return try Data(contentsOf: URL(fileURLWithPath: folder(name)))
    }
    let one = try train("one", threads: 1, isa: nil)
    #expect(try train("two", threads: 2, isa: nil) == one)
    #expect(try train("scalar", threads: 2, isa: "scalar") == one)
  }

  @Test func tooFewEventsForARateIsAnError() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let program = try Programs.tamis(
      "calibrate", "--model", trained.model, "--background", trained.background, "--out",
      folder("c.json"), "--working-point", "rare=1e-6")
    #expect(try program.wait() == 1)
    #expect(program.errors.contains("999999") || program.errors.contains("1000000"))
    #expect(!FileManager.default.fileExists(atPath: folder("c.json")))
  }

  @Test func aRecordingIsTheStream() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let port = try freePort()
    let recorder = try Programs.tamis(
      "record", "--connect", "tcp://127.0.0.1:\(port)", "--pattern", "sub", "--out",
      folder("copy"))
    try Programs.tamis(
      "replay", trained.anomalies, "--bind", "tcp://127.0.0.1:\(port)", "--pattern", "pub"
    ).expectExit()
    #expect(try recorder.expectExit().contains("events: 2000"))
    try Programs.tamis("inspect", folder("copy")).expectExit()
    try Programs.tamis(
      "score", "--model", trained.model, "--input", folder("copy"), "--scores", folder("copy.npy")
    ).expectExit()
    try Programs.tamis(
      "score", "--model", trained.model, "--input", trained.anomalies, "--scores", folder("own.npy")
    ).expectExit()
    let copy = try Data(contentsOf: URL(fileURLWithPath: folder("copy.npy")))
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder("own.npy"))) == copy)
  }

  @Test(arguments: ["push", "pub"])
  func aReplayToNobodyIsNotCalledSent(pattern: String) throws {
    let trained = try TrainedFixture.shared.get()
    let replay = try Programs.tamis(
      "replay", trained.anomalies, "--connect", "tcp://127.0.0.1:\(try freePort())", "--pattern",
      pattern, "--wait", "0.5")
    #expect(try replay.wait() == 1)
    #expect(replay.errors.contains("nobody"))
  }

  @Test func inspectNamesEveryKindOfFile() throws {
    let trained = try TrainedFixture.shared.get()
    for path in [trained.model, trained.calibration, trained.background] {
      #expect(!(try Programs.tamis("inspect", path).expectExit().isEmpty))
    }
    // By what is in it: names may be any.
    let folder = TemporaryFolder()
    for (index, path) in [trained.model, trained.calibration].enumerated() {
      let copy = "\(folder.path)/\(index)"
      try FileManager.default.copyItem(atPath: path, toPath: copy)
      let said = try Programs.tamis("inspect", copy).expectExit()
      let known = try Programs.tamis("inspect", path).expectExit()
      #expect(
        said.replacing(copy, with: "") == known.replacing(path, with: ""), "\(said)")
    }
    let unknown = try Programs.tamis("inspect", try folder.write("# words", to: "words"))
    #expect(try unknown.wait() == 1)
    #expect(unknown.output.contains("# wo") && !unknown.output.contains("tamis inspect"))
    let torn = try folder.write("TMSE, but nothing more", to: "torn.events")
    #expect(try Programs.tamis("inspect", torn).wait() == 1)
  }

  @Test func checkSaysAllThatIsWrong() throws {
    let folder = TemporaryFolder()
    let misspelt = try folder.write(
      """
      model: model.safetensors
      calibration: calibration.json
      input:
        conect: [tcp://127.0.0.1:5555]
      output:
        bind: [tcp://127.0.0.1:5556]
      engine:
        workers: many
      """, to: "misspelt.yaml")
    let faults = try Programs.tamisd("--config", misspelt, "--check")
    #expect(try faults.wait() == 1)
    #expect(faults.errors.contains("misspelt.yaml:4:") && faults.errors.contains("connect"))
    #expect(faults.errors.contains("misspelt.yaml:8:"))
    let missing = try folder.write(
      """
      model: no.safetensors
      calibration: no.json
      input: {bind: [tcp://127.0.0.1:5555]}
      output: {bind: [tcp://127.0.0.1:5556]}
      """, to: "missing.yaml")
    let files = try Programs.tamisd("--config", missing, "--check")
    #expect(try files.wait() == 1)
    #expect(files.errors.contains("no.safetensors") && files.errors.contains("no.json"))
    #expect(files.output.isEmpty)
  }
}
