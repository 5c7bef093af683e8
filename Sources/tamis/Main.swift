internal import ArgumentParser
internal import CommandFrame

/// `tamis`: everything an operator or a physicist does by hand.
@main
struct Tamis: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tamis",
    abstract: "Train, calibrate, check and feed a streaming anomaly trigger.",
    discussion: """
      A model is trained on background alone, thresholds are calibrated for chosen false-positive \
      rates, and the daemon tamisd keeps the events of a stream whose score passes. EVENTS is a \
      run folder, one of its segments, or a .npy file of shape (N, D).

      Example, from nothing to thresholds:
        tamis simulate background --events 200000 --run 1 --seed 1 --out train.run
        tamis simulate background --events 100000 --run 2 --seed 2 \\
          --out calibration.run
        tamis train --background train.run --out model.safetensors
        tamis calibrate --model model.safetensors --background calibration.run \\
          --working-point nominal=1e-3 --out calibration.json

      Exit status: 0 done; 1 the work failed or the answer is no; 2 wrong usage.
      """,
    version: versionText(of: "tamis"),
    subcommands: [
      SimulateCommand.self, TrainCommand.self, CalibrateCommand.self, ScoreCommand.self,
      EvaluateCommand.self, ExplainCommand.self, SampleCommand.self, RecordCommand.self,
      ReplayCommand.self, VerifyCommand.self, LedgerCommand.self, DriftCommand.self,
      CoverageCommand.self, RedecideCommand.self, InspectCommand.self, BenchCommand.self,
      ControlStudyCommand.self, WatchCommand.self, ReloadCommand.self, KeygenCommand.self,
    ])

  static func main() { runProgram(Self.self, named: "tamis") }
}
