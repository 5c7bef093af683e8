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

  @Option(help: "How many events.")
  var events: Int

  @Option(
    help: "The run folder to write, or a .npy file when the name ends so.", completion: .file())
  var out: String

  @Option(help: "Seed of starts and noise.")
  var seed: UInt64 = 1

  @Option(help: "Langevin steps at each noise level.")
  var stepsPerLevel = LangevinRecipe().stepsPerLevel

  @Option(help: "Step size at noise level sigma, in units of sigma^2.")
  var stepRatio = LangevinRecipe().stepRatio

  @Option(name: .customLong("run"), help: "Run number written into the records.")
  var runNumber: UInt32 = 1

  @Option(help: "Threads; the result does not depend on it. Default: all processors.")
  var threads: Int?

  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if events < 1 { throw ValidationError("--events is at least 1, not \(events)") }
    if !(1...1_000_000).contains(stepsPerLevel) {
      throw ValidationError("--steps-per-level is 1 to 1000000, not \(stepsPerLevel)")
    }
    if !(stepRatio > 0 && stepRatio < 2) {
      throw ValidationError("--step-ratio is above 0 and below 2, not \(stepRatio)")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is 1 to 1024, not \(threads)")
    }
  }

  func run() throws {
    var outputs = Outputs()
    outputs.run("--out", out)
    try outputs.check(inputs: [model], replacing: replace.force)
    let loaded = try TrainedModel.load(model)
    for note in loaded.notes { complain("\(model): \(note)") }
    warnOfLittleNoise(loaded)
    var recipe = LangevinRecipe()
    recipe.stepsPerLevel = stepsPerLevel
    recipe.stepRatio = stepRatio
    recipe.seed = seed
    let sampler = try LangevinSampler(
      model: loaded.model, recipe: recipe, instructionSet: try InstructionSet.selected())
    var progress = ProgressLine()
    try generated(sampler, loaded: loaded).write(
      to: out, run: runNumber, replacing: replace.force, threadCount: threads ?? processorCount()
    ) { done in
      progress.show("sample \(bar(Double(done) / Double(events))) \(done) of \(events) events")
    }
    progress.finish()
    var facts = Facts()
    facts.add("written", .string(out))
    facts.add("events", .integer(events))
    facts.add("evaluations_per_event", .integer(sampler.evaluationCount))
    facts.print(asJSON: output.json)
  }

  private func generated(_ sampler: LangevinSampler, loaded: LoadedModel) -> GeneratedEvents {
    GeneratedEvents(
      featureCount: sampler.featureCount, featureNames: loaded.model.featureNames,
      eventCount: events,
      origin: [
        "sampling": .object([
          "method": .string("annealed langevin dynamics"),
          "model_sha256": .string("\(loaded.sha256)"), "seed": .integer(seed),
          "steps_per_level": .integer(stepsPerLevel), "step_ratio": .shortest(stepRatio),
          "events": .integer(events),
        ])
      ],
      chunkEventCount: 2_048
    ) { features, events in try sampler.fill(features, samples: events) }
  }
}

/// Says on stderr that samples will not spread like background. Standardised features have a spread of
/// 1, and a chain that starts from less noise than that stays near where it starts.
private func warnOfLittleNoise(_ loaded: LoadedModel) {
  guard loaded.model.kind == .score, let largest = loaded.model.sigmas.max(), largest < 1 else {
    return
  }
  complain(
    "warning: the largest noise level of \(loaded.path) is \(largest) standard deviations; samples "
      + "start from that and do not reach the spread of background: train with --noise-levels 10")
}
