internal import ArgumentParser
internal import FaultSimulation
internal import Glibc

/// Runs the pipeline's stages through simulated faults, seed by seed.
@main struct SimulateFaults: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate-faults",
    abstract: "Runs the pipeline on a simulated disk, clock and network, with faults, from seeds.",
    discussion: "Exit status: 0 where nothing was found, 1 where a seed fails, 2 for wrong usage.")

  @Option(help: "Seeds FIRST:LAST, or one seed.")
  var seeds = "1:1000"

  @Option(help: "Actions of each seed, before all faults end and everything must arrive.")
  var steps = 1_000

  @Option(help: "Stop after this many failing seeds.")
  var failures = 5

  @Flag(help: "Print the line of totals alone.")
  var quiet = false

  func validate() throws {
    guard range != nil, steps >= 1, failures >= 1 else {
      throw ValidationError(
        "--seeds takes FIRST:LAST, ascending; --steps and --failures at least 1")
    }
  }

  private var range: ClosedRange<UInt64>? {
    let parts = seeds.split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
    guard let first = parts.first ?? nil, let last = parts.last ?? nil, parts.count <= 2,
      first <= last
    else { return nil }
    return first...last
  }

  func run() throws {
    guard let range else { return }
    let generations = try SimulatedGenerations()
    var tally = SimulationTally()
    var failed: [SimulationFault] = []
    for seed in range where failed.count < failures {
      do {
        tally.add(try FaultSimulation(seed: seed, generations: generations).run(stepCount: steps))
      } catch let fault as SimulationFault {
        failed.append(fault)
        if !quiet { print("\(fault)\n") }
      }
    }
    print(tally.summary)
    guard failed.isEmpty else {
      print(
        "failing seeds: "
          + failed.map { "\($0.seed) (step \($0.step): \($0.faults[0]))" }.joined(separator: "; "))
      throw ExitCode(1)
    }
  }
}
