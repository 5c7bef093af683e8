import DurableFiles
import EventRecords
import Glibc
import Testing

/// A folder of its own for each test, removed with the object.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/tamis-tests-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { fatalError("no temporary folder") }
    path = String(cString: made)
  }

  deinit { remove(path) }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  private func remove(_ path: String) {
    if let stream = opendir(path) {
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { remove("\(path)/\(name)") }
      }
      closedir(stream)
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}

/// Sorted names in a folder.
func names(in folder: String) -> [String] {
  guard let stream = opendir(folder) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}

func contents(of path: String) throws -> [UInt8] {
  let file = try MappedFile(path)
  return withExtendedLifetime(file) { Array(file.bytes) }
}

func writeFile(_ path: String, _ bytes: [UInt8]) throws {
  let file = try OpenFile(opening: path, flags: O_CREAT | O_TRUNC | O_WRONLY)
  try bytes.withUnsafeBytes { try file.writeAll($0) }
}

func truncate(_ path: String, to byteCount: Int) throws {
  try OpenFile(opening: path, flags: O_WRONLY).truncate(to: byteCount)
}

/// SplitMix64 (Steele et al. 2014): seeded, for property tests.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The features of event `event`: no two events and no two features are alike.
func features(_ event: UInt64, _ featureCount: Int) -> [Float] {
  (0..<featureCount).map { Float(event) + Float($0) / 64 }
}

/// One event record's bytes; `features` nil gives those of `features(event, D)`.
func eventBytes(_ header: EventHeader, features given: [Float]? = nil) -> [UInt8] {
  var bytes = [UInt8](
    repeating: 0xEE, count: EventRecord.byteCount(featureCount: header.featureCount))
  let values = given ?? features(header.event, header.featureCount)
  bytes.withUnsafeMutableBytes { destination in
    values.withUnsafeBufferPointer {
      guard let base = destination.baseAddress else { return }
      EventRecord.encode(header, features: header.kind == .event ? $0 : nil, into: base)
    }
  }
  return bytes
}

/// `count` events of source 1 in run `run`, sequences and event numbers from `first` on.
func someEvents(_ count: Int, featureCount: Int = 4, run: UInt32 = 7, first: UInt64 = 1) -> [UInt8]
{
  (0..<UInt64(count)).flatMap { index in
    eventBytes(
      EventHeader(
        source: 1, run: run, featureCount: featureCount, sequence: first + index,
        event: first + index, timeNs: 1_000 + first + index))
  }
}

/// One flagged record's bytes, of an event of the same number.
func flaggedBytes(
  number: UInt64, featureCount: Int = 4, reasons: FlagReasons = .aboveThreshold
) -> [UInt8] {
  let event = eventBytes(
    EventHeader(
      source: 1, run: 7, featureCount: featureCount, sequence: 10 &* number, event: number,
      timeNs: 5_000 &+ number))
  let header = FlaggedHeader(
    reasons: reasons, workingPoints: 1, score: 3, threshold: 2, number: number, receivedNs: 10,
    decidedNs: 20, weight: 1, model: 0xAABB_CCDD, calibration: 2, instance: 3)
  var bytes = [UInt8](repeating: 0xEE, count: FlaggedRecord.byteCount(featureCount: featureCount))
  let attributions = features(number &+ 100, featureCount)
  bytes.withUnsafeMutableBytes { destination in
    event.withUnsafeBytes { event in
      attributions.withUnsafeBufferPointer {
        guard let base = destination.baseAddress, let source = event.baseAddress else { return }
        FlaggedRecord.encode(
          header, attributions: $0, eventRecord: EventRecordView(source), into: base)
      }
    }
  }
  return bytes
}

extension Array where Element == UInt8 {
  func withEvent<Result>(at offset: Int = 0, _ body: (EventRecordView) throws -> Result) throws
    -> Result
  {
    try withUnsafeBytes {
      try body(EventRecordView(try #require($0.baseAddress) + offset))
    }
  }
}

/// The fault that `body` throws.
func fault(_ body: () throws -> Void) -> FileFault? {
  do {
    try body()
    return nil
  } catch {
    return error as? FileFault
  }
}
