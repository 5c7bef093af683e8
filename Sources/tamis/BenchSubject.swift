internal import Calibration
internal import CommandFrame
internal import EventRecords
internal import Glibc
internal import RunFiles
internal import ScoreEngine
internal import ScoreModel
internal import Simulation
internal import Training
internal import TriggerPipeline

/// What `tamis bench` scores: a network, events, and the threshold that the screen works with.
struct BenchSubject {
  /// How the report names the network and the events.
  let description: String
  let network: ScoringNetwork
  /// Nil where the model cannot be screened; `screenRefusal` then says why.
  let screen: ScreenNetwork?
  let screenRefusal: String?
  let screening: Screening
  /// Row-major.
  let events: [Float]

  /// Large enough that the events of a batch are not in the first-level cache.
  private static let eventCount = 16_384
  /// The rate that the threshold is set for where there is no calibration, or none of these events.
  private static let rate = 1e-3

  init(model path: String?, calibration: String?, input: [String]) throws {
    let set = try InstructionSet.selected()
    let loaded = try path.map { try TrainedModel.load($0) }
    let model = try loaded?.model ?? Self.quicklyTrained()
    let matchedCalibration = try loaded.flatMap { loaded in
      try calibration.map { try MatchedCalibration(path: $0, model: loaded) }
    }
    let network = ScoringNetwork(
      model: model, scoring: matchedCalibration?.scoring(of: model), instructionSet: set)
    events = try Self.events(from: input, loaded: loaded, model: model)
    // The threshold of a calibration belongs to the background that the model was trained on. Most
    // events of another background are above it, and would be scored twice.
    if loaded != nil, input.isEmpty {
      complain(
        "bench: no --input: simulated events of another background are scored, with the threshold "
          + "that one in \(Int(1 / Self.rate)) of them exceeds; for screened figures that hold for "
          + "your events give some with --input")
    }
    let calibrated = input.isEmpty ? nil : matchedCalibration?.calibration
    screening = Screening(
      threshold: calibrated?.loosestThreshold ?? Self.threshold(network: network, events: events),
      quietThreshold: calibrated?.quietThreshold ?? -.infinity,
      margin: matchedCalibration?.calibration.screen?.margin ?? ScreenCalibration.defaultMargin)
    self.network = network
    (screen, screenRefusal) = Self.screen(model: model, network: network)
    description =
      "\(path ?? "network trained for \(Self.steps) steps on the reference physics"): "
      + "\(model.kind.title), \(model.shape.summary), \(network.scoring.levels.count) levels scored"
  }

  private static func screen(
    model: TrainedModel, network: ScoringNetwork
  ) -> (ScreenNetwork?, refusal: String?) {
    do throws(ScreenError) {
      return (try ScreenNetwork(model: model, exact: network), nil)
    } catch {
      return (nil, error.description)
    }
  }

  /// Some seconds of training, which give scores that spread as a trained network's. The speed of exact
  /// scoring depends on the shape alone.
  private static let steps = 300

  private static func quicklyTrained() throws -> TrainedModel {
    complain("bench: no --model, training one for \(steps) steps")
    let sample = SimulatedSample(
      physics: ReferencePhysics(processSeed: 1), content: .background, eventCount: 20_000, seed: 1)
    var configuration = TrainingConfiguration()
    configuration.steps = steps
    configuration.threads = processorCount()
    return try trainScoreNetwork(
      on: TrainingEvents(features: filled(sample), featureCount: sample.physics.featureCount),
      configuration: configuration, program: "tamis \(programVersion)"
    ).model
  }

  private static func filled(_ sample: SimulatedSample) -> [Float] {
    let count = sample.eventCount * sample.physics.featureCount
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      sample.fill(
        UnsafeMutableBufferPointer(rebasing: buffer[..<count]),
        events: 0..<UInt64(sample.eventCount))
      filled = count
    }
  }

  /// Recorded events, or ones of the reference physics in the units of the model's features. The speed
  /// of exact scoring does not depend on the events.
  private static func events(
    from input: [String], loaded: LoadedModel?, model: TrainedModel
  ) throws -> [Float] {
    let width = model.shape.featureCount
    if !input.isEmpty, let loaded {
      let source = try openEvents(input)
      try checkFeatures(of: source, fit: loaded)
      let count = min(source.eventCount, eventCount)
      guard count > 0 else { throw NegativeAnswer(description: "bench: \(input[0]) has no events") }
      return [Float](unsafeUninitializedCapacity: count * width) { buffer, filled in
        if let base = buffer.baseAddress { source.copyFeatures(of: 0..<count, into: base) }
        filled = count * width
      }
    }
    var events = simulated(width: width)
    guard loaded != nil else { return events }
    for index in events.indices {
      let feature = index % width
      let value =
        model.standardiser.mean[feature] + model.standardiser.scale[feature] * events[index]
      events[index] = model.standardiser.isLogarithmic[feature] ? expm1(value) : value
    }
    return events
  }

  /// Background of the reference physics for up to 1,024 features. The covariance matrix of more features
  /// would fill the memory. Wider events are made of plain numbers, and there are fewer of them.
  private static func simulated(width: Int) -> [Float] {
    guard width <= 1_024 else {
      let count = min(eventCount, max(256, (1 << 26) / width)) * width
      return (0..<count).map { Float($0 % 97) / 48 - 1 }
    }
    let physics = ReferencePhysics(processSeed: 1, featureCount: width)
    return filled(
      SimulatedSample(physics: physics, content: .background, eventCount: eventCount, seed: 2))
  }

  /// The threshold of the rate among these events.
  private static func threshold(network: ScoringNetwork, events: [Float]) -> Float {
    let width = network.featureCount
    let count = events.count / width
    var scores = [Float](repeating: 0, count: count)
    EventScorer(.exact(network), batchMax: count).score(
      events: events, eventStride: width * MemoryLayout<Float>.stride, count: count,
      scores: &scores, attributions: nil, attributionStride: 0)
    let sorted = scores.filter { !$0.isNaN }.sorted(by: >)
    return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(count) * rate))]
  }
}
