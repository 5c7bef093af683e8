internal import Testing

@Suite struct BadAddressTests {
  private static let form = "expected tcp://HOST:PORT or ipc://PATH"

  /// Puts `list` where the input's addresses go; its first element begins in column 12.
  private static func connecting(_ list: String, _ message: String) -> BadFile {
    BadFile(
      list,
      """
      model: m
      calibration: c
      input:
        connect: \(list)
      output: {bind: [tcp://*:2]}
      """,
      message)
  }

  private static let connect: [BadFile] = [
    connecting(
      "[127.0.0.1:5555]",
      "4:13: input.connect: found `127.0.0.1:5555`, \(form); "
        + "did you mean `tcp://127.0.0.1:5555`?"),
    connecting("[nowhere]", "4:13: input.connect: found `nowhere`, \(form)"),
    connecting(
      "[inproc://events]",
      "4:13: input.connect: found `inproc://events`, \(form); "
        + "inproc reaches only threads of the same program"),
    connecting("[udp://a:1]", "4:13: input.connect: found `udp://a:1`, \(form)"),
    connecting(
      "[tcp://a]",
      "4:13: input.connect: found `tcp://a`, expected tcp://HOST:PORT; "
        + "an IPv6 address stands in brackets: tcp://[::1]:5555"),
    connecting(
      "[tcp://::1:5555]",
      "4:13: input.connect: found `tcp://::1:5555`, expected tcp://HOST:PORT; "
        + "an IPv6 address stands in brackets: tcp://[::1]:5555"),
    connecting(
      "[tcp://a:0]", "4:13: input.connect: found `tcp://a:0`, expected a port from 1 to 65535"),
    connecting(
      "[tcp://a:65536]",
      "4:13: input.connect: found `tcp://a:65536`, expected a port from 1 to 65535"),
    connecting(
      "[tcp://a:+80]",
      "4:13: input.connect: found `tcp://a:+80`, expected a port from 1 to 65535"),
    connecting(
      "[tcp://*:5555]",
      "4:13: input.connect: found `tcp://*:5555`, "
        + "expected the name or address of a host to connect to; * is for bind"),
    connecting("[ipc://]", "4:13: input.connect: found `ipc://`, expected ipc://PATH"),
    connecting(
      "tcp://a:1",
      "4:12: input.connect: found `tcp://a:1`, expected a list of addresses; write [tcp://a:1]"),
    connecting(
      "[5555]",
      "4:13: input.connect: found the number 5555, expected an address; "
        + "if it is meant as text, write \"5555\""),
    connecting(
      "[tcp://a:1, tcp://b:1, tcp://a:1]",
      "4:35: input.connect: found `tcp://a:1` twice, expected it once"),
    connecting(
      "[[tcp://a:1]]", "4:13: input.connect: found a list, expected an address"),
  ]

  private static let others: [BadFile] = [
    BadFile(
      "bad port to bind",
      "model: m\ncalibration: c\ninput: {bind: [tcp://*:x]}\noutput: {bind: [tcp://*:2]}\n",
      "3:16: input.bind: found `tcp://*:x`, "
        + "expected a port from 1 to 65535, or 0 or * for any that is free"),
    BadFile(
      "no address at all",
      "model: m\ncalibration: c\ninput:\n  pattern: pull\noutput: {connect: [], bind: []}\n",
      "3:1: input: found neither `connect` nor `bind`, expected an address in one of them; "
        + "write, for example, `connect: [tcp://127.0.0.1:5555]`",
      "5:1: output: found neither `connect` nor `bind`, expected an address in one of them; "
        + "write, for example, `connect: [tcp://127.0.0.1:5555]`"),
    BadFile(
      "one address for both",
      "model: m\ncalibration: c\ninput: {bind: [tcp://*:2]}\noutput: {bind: [tcp://*:2]}\n",
      "4:9: output: found `tcp://*:2` in input.bind and output.bind, "
        + "expected an address of its own for each"),
    BadFile(
      "topic with pull",
      """
      model: m
      calibration: c
      input: {connect: [tcp://a:1], topic: events}
      output: {bind: [tcp://*:2]}
      """,
      "3:38: input.topic: found `events` with the pattern pull, expected no topic; "
        + "remove it, or subscribe with `pattern: sub`"),
  ]

  @Test(arguments: connect + others) func badAddress(_ file: BadFile) { file.expectMessages() }

  @Test func longIpcPathIsRefused() {
    let path = String(repeating: "p", count: 108)
    Self.connecting(
      "[ipc://\(path)]",
      "4:13: input.connect: found `ipc://\(path)`, expected a path of at most 107 bytes"
    ).expectMessages()
  }
}
