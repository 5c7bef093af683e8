import Foundation
import Testing

/// A program that a test has started. It is killed when the test lets go of it, so none is left.
final class Launched: @unchecked Sendable {
  private let process = Process()
  private let outputPath: String
  private let errorPath: String
  let name: String

  /// Starts `executable`; its output goes to files, so it never waits for a reader.
  init(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) throws {
    name = ([executable.split(separator: "/").last.map(String.init) ?? executable] + arguments)
      .joined(separator: " ")
    let base = FileManager.default.temporaryDirectory.appending(
      path: "tamis-output-\(UUID().uuidString)")
    outputPath = base.path + ".out"
    errorPath = base.path + ".err"
    for path in [outputPath, errorPath] {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: outputPath)
    process.standardError = FileHandle(forWritingAtPath: errorPath)
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    for path in [outputPath, errorPath] { try? FileManager.default.removeItem(atPath: path) }
  }

  var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
  var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }
  var isRunning: Bool { process.isRunning }
  var processIdentifier: Int32 { process.processIdentifier }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Waits for the program's end and returns its exit status; 128 + the signal that ended it.
  func wait(seconds: Double = 300) throws -> Int32 {
    try waitUntil("\(name) ends", seconds: seconds) { !self.process.isRunning }
    process.waitUntilExit()
    return process.terminationReason == .exit
      ? process.terminationStatus : 128 + process.terminationStatus
  }

  /// Waits, and fails the test with what the program said where the status is another.
  @discardableResult
  func expectExit(_ expected: Int32 = 0, seconds: Double = 300) throws -> String {
    let status = try wait(seconds: seconds)
    if status != expected {
      throw Failure("\(name): exit status \(status), expected \(expected)\n\(output)\n\(errors)")
    }
    return output
  }
}

/// Why a test cannot go on.
struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Looks every 10 ms until `condition` holds; a generous limit guards against hanging, and is not met
/// by a machine that has other things to do.
func waitUntil(
  _ what: @autoclosure () -> String, seconds: Double = 120, _ condition: () throws -> Bool
) throws {
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(seconds)
  while try !condition() {
    if clock.now > deadline { throw Failure("after \(seconds) s still not: \(what())") }
    usleep(10_000)
  }
}
