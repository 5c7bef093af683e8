package import ArgumentParser
internal import CLinux
internal import Glibc
internal import ScoreEngine

/// The version of both programs.
package let programVersion = "0.1.0"

/// What `--version` prints after the program's name: the version and the instruction set in use.
package func versionText(of program: String) -> String {
  let isa =
    (try? InstructionSet.selected()).map { "instruction set \($0.rawValue)" }
    ?? "TAMIS_ISA names no instruction set of this machine"
  return "\(program) \(programVersion) (\(isa))"
}

/// The answer to the user's question is no. It is reported as it is, with exit status 1.
package struct NegativeAnswer: Error, CustomStringConvertible {
  /// The text for stderr; none where it is empty.
  package let description: String

  /// Creates an answer.
  package init(description: String) { self.description = description }
}

/// Parses the arguments, runs the command they name, and ends the program with the contract's exit
/// status: 0 done, 1 the work failed or the answer is no, 2 wrong usage (the parser's own is 64).
///
/// Descriptors 0, 1 and 2 that were closed are opened on /dev/null first. A result that cannot be
/// written to stdout is a failure. SIGINT, SIGTERM and SIGHUP remove the files that are being
/// written and end the program; a command that waits for its signals blocks them.
package func runProgram<Root: ParsableCommand>(
  _ root: Root.Type, named name: String
) -> Never {
  tamis_standard_descriptors_open()
  signal(SIGPIPE, SIG_IGN)
  // A file that has reached the limit on its size is an error of that write, not a reason to die.
  signal(SIGXFSZ, SIG_IGN)
  tamis_signals_end_process()
  refuseArgumentsThatAreNotText(name)
  do {
    var command = try root.parseAsRoot()
    _ = try InstructionSet.selected()
    if let fault = faultOfStack() { throw NegativeAnswer(description: "\(name): \(fault)") }
    try command.run()
    end(name, status: 0)
  } catch let answer as NegativeAnswer {
    if !answer.description.isEmpty { complain(answer.description) }
    end(name, status: 1)
  } catch {
    let code = root.exitCode(for: error)
    if code == .success {
      print(root.fullMessage(for: error))
      end(name, status: 0)
    }
    if code == .validationFailure {
      complain(root.fullMessage(for: error))
      end(name, status: 2)
    }
    if !(error is ExitCode) { complain("\(name): \(error)") }
    end(name, status: 1)
  }
}

/// Ends the program when all output is written. Where it cannot be written, a success becomes a
/// failure.
private func end(_ name: String, status: Int32) -> Never {
  let code = tamis_stdout_flush()
  guard code != 0 else { exit(status) }
  // A reader that has seen enough (`| head`) needs no message.
  if code != EPIPE {
    complain("\(name): cannot write to stdout: \(String(cString: strerror(code)))")
  }
  exit(status == 0 ? 1 : status)
}

/// Bytes of stack that every thread must have; 300 kB were not enough.
private let stackByteCountMin: rlim_t = 1 << 20

/// The fault of the limit on the stack; nil where it is large enough. A process that exceeds it ends
/// without a message.
private func faultOfStack() -> String? {
  var limit = rlimit()
  guard getrlimit(__rlimit_resource_t(RLIMIT_STACK.rawValue), &limit) == 0,
    limit.rlim_cur < stackByteCountMin
  else { return nil }
  return "found a limit of \(limit.rlim_cur) bytes for the stack, expected at least "
    + "\(stackByteCountMin); raise it (ulimit -s \(stackByteCountMin / 1_024), LimitSTACK in the unit)"
}

/// A name that is not UTF-8 would be changed on its way to the command, and name another file.
private func refuseArgumentsThatAreNotText(_ name: String) {
  for index in 1..<max(1, Int(CommandLine.argc)) {
    guard let argument = CommandLine.unsafeArgv[index] else { return }
    let bytes = UnsafeRawBufferPointer(start: argument, count: strlen(argument))
    if String(validating: bytes, as: UTF8.self) != nil { continue }
    complain(
      "\(name): argument \(index): found `\(escaped(bytes))`, bytes that are not UTF-8, expected "
        + "text; rename the file, or give a link to it with another name")
    exit(2)
  }
}

/// The bytes as text, those that are not ASCII as `\xNN`.
private func escaped(_ bytes: UnsafeRawBufferPointer) -> String {
  bytes.map { byte in
    (0x20..<0x7F).contains(byte)
      ? String(UnicodeScalar(byte)) : "\\x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))"
  }.joined()
}

/// How long a message waits for a reader of stderr. Then it is dropped, so that a program always
/// ends.
private let complaintTimeoutMs: Int32 = 2_000

/// Writes a line to stderr. Where nobody reads it, the line is lost after two seconds.
package func complain(_ text: String) {
  var line = text.hasSuffix("\n") ? text : text + "\n"
  _ = line.withUTF8 {
    tamis_write_within(STDERR_FILENO, $0.baseAddress, $0.count, complaintTimeoutMs)
  }
}

/// Writes `text` to stderr if that needs no waiting, and drops it otherwise: for progress, which
/// must not delay the work.
package func mention(_ text: String) {
  var text = text
  guard tamis_is_writable(STDERR_FILENO) else { return }
  _ = text.withUTF8 { tamis_write_within(STDERR_FILENO, $0.baseAddress, $0.count, 0) }
}
