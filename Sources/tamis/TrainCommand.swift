internal import ArgumentParser
internal import CLinux
internal import CommandFrame
internal import DurableFiles
internal import NumberText
internal import RunFiles
internal import ScoreEngine
internal import ScoreModel
internal import StrictJSON
internal import Training

/// `tamis train`.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a network on background.",
    discussion: """
      Trains a score network by multi-scale denoising score matching. With --network autoencoder \
      it trains an autoencoder by mean squared error, for comparison (64-128-64-8-64-128-64 for 64 \
      features). The standardiser is fitted on the same events. The training record \
      (hyperparameters, seed, hash of the data, loss) goes into the model file. The same data, \
      options and seed give the same bytes with any number of threads on any machine. The cost of \
      the training goes to OUT.training.json.

      With --levels auto the network does not learn from one event in twenty, and background chooses \
      the recipe; no anomaly is needed. The size and the spread of the sample give width, steps \
      and batch. The spread gives the three noise levels that are trained, and what the network \
      predicts at each, on the events that it did not learn from, the one that scores. How near to \
      one another events lie decides whether the distance to the nearest training event is added \
      to the score. Where background lies near a subspace two small networks are averaged. The \
      choices are printed with their reasons, and an option that is given is taken instead. For \
      `tamis sample` train with --noise-levels 10, since sampling begins at \
      large noise. The table printed at the end shows the share of the noise that the network \
      predicts at each level, and the share that a linear filter would predict. A network below \
      the filter was trained too little.

      With --levels given the recipe does not adapt: ten levels from 5 down, width 256, 20000 steps \
      of 512 events, no distance, unless other options say so.

      Examples:
        tamis train --background train.run --out model.safetensors
        tamis train --background events.npy --feature-names names.json \\
          --log1p MET_pt,HT --clip 10 --out model.safetensors
        tamis train --background train.run --output score --steps 1000 \\
          --levels 7,8,9 --learning-rate-schedule constant \\
          --out reference.safetensors
        tamis train --network autoencoder --background train.run \\
          --out autoencoder.safetensors
      """)

  @Option(
    parsing: .upToNextOption, help: "EVENTS: runs, segments or .npy files of background.",
    completion: .file())
  var background: [String]

  @Option(help: "The model file to write.", completion: .file())
  var out: String

  @Option(
    help: "The network to train: score, or autoencoder, a baseline.",
    transform: named(NetworkKind.self))
  var network = NetworkKind.score

  @Option(help: "Training steps. Default: 4000, or 20000, by the sample.")
  var steps: Int?

  @Option(help: "Events a step. Default: 512, and 256 for a small sample.")
  var batch: Int?

  @Option(help: "Seed of initial weights, noise and order.")
  var seed: UInt64 = 1

  @Option(help: "Adam's learning rate.")
  var learningRate = 1e-3

  @Option(
    help: "cosine falls to 0 at the last step; constant stays.",
    transform: named(LearningRateSchedule.self))
  var learningRateSchedule = LearningRateSchedule.cosine

  @Option(
    help: "The network's output: noise, or score (the score itself).",
    transform: named(Scoring.Output.self))
  var output = Scoring.Output.noise

  @Option(help: "The largest noise level, in standard deviations of the features. Default: 5.")
  var sigmaMax: Double?

  @Option(help: "The smallest noise level. Default: 0.05, and 0.01 with --output score.")
  var sigmaMin: Double?

  @Option(
    help: """
      Noise levels, log-spaced between the two. Default: the three of ten that one is chosen from, \
      and ten where one of the three options is given.
      """)
  var noiseLevels: Int?

  @Option(
    help: """
      Width of the residual blocks, a multiple of 16. Default: 192, or 128, by the \
      sample.
      """)
  var hidden: Int?

  @Option(help: "Residual blocks. Default: 3, or 2, by the sample.")
  var blocks: Int?

  @Option(
    help: """
      Networks that are trained alike, from SEED, SEED + 1 and so on, and averaged: the model has \
      one network as many times as wide. Default: 1, or 2, by the sample.
      """)
  var members: Int?

  @Option(help: "Decay of an exponential moving average of the weights, which is then saved.")
  var ema: Double?

  @Option(help: "Features, by name or index, that enter as log(1 + max(x, 0)).")
  var log1p: CommaSeparated<String>?

  @Option(help: "Cut standardised features at this magnitude.")
  var clip: Float?

  @Option(help: "A JSON array of feature names, for input that has none.", completion: .file())
  var featureNames: String?

  @Option(help: "Noise levels that make the score: auto, or indices such as 4,5,6.")
  var levels = LevelChoice.automatic

  @Option(help: "Weights of the given levels. Default: 1/n each.")
  var weights: CommaSeparated<Float>?

  @Option(
    help: """
      The distance to the nearest training events as a part of the score: auto, none, or what it \
      contributes on background in units of the network's part, such as 2.
      """)
  var distance = DistanceOption.automatic

  @Option(help: "Threads; the result does not depend on it. Default: all processors.")
  var threads: Int?

  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var report: OutputOptions

  func validate() throws {
    try check("--steps", steps, in: 1...100_000_000)
    try check("--batch", batch, in: 1...1 << 20)
    try check("--noise-levels", noiseLevels, in: 1...1_000)
    try check("--hidden", hidden, in: 1...1 << 14)
    try check("--threads", threads, in: 1...1_024)
    try check("--blocks", blocks, in: 1...64)
    try check("--members", members, in: 1...16)
    if let hidden, hidden % 16 != 0 {
      throw ValidationError("--hidden is a multiple of 16, not \(hidden)")
    }
    if !(learningRate > 0 && learningRate.isFinite) {
      throw ValidationError("--learning-rate is positive, not \(learningRate)")
    }
    let sigmaMin = chosenSigmaMin
    let sigmaMax = sigmaMax ?? TrainingConfiguration().sigmaMax
    if !(sigmaMin > 0 && sigmaMax >= sigmaMin && sigmaMax.isFinite) {
      throw ValidationError("0 < --sigma-min <= --sigma-max, not \(sigmaMin) and \(sigmaMax)")
    }
    try checkProbability("--ema", ema)
    if let clip, !(clip > 0 && clip.isFinite) {
      throw ValidationError("--clip is positive, not \(clip)")
    }
    if network == .autoencoder { try refuseScoreNetworkOptions() }
    if let levels = levels.levels {
      _ = try ScoringOptions.checked(
        levels, weights: weights?.values,
        levelCount: noiseLevels ?? TrainingConfiguration().levelCount,
        output: output)
    } else if weights != nil {
      throw ValidationError("--weights goes with --levels that are given, not auto")
    }
  }

  /// Refuses options that have no effect on an autoencoder.
  private func refuseScoreNetworkOptions() throws {
    let recipe = TrainingConfiguration()
    let given = [
      ("--output", output != recipe.output), ("--sigma-max", sigmaMax != nil),
      ("--sigma-min", sigmaMin != nil), ("--noise-levels", noiseLevels != nil),
      ("--hidden", hidden != nil), ("--blocks", blocks != nil),
      ("--members", members != nil),
      ("--distance", distance != .automatic),
      ("--levels", levels.levels != nil), ("--weights", weights != nil),
    ]
    if let (name, _) = given.first(where: \.1) {
      throw ValidationError("\(name) is for a score network, not for an autoencoder")
    }
  }

  func run() throws {
    var outputs = Outputs()
    outputs.file("--out", out)
    outputs.file("the cost beside --out", costPath)
    try outputs.check(inputs: background + [featureNames], replacing: replace.force)
    let input = try backgroundSource(background)
    let names = try featureNames.map(readFeatureNames) ?? input.featureNames
    try checkNames(names, featureCount: input.featureCount)
    let recipe = try configuration(names: names, featureCount: input.featureCount)
    if adapts { warnOfFewEvents(input.eventCount) }
    var progress = ProgressLine()
    let train = network == .score ? trainScoreNetwork : trainAutoencoder
    let result = try train(
      TrainingEvents(
        eventCount: input.eventCount, featureCount: input.featureCount, featureNames: names,
        sha256: digest(of: input), copyFeatures: { input.copyFeatures(of: $0, into: $1) }),
      recipe,
      "tamis \(programVersion)"
    ) { now in
      progress.show(
        "train \(bar(Double(now.step) / Double(now.stepCount))) "
          + "step \(now.step) of \(now.stepCount), loss \(short(now.smoothedLoss)), "
          + "\(short(now.stepsPerSecond)) steps/s, "
          + "\(exactDurationText(now.secondsToGo)) to go")
    }
    progress.finish()
    try result.model.write(to: out, replacing: replace.force)
    do {
      try writeCost(result.cost)
    } catch {
      throw NegativeAnswer(
        description:
          "tamis: \(error); the model \(out) is whole, and only what its training has cost "
          + "is missing")
    }
    var facts = Facts()
    facts.add("written", .string(out))
    facts.add("sha256", .string("\(try SHA256Digest(ofFile: out))"))
    facts.add("events", .integer(input.eventCount))
    facts.add("steps", .integer(result.lossHistory.last?.step ?? 0))
    facts.add(finalLossOf: result, featureCount: input.featureCount)
    if network == .score { facts.add(training: result) }
    facts.add("wall_seconds", .real(result.cost.wallSeconds))
    facts.add("cpu_seconds", .real(result.cost.cpuSeconds))
    facts.print(asJSON: report.json)
    warnOfSample(result)
    warnOfUndertraining(result)
  }

  private var costPath: String { "\(out).training.json" }

  /// The cost of the training goes into a file beside the model: the model's bytes must not depend
  /// on it.
  private func writeCost(_ cost: TrainingCost) throws {
    let text = """
      {
        "cpu_seconds": \(cost.cpuSeconds),
        "finished": "\(utcText(tamis_realtime_ns()))",
        "instruction_set": "\(try InstructionSet.selected().rawValue)",
        "threads": \(cost.threads),
        "wall_seconds": \(cost.wallSeconds)
      }

      """
    try ReplacedFile.write(text.utf8, to: costPath, replacing: replace.force)
  }
}

/// Reads one of the words that an enumeration has; the error names them all.
private func named<Word: RawRepresentable & CaseIterable & SendableMetatype>(
  _ type: Word.Type
) -> @Sendable (String) throws -> Word
where Word.RawValue == String, Word.AllCases: SendableMetatype {
  { argument in
    if let word = Word(rawValue: argument) { return word }
    let words = Word.allCases.map(\.rawValue).joined(separator: " or ")
    throw ValidationError("'\(argument)' is not \(words)")
  }
}
