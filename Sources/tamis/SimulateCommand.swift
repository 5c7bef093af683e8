internal import ArgumentParser
internal import Simulation
internal import StrictJSON

/// The kinds of events that the reference physics knows.
enum SimulatedKind: String, ExpressibleByArgument, CaseIterable {
  case background, anomalies, shifted
}

/// `tamis simulate`.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Make events of the reference physics.",
    discussion: """
      Background comes from four correlated Gaussian processes, whose means and covariances \
      --process-seed alone decides, so that runs with one process seed share one physics. \
      Anomalies are shifted by +3 in features 0 to 9 and by -2 in features 10 to 19. Shifted \
      events are the background events of the same seed with the anomalies' shift added, which \
      are much harder to find. The same seeds give the same bytes on any machine.

      Examples:
        tamis simulate background --events 200000 --seed 1 --run 1 --out train.run
        tamis simulate anomalies --events 5000 --anomaly-scale 0.5 --out weak.npy
        tamis simulate shifted --events 5000 --anomaly-scale 0.5 --seed 3 \\
          --out half.npy
      """)

  @Argument(help: "background, anomalies or shifted.")
  var kind: SimulatedKind

  @OptionGroup var target: GeneratedOutput

  @Option(help: "Seed of the events.")
  var seed: UInt64 = 1

  @Option(help: "Seed of the processes' means and covariances.")
  var processSeed: UInt64 = 1

  @Option(help: "Factor on the anomalies' shift.")
  var anomalyScale = 1.0

  @Option(help: "Standard deviation of the anomalies; shifted events have background's.")
  var anomalySpread = 0.5

  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if !anomalyScale.isFinite || !anomalySpread.isFinite || anomalySpread < 0 {
      throw ValidationError("--anomaly-scale and --anomaly-spread are finite, the spread not < 0")
    }
  }

  private var content: SimulatedSample.Content {
    switch kind {
    case .background: .background
    case .anomalies: .anomalies(scale: anomalyScale, spread: anomalySpread)
    case .shifted: .shiftedBackground(scale: anomalyScale)
    }
  }

  func run() throws {
    try target.checkOutput(replacing: replace.force)
    let physics = ReferencePhysics(processSeed: processSeed)
    let sample = SimulatedSample(
      physics: physics,
      content: content,
      eventCount: target.events, seed: seed)
    let facts = try target.write(as: "simulate") { progress in
      try sample.write(
        to: target.out, run: target.runNumber, replacing: replace.force,
        threadCount: processorCount(), progress: progress)
    }
    facts.print(asJSON: output.json)
  }
}
