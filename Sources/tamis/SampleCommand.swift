internal import ArgumentParser
internal import CommandFrame
internal import RunFiles
internal import Sampling
internal import ScoreEngine
internal import ScoreModel
internal import Simulation
internal import StrictJSON

/// `tamis sample`.
struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Draw events from what a score network has learnt of background.",
    discussion: """
      Uses annealed Langevin dynamics: from noise, down the model's noise levels along its scores, \
      to events in the units of the training data. The events show what the network takes for \
      background: compare them with real background feature by feature. The same model and seed \
      give the same bytes with any number of threads on any machine. The first N events of a \
      larger sample are the same events.

      Examples:
        tamis sample --model model.safetensors --events 10000 --out sample.npy
        tamis sample --model model.safetensors --events 10000 --seed 2 --run 7 \\
          --out sample.run
      """)

  @Option(help: "The model file of a score network.", completion: .file())
  var model: String

  @OptionGroup var target: GeneratedOutput

  @Option(help: "Seed of starts and noise.")
  var seed: UInt64 = 1

  @Option(help: "Langevin steps at each noise level.")
  var stepsPerLevel = LangevinRecipe().stepsPerLevel

  @Option(help: "Step size at noise level sigma, in units of sigma^2.")
  var stepRatio = LangevinRecipe().stepRatio

  @Option(help: "Threads; the result does not depend on it. Default: all processors.")
  var threads: Int?

  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    try check("--steps-per-level", stepsPerLevel, in: 1...1_000_000)
    if !(stepRatio > 0 && stepRatio < 2) {
      throw ValidationError("--step-ratio is above 0 and below 2, not \(stepRatio)")
    }
    try check("--threads", threads, in: 1...1_024)
  }

  func run() throws {
    try target.checkOutput(inputs: [model], replacing: replace.force)
    let loaded = try openModel(model)
    warnOfLittleNoise(loaded)
    var recipe = LangevinRecipe()
    recipe.stepsPerLevel = stepsPerLevel
    recipe.stepRatio = stepRatio
    recipe.seed = seed
    let sampler = try LangevinSampler(
      model: loaded.model, recipe: recipe, instructionSet: try InstructionSet.selected())
    var facts = try target.write(as: "sample") { progress in
      try generated(sampler, loaded: loaded).write(
        to: target.out, run: target.runNumber, replacing: replace.force,
        threadCount: threads ?? processorCount(), progress: progress)
    }
    facts.add("evaluations_per_event", .integer(sampler.evaluationCount))
    facts.print(asJSON: output.json)
  }

  private func generated(_ sampler: LangevinSampler, loaded: LoadedModel) -> GeneratedEvents {
    GeneratedEvents(
      featureCount: sampler.featureCount, featureNames: loaded.model.featureNames,
      eventCount: target.events,
      origin: [
        "sampling": .object([
          "method": .string("annealed langevin dynamics"),
          "model_sha256": .string("\(loaded.sha256)"), "seed": .integer(seed),
          "steps_per_level": .integer(stepsPerLevel), "step_ratio": .shortest(stepRatio),
          "events": .integer(target.events),
        ])
      ],
      chunkEventCount: 2_048
    ) { features, events in try sampler.fill(features, samples: events) }
  }
}

/// Says on stderr that samples will not spread like background. Standardised features have a spread
/// of 1, and a chain that starts from less noise than that stays near where it starts.
private func warnOfLittleNoise(_ loaded: LoadedModel) {
  guard loaded.model.kind == .score, let largest = loaded.model.sigmas.max(), largest < 1 else {
    return
  }
  complain(
    "warning: the largest noise level of \(loaded.path) is \(largest) standard deviations; samples "
      + "start from that and do not reach the spread of background: train with --noise-levels 10")
}
