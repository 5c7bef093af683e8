internal import CScoreKernels
package import ScoreModel
internal import Synchronization
internal import WorkerThreads

/// One training in progress: what the threads share.
///
/// A step has two phases with a barrier after each. In a phase threads claim pieces of work from
/// a counter; which thread does a piece makes no difference to any number.
///
/// `@unchecked`: what changes is atomic, or thread 0's alone, or written in one phase and read
/// after the barrier.
package final class TrainingRun: @unchecked Sendable {
  private let configuration: TrainingConfiguration
  private let rowPhase: any RowWork
  private let parameterPhase: ParameterPhase
  private let rowGroups: [Range<Int>]
  private let tasks: [GradientTask]
  private let groupMemories: [GroupMemory]
  private let barrier: Barrier
  private let rowGroupsClaimed = Atomic<Int>(0)
  private let tasksClaimed = Atomic<Int>(0)
  /// Written by thread 0 in the second phase of a step, read by all after it.
  private var hasDiverged = false
  /// Touched by thread 0 alone.
  package private(set) var history: LossHistory
  private(set) var stepsDone = 0

  /// Rows that a thread takes through the network at once: their activations stay in the
  /// second-level cache while each weight is read once.
  private static let groupRowMax = 64

  package init(
    _ configuration: TrainingConfiguration, events: StandardisedEvents, split: HeldOutSplit? = nil
  ) throws(TrainingError) {
    self.configuration = configuration
    let shape = configuration.shape(featureCount: events.featureCount)
    let kernels = TrainingKernels(configuration.instructionSet)
    let parameters = try ParameterState(
      NetworkParameters(random: shape, seed: configuration.seed),
      keepsAverage: configuration.emaDecay != nil)
    let batch = try BatchMemory(parameters.padded, rowCount: configuration.batchSize)
    switch configuration.network {
    case .score:
      rowPhase = RowPhase(
        kernels: kernels, parameters: parameters, batch: batch, events: events,
        split: split ?? HeldOutSplit(eventCount: events.eventCount, holdsOut: false),
        sigmas: configuration.noiseSchedule.sigmas, output: configuration.output,
        eventStream: TrainingStream.events.seeded(configuration.seed),
        levelStream: TrainingStream.levels.seeded(configuration.seed),
        noiseStream: TrainingStream.noise.seeded(configuration.seed))
    case .autoencoder:
      rowPhase = ReconstructionPhase(
        kernels: kernels, parameters: parameters, batch: batch, events: events,
        eventStream: TrainingStream.autoencoderEvents.seeded(configuration.seed))
    }
    parameterPhase = ParameterPhase(kernels: kernels, parameters: parameters, batch: batch)
    rowGroups = TrainingRun.rowGroups(of: configuration)
    tasks = GradientTask.all(of: parameters.padded)
    var memories: [GroupMemory] = []
    for _ in 0..<configuration.threads {
      memories.append(try GroupMemory(parameters.padded, rowMax: TrainingRun.groupRowMax))
    }
    groupMemories = memories
    barrier = Barrier(count: configuration.threads)
    history = LossHistory(stepCount: configuration.steps)
    parameters.updateForward(with: kernels)
  }

  /// The parameters as they are now, or their moving average where one is kept.
  package var parameters: NetworkParameters { rowPhase.parameters.result }

  /// Adam's running mean of the gradient: a tenth of the gradient after one step.
  package var gradientMeans: NetworkParameters {
    let state = rowPhase.parameters
    return state.unpadded(state.means)
  }

  /// Equal groups of rows, as many for each thread.
  private static func rowGroups(of configuration: TrainingConfiguration) -> [Range<Int>] {
    let rows = configuration.batchSize
    let threads = configuration.threads
    let perThread = max(1, (rows + threads * groupRowMax - 1) / (threads * groupRowMax))
    let count = min(rows, threads * perThread)
    return (0..<count).map { rows * $0 / count..<rows * ($0 + 1) / count }
  }

  /// Does all steps; called once by each thread. `afterStep` is called by thread 0.
  package func work(thread: Int, afterStep: () -> Void) {
    let memory = groupMemories[thread]
    var adamSchedule = AdamSchedule(configuration)
    for step in 0..<configuration.steps {
      while let group = claim(rowGroupsClaimed, of: rowGroups) {
        rowPhase.run(step: step, rows: group, memory: memory)
      }
      barrier.arriveAndWait()
      if thread == 0 { noteLoss() }
      let adam = adamSchedule.next()
      while let task = claim(tasksClaimed, of: tasks) {
        parameterPhase.run(task, adam: adam, memory: memory)
      }
      barrier.arriveAndWait()
      if hasDiverged { return }
      if thread == 0 {
        tasksClaimed.store(0, ordering: .relaxed)
        afterStep()
      }
    }
  }

  private func claim<Work>(_ claimed: borrowing Atomic<Int>, of pieces: [Work]) -> Work? {
    let place = claimed.wrappingAdd(1, ordering: .relaxed).oldValue
    return place < pieces.count ? pieces[place] : nil
  }

  /// The batch's loss, rows added in order, once all threads are past the first phase.
  private func noteLoss() {
    rowGroupsClaimed.store(0, ordering: .relaxed)
    let batch = rowPhase.batch
    var sum = 0.0
    for row in 0..<batch.rowCount { sum += Double(batch.losses.base[row]) }
    let loss = sum / Double(batch.rowCount)
    hasDiverged = !loss.isFinite
    stepsDone += 1
    history.note(loss, step: stepsDone)
  }

  /// Throws where the training could not be carried to its end.
  func checkConverged() throws(TrainingError) {
    let areFinite = parameters.values.allSatisfy(\.isFinite)
    guard !hasDiverged, areFinite else {
      throw TrainingError.diverged(step: stepsDone, learningRate: configuration.learningRate)
    }
  }
}
