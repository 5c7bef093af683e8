internal import ArgumentParser
internal import CurveSecurity
internal import StrictJSON
internal import ZeroMQ

/// `tamis keygen`.
struct KeygenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen",
    abstract: "Make a CURVE key pair.",
    discussion: """
      Writes the pair to FILE, mode 0600, in the form that pyzmq's zmq.auth and CZMQ read, too. It \
      writes the line `KEY name` of the public key to FILE.public. The line of a client is added \
      to the server's list of clients. The line of a server is given to its clients.

      Examples:
        tamis keygen --out /etc/tamis/tamisd.key
        tamis keygen --out alice.key --name "Alice, event display"
        cat alice.key.public >> /etc/tamis/clients
      """)

  @Option(help: "The file to write. The public key goes to FILE.public.", completion: .file())
  var out: String

  @Option(help: "Who the key is for, in one line; default: the file's name.")
  var name: String?

  @OptionGroup var replace: ReplaceOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let name, name.isEmpty || name.contains("\n") || name.contains("\"") {
      throw ValidationError("--name is one line without quotes")
    }
  }

  func run() throws {
    var outputs = Outputs()
    outputs.file("--out", out)
    outputs.file("the public key beside --out", "\(out).public")
    try outputs.check(replacing: replace.force)
    let pair = try CurveKeyPair.generate()
    try writeKeyPair(pair, to: out, name: name ?? fileName, replacing: replace.force)
    var facts = Facts()
    facts.add("written", .string(out))
    facts.add("public_file", .string("\(out).public"))
    facts.add("public_key", .string(pair.publicKey.text))
    facts.print(asJSON: output.json)
  }

  private var fileName: String {
    let last = out.split(separator: "/").last.map(String.init) ?? out
    return String(last.filter { $0 != "\"" && $0 != "\n" })
  }
}
