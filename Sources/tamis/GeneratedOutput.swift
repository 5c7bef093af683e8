internal import ArgumentParser
internal import CommandFrame
internal import StrictJSON

/// How many events a command makes, and where it writes them.
struct GeneratedOutput: ParsableArguments {
  @Option(help: "How many events.")
  var events: Int

  @Option(
    help: "The run folder to write, or a .npy file when the name ends so.", completion: .file())
  var out: String

  @Option(name: .customLong("run"), help: "Run number written into the records.")
  var runNumber: UInt32 = 1

  func validate() throws { try check("--events", events, in: 1...) }

  /// Refuses an output that is an input, or that exists and is not to be replaced.
  func checkOutput(inputs: [String] = [], replacing: Bool) throws {
    var outputs = Outputs()
    outputs.run("--out", out)
    try outputs.check(inputs: inputs, replacing: replacing)
  }

  /// Calls `write` with a function that shows the progress in events under the command's name. Returns
  /// the facts of the output.
  func write(as command: String, _ write: ((Int) -> Void) throws -> Void) rethrows -> Facts {
    var line = ProgressLine()
    try write { done in
      line.show("\(command) \(bar(Double(done) / Double(events))) \(done) of \(events) events")
    }
    line.finish()
    var facts = Facts()
    facts.add("written", .string(out))
    facts.add("events", .integer(events))
    return facts
  }
}
