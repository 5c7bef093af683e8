import FaultSimulation
import Testing

@Suite struct FaultSimulationTests {
  /// 10^6 actions in all, over as many configurations as seeds.
  @Test(arguments: 0..<10) func holdsThroughFaults(part: Int) throws {
    let generations = try SimulatedGenerations()
    for seed in UInt64(part * 100 + 1)...UInt64(part * 100 + 100) {
      _ = try FaultSimulation(seed: seed, generations: generations).run(stepCount: 1_000)
    }
  }

  /// A failing seed is worth nothing if it does not fail again.
  @Test func repeatsExactly() throws {
    let generations = try SimulatedGenerations()
    let tallies = try (0..<2).map { _ in
      try FaultSimulation(seed: 7, generations: generations).run(stepCount: 2_000).summary
    }
    #expect(tallies[0] == tallies[1])
  }
}
