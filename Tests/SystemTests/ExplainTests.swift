import Foundation
import TestSupport
import Testing

/// `tamis explain` on good and on bad input.
@Suite(.serialized) struct ExplainTests {
  private func explain(_ arguments: String...) throws -> Launched {
    let trained = try TrainedFixture.shared.get()
    return try Programs.tamis(all: ["explain", "--model", trained.model] + arguments)
  }

  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func attributionsAreThoseOfTheScoreCommand() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    try Programs.tamis(
      "score", "--model", trained.model, "--input", trained.anomalies, "--attributions",
      folder("a.npy"), "--scores", folder("s.npy")
    ).expectExit()
    let found = try json(
      try explain("--input", trained.anomalies, "--event", "7", "--top", "64", "--json")
        .expectExit())
    // A .npy header of our own writing has 128 bytes.
    func float(_ name: String, at index: Int) throws -> Float {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: folder(name)))
      return bytes.subdata(in: 128 + 4 * index..<132 + 4 * index).withUnsafeBytes {
        Float(bitPattern: UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)))
      }
    }
    #expect(Float(try #require(found["score"] as? Double)) == (try float("s.npy", at: 7)))
    let features = try #require(found["features"] as? [[String: Any]])
    #expect(features.count == 64)
    for feature in features {
      let index = try #require(feature["feature"] as? Int)
      let value = try #require(feature["attribution"] as? Double)
      #expect(Float(value) == (try float("a.npy", at: 7 * 64 + index)))
    }
    let shares = features.compactMap { $0["share"] as? Double }
    #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
  }

  @Test func withoutAnEventTheStrangestIsExplained() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    let text = try explain(
      "--input", trained.anomalies, "--top", "3", "--svg", folder("e.svg")
    ).expectExit()
    #expect(text.contains("mean shares of 2000 of 2000 events"))
    let columns = ["value", "attribution", "of the score", "of level "]
    #expect(text.split(separator: "\n").contains { row in columns.allSatisfy(row.contains) })
    #expect(text.contains("features shared") && text.contains("feature_"))
    #expect(try folder.read("e.svg").hasPrefix("<svg"))
    let again = try explain("--input", trained.anomalies, "--svg", folder("e.svg"))
    #expect(try again.wait() == 1)
    #expect(again.errors.contains("--force"))
  }

  @Test func whatCannotBeExplainedIsSaid() throws {
    let trained = try TrainedFixture.shared.get()
    let folder = TemporaryFolder()
    var damaged = [[Float]](repeating: [Float](repeating: 0.5, count: 64), count: 2)
    damaged[1][7] = .nan
    try writeNumpy(damaged, to: folder("nan.npy"))
    try writeNumpy([damaged[1]], to: folder("all.npy"))
    try writeNumpy([], width: 64, to: folder("empty.npy"))
    try writeNumpy([[1, 2, 3]], to: folder("narrow.npy"))
    let bad: [(arguments: [String], says: String)] = [
      (["--input", folder("nan.npy"), "--event", "1"], "feature_07 nan"),
      (["--input", folder("nan.npy"), "--event", "2"], "0 to 1"),
      (["--input", folder("all.npy")], "no event with a finite score"),
      (["--input", folder("empty.npy")], "no events"),
      (["--input", folder("narrow.npy")], "64, as"),
    ]
    for (arguments, says) in bad {
      let program = try Programs.tamis(all: ["explain", "--model", trained.model] + arguments)
      #expect(try program.wait() == 1, "\(arguments)")
      #expect(program.errors.contains(says), "\(program.errors)")
      #expect(program.output.isEmpty)
    }
    // The one whole event beside the damaged one is found and explained.
    let whole = try explain("--input", folder("nan.npy"), "--json").expectExit()
    #expect(try json(whole)["event"] as? Int == 0)
    #expect(try json(whole)["explained_events"] as? Int == 1)
    for wrong in [["--top", "0"], ["--event", "-1"], ["--levels", "77"]] {
      let program = try Programs.tamis(
        all: ["explain", "--model", trained.model, "--input", folder("nan.npy")] + wrong)
      #expect(try program.wait() == 2, "\(wrong)")
    }
  }

  @Test func aScoreOfOneLevelHasNothingToAgreeWith() throws {
    let trained = try TrainedFixture.shared.get()
    let text = try explain(
      "--input", trained.anomalies, "--event", "0", "--levels", "4", "--json"
    ).expectExit()
    let agreement = try #require(try json(text)["agreement"] as? [String: Any])
    #expect((agreement["pairs"] as? [Any])?.isEmpty == true)
  }
}
