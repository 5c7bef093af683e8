public import ArgumentParser
internal import Glibc
internal import ScoreEngine

/// The version of both programs.
public let programVersion = "0.1.0"

/// What `--version` prints after the program's name: the version and the instruction set in use.
public func versionText(of program: String) -> String {
  let isa =
    (try? InstructionSet.selected()).map { "instruction set \($0.rawValue)" }
    ?? "TAMIS_ISA names no instruction set of this machine"
  return "\(program) \(programVersion) (\(isa))"
}

/// A question was answered with no: reported as it is, exit status 1.
public struct NegativeAnswer: Error, CustomStringConvertible {
  /// What to say on stderr; nothing where it is empty.
  public let description: String

  /// Creates an answer.
  public init(description: String) { self.description = description }
}

/// Parses the arguments, runs the command they name, and ends the program with the contract's exit
/// status: 0 done, 1 the work failed or the answer is no, 2 wrong usage (the parser's own is 64).
public func runProgram<Root: ParsableCommand>(_ root: Root.Type, named name: String) -> Never {
  signal(SIGPIPE, SIG_IGN)
  do {
    var command = try root.parseAsRoot()
    _ = try InstructionSet.selected()
    try command.run()
    exit(0)
  } catch let answer as NegativeAnswer {
    if !answer.description.isEmpty { complain(answer.description) }
    exit(1)
  } catch {
    let code = root.exitCode(for: error)
    if code == .success {
      print(root.fullMessage(for: error))
      exit(0)
    }
    if code == .validationFailure {
      complain(root.fullMessage(for: error))
      exit(2)
    }
    if !(error is ExitCode) { complain("\(name): \(error)") }
    exit(1)
  }
}

/// Writes a line to stderr.
public func complain(_ text: String) {
  var line = text.hasSuffix("\n") ? text : text + "\n"
  _ = line.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
