import Foundation
import Testing

/// Beside the pipeline of one thread ZeroMQ's threads do not interrupt it; all else is ordinary.
struct ThreadPolicyTests {
  private static let (ordinary, batch) = ("0", "3")

  @Test(arguments: [0, 1]) func zeroMQsThreadsArePatientBesideOneThread(workers: Int) throws {
    var choice = Daemon.Choice()
    choice.workers = workers
    let daemon = try Daemon(try TrainedFixture.shared.get(), choice)
    let policies = try policies(of: daemon.program.processIdentifier)
    let zeroMQ = policies.filter { $0.name.hasPrefix("ZMQbg") }
    #expect(zeroMQ.count >= 2)
    #expect(zeroMQ.allSatisfy { $0.policy == (workers == 0 ? Self.batch : Self.ordinary) })
    let others = policies.filter { !$0.name.hasPrefix("ZMQbg") }
    #expect(others.contains { $0.name == "tamis-ingest" || $0.name.hasPrefix("tamis") })
    #expect(others.allSatisfy { $0.policy == Self.ordinary })
    #expect(try daemon.stop() == 0)
  }

  /// Name and policy of each thread; the policy is the 41st field of its `stat`.
  private func policies(of process: Int32) throws -> [(name: String, policy: String)] {
    let folder = "/proc/\(process)/task"
    return try FileManager.default.contentsOfDirectory(atPath: folder).compactMap { thread in
      guard let stat = try? String(contentsOfFile: "\(folder)/\(thread)/stat", encoding: .utf8),
        let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")")
      else { return nil }
      let fields = stat[stat.index(after: close)...].split(separator: " ")
      return (String(stat[stat.index(after: open)..<close]), String(fields[38]))
    }
  }
}
