import Foundation

/// The built executables and the Python peers.
enum Programs {
  /// Executables lie beside the test bundle.
  static let folder: String = {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "."
    return URL(fileURLWithPath: own).deletingLastPathComponent().path
  }()

  /// The project's root, from this file's place in it.
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  static let python = ProcessInfo.processInfo.environment["TAMIS_PYTHON"] ?? "/usr/bin/python3"

  static func tamis(_ arguments: String..., environment: [String: String] = [:]) throws -> Launched
  {
    try Launched("\(folder)/tamis", arguments, environment: environment)
  }

  static func tamis(all arguments: [String], environment: [String: String] = [:]) throws -> Launched
  {
    try Launched("\(folder)/tamis", arguments, environment: environment)
  }

  /// The daemon; `TAMIS_DAEMON` names one that was built otherwise, such as under a sanitizer.
  private static let daemon =
    ProcessInfo.processInfo.environment["TAMIS_DAEMON"] ?? "\(folder)/tamisd"

  /// `launcher` is a command that takes the daemon's command line as its last arguments.
  static func tamisd(
    _ arguments: String..., environment: [String: String] = [:], launcher: [String] = []
  ) throws -> Launched {
    let command = launcher + [daemon] + arguments
    return try Launched(command[0], Array(command.dropFirst()), environment: environment)
  }

  static func peer(_ script: String, _ arguments: [String]) throws -> Launched {
    try Launched(python, ["\(root)/tools/\(script)"] + arguments)
  }
}
