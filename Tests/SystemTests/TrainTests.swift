import Foundation
import TestSupport
import Testing

/// What `tamis train` says of the network it made.
@Suite struct TrainTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try Programs.tamis(
      "simulate", "background", "--events", "500", "--seed", "1", "--out", folder("b.npy")
    ).expectExit()
  }

  /// The bytes of the tensors, behind the header, which names the program's version.
  @Test func theReferenceRecipeNeverChanges() throws {
    try Programs.tamis(
      "train", "--background", folder("b.npy"), "--out", folder("m.safetensors"), "--steps", "20",
      "--output",
      "score", "--levels", "7,8,9", "--learning-rate-schedule", "constant"
    ).expectExit()
    let file = try Data(contentsOf: URL(fileURLWithPath: folder("m.safetensors")))
    let headerLength = file.prefix(8).enumerated().reduce(0) { $0 + Int($1.1) << (8 * $1.0) }
    try file.dropFirst(8 + headerLength).write(to: URL(fileURLWithPath: folder("tensors")))
    let sum = try Launched("/usr/bin/sha256sum", [folder("tensors")])
    try sum.expectExit()
    #expect(
      sum.output.hasPrefix("6959e5aac52a74962b79b65be37cf81e662e0d4855564ed3f9af391a1671264c"))
  }

  @Test func aShortTrainingIsSaidToBeOne() throws {
    let program = try Programs.tamis(
      "train", "--background", folder("b.npy"), "--out", folder("m.safetensors"), "--steps", "20",
      "--json")
    try program.expectExit()
    #expect(program.errors.contains("warning: at scoring level"))
    #expect(program.errors.contains("--steps"))
    let facts = try #require(
      try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any])
    #expect(facts["measured_events"] as? Int == 25)
    #expect(facts["measured_on_held_out"] as? Bool == true)
    let rows = try #require(facts["noise_levels"] as? [[String: Any]])
    #expect(rows.count == 3)
    #expect(rows.allSatisfy { $0["explained_noise"] is Double && $0["norm_spread"] is Double })
    let weights = try #require(facts["weights"] as? [Double])
    #expect(weights == [1])
    #expect(facts["prototypes"] as? Int == 475)
    let choices = try #require(facts["choices"] as? [String])
    #expect(choices.count == 4)
    #expect(choices[0].hasPrefix("3 blocks of width 128, 20 steps of 256 events"))
    #expect(choices[3].contains("500 events are fewer than 20000"))
    #expect(program.errors.contains("warning: 500 events are few"))

    #expect(program.errors.contains("warning: at"))
    let inspected = try Programs.tamis("inspect", folder("m.safetensors"))
    try inspected.expectExit()
    #expect(inspected.output.contains("level_table"))
  }

  @Test func levelsThatAreGivenAreTaken() throws {
    let program = try Programs.tamis(
      "train", "--background", folder("b.npy"), "--out", folder("m.safetensors"), "--steps", "2",
      "--levels",
      "1,8", "--weights", "0.25,0.75")
    try program.expectExit()
    #expect(program.output.contains("levels: 1 (sigma "))
    #expect(program.output.contains("weights: 0.25, 0.75"))
    #expect(program.output.contains("on 25 training events"))
  }

  @Test func aCalibrationOnTheTrainingEventsIsWarnedOf() throws {
    try Programs.tamis(
      "train", "--background", folder("b.npy"), "--out", folder("m.safetensors"), "--steps", "2"
    ).expectExit()
    func calibrated(on events: String) throws -> String {
      let program = try Programs.tamis(
        "calibrate", "--model", folder("m.safetensors"), "--background", events,
        "--working-point", "a=0.1", "--out", folder("c.json"), "--force")
      try program.expectExit()
      return program.errors
    }
    #expect(try calibrated(on: folder("b.npy")).contains("calibrate on other events"))
    try Programs.tamis(
      "simulate", "background", "--events", "300", "--seed", "2", "--out", folder("o.npy")
    ).expectExit()
    #expect(try !calibrated(on: folder("o.npy")).contains("calibrate on other events"))
  }

  /// A ladder that is given is taken whole, so that the model can be sampled.
  @Test func whatIsGivenIsNotChosen() throws {
    let program = try Programs.tamis(
      "train", "--background", folder("b.npy"), "--out", folder("m.safetensors"), "--steps", "2",
      "--noise-levels", "10", "--hidden", "32", "--batch", "64", "--distance", "none", "--json")
    try program.expectExit()
    let facts = try #require(
      try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any])
    #expect((facts["noise_levels"] as? [[String: Any]])?.count == 10)
    #expect(facts["prototypes"] as? Int == 0)
    try Programs.tamis(
      "sample", "--model", folder("m.safetensors"), "--events", "4", "--steps-per-level", "1",
      "--out", folder("sample.npy")
    ).expectExit()
  }

  @Test(arguments: [
    ["--weights", "1,2,3"], ["--levels", "auto", "--weights", "1"], ["--levels", "some"],
    ["--levels", "10"], ["--distance", "0"], ["--distance", "far"], ["--distance", "-1"],
    ["--network", "autoencoder", "--distance", "none"],
  ])
  func wrongChoicesAreWrongUsage(options: [String]) throws {
    let program = try Programs.tamis(
      all: ["train", "--background", folder("b.npy"), "--out", folder("m.safetensors")] + options)
    #expect(try program.wait() == 2)
    #expect(!FileManager.default.fileExists(atPath: folder("m.safetensors")))
  }

  @Test func shiftedEventsAreBackgroundAndAShift() throws {
    try Programs.tamis(
      "simulate", "shifted", "--events", "500", "--seed", "1", "--anomaly-scale", "0.5", "--out",
      folder("s.npy")
    ).expectExit()
    let background = try Data(contentsOf: URL(fileURLWithPath: folder("b.npy")))
    let shifted = try Data(contentsOf: URL(fileURLWithPath: folder("s.npy")))
    #expect(background.count == shifted.count && background != shifted)
  }
}
