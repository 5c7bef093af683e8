import Foundation
import TestSupport
import Testing

/// Numbers at their extremes in every file, option, record and answer that the commands take.
@Suite(.serialized) struct ExtremesTests {
  /// A share of all trials, evenly spread, so that the suite stays short; docs/decisions/0025 says how
  /// to make all of them.
  @Test(arguments: [
    ("calibration", 60), ("part", 60), ("model", 60), ("manifest", 30), ("array", 30),
    ("features", 36), ("headers", 30), ("options", 20), ("configuration", 12), ("keys", 1),
    ("watched", 40),
  ])
  func nothingTraps(kind: String, share: Int) throws {
    let folder = TemporaryFolder()
    let trial = try Launched(
      Programs.python,
      [
        "\(Programs.root)/Tests/SystemTests/Peers/extremes.py", "--programs", Programs.folder,
        "--folder", folder.path, "--only", kind, "--share", "\(share)",
      ])
    try trial.expectExit(seconds: 1_800)
  }
}
