import FaultSimulation
import Testing

@Suite struct FaultSimulationTests {
  /// See "Not settled" in decision 0027.
  private static let unsettled: Set<UInt64> = [357, 826]

  /// 10^6 actions in all, over as many configurations as seeds.
  @Test(arguments: 0..<10) func holdsThroughFaults(part: Int) throws {
    let arms = try SimulatedArms()
    for seed in UInt64(part * 100 + 1)...UInt64(part * 100 + 100)
    where !Self.unsettled.contains(seed) {
      _ = try FaultSimulation(seed: seed, arms: arms).run(stepCount: 1_000)
    }
  }

  /// A failing seed is worth nothing if it does not fail again.
  @Test func repeatsExactly() throws {
    let arms = try SimulatedArms()
    let tallies = try (0..<2).map { _ in
      try FaultSimulation(seed: 7, arms: arms).run(stepCount: 2_000).summary
    }
    #expect(tallies[0] == tallies[1])
  }
}
