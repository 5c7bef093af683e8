import DurableFiles
import FoundationEssentials
import Simulation

extension SimulatedSample {
  /// The events of a range, row-major.
  func events(_ range: Range<UInt64>) -> [Float] {
    let count = range.count * physics.featureCount
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]), events: range)
      initialized = count
    }
  }
}

extension ReferencePhysics {
  /// A background sample, long enough for any range.
  func background(seed: UInt64) -> SimulatedSample {
    SimulatedSample(physics: self, content: .background, eventCount: .max, seed: seed)
  }
}

/// Calls `body` with a folder that is removed afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let files = FileManager.default
  let folder = files.temporaryDirectory.path + "/tamis-simulation-\(UUID())"
  try files.createDirectory(atPath: folder, withIntermediateDirectories: false)
  defer { try? files.removeItem(atPath: folder) }
  return try body(folder)
}

/// All bytes of a file.
func content(of path: String) throws -> [UInt8] {
  let file = try MappedFile(path)
  return withExtendedLifetime(file) { Array(file.bytes) }
}
