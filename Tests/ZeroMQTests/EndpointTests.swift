internal import Glibc
internal import Testing
internal import ZeroMQ

@Suite struct EndpointTests {
  @Test func freePortIsTold() throws {
    let context = try Context()
    let socket = try makeSocket(context, .pull)
    #expect(try socket.lastEndpoint() == "")
    try socket.bind("tcp://127.0.0.1:*")
    let address = try socket.lastEndpoint()
    #expect(address.hasPrefix("tcp://127.0.0.1:"))
    #expect(Int(address.split(separator: ":").last ?? "").map { $0 > 1_023 } == true)
  }

  @Test func addressInUseNamesItAndTheWayOut() throws {
    let context = try Context()
    let first = try makeSocket(context, .pull)
    try first.bind("tcp://127.0.0.1:*")
    let address = try first.lastEndpoint()
    let second = try makeSocket(context, .pull)
    let error = #expect(throws: ZeroMQError.self) { try second.bind(address) }
    #expect(error == .endpoint(.bind, address: address, code: EADDRINUSE))
    #expect(
      error?.description
        == "cannot bind \(address): address already in use; stop the process that listens there "
        + "(ss -ltnp names it) or choose another port")
    try first.unbind(address)
    #expect(eventually { (try? second.bind(address)).map { true } } == true)
  }

  private struct BadAddress: Sendable, CustomTestStringConvertible {
    let operation: ZeroMQError.EndpointOperation
    let address: String
    let explanation: String

    var testDescription: String { "\(operation) \(address)" }
  }

  private static let badAddresses = [
    BadAddress(
      operation: .bind, address: "tcp://192.0.2.1:5555",
      explanation: "no such address on this machine; bind to one of its own addresses "
        + "(ip address lists them), 127.0.0.1, or * for all"),
    BadAddress(
      operation: .bind, address: "tcp://no-such-interface:5555",
      explanation: "no such address or interface on this machine; bind takes an IP address, "
        + "an interface name or *, not a host name"),
    BadAddress(
      operation: .bind, address: "carrier-pigeon://roof",
      explanation: "unsupported transport; use tcp://HOST:PORT, ipc://PATH or inproc://NAME"),
    BadAddress(
      operation: .connect, address: "udp://127.0.0.1:5555",
      explanation: "this transport does not go with this kind of socket; use tcp, ipc or inproc"),
    BadAddress(
      operation: .connect, address: "127.0.0.1:5555",
      explanation: "not a valid address; write tcp://HOST:PORT, ipc://PATH or inproc://NAME"),
    BadAddress(
      operation: .connect, address: "tcp://127.0.0.1:port",
      explanation: "not a valid address; write tcp://HOST:PORT, ipc://PATH or inproc://NAME"),
    BadAddress(
      operation: .bind, address: "ipc:///nowhere/at/all.socket",
      explanation: "no such folder; create it first"),
    BadAddress(
      operation: .bind, address: "ipc://" + String(repeating: "x", count: 200),
      explanation: "the ipc path is too long; keep it below 108 bytes"),
    BadAddress(
      operation: .disconnect, address: "tcp://127.0.0.1:9",
      explanation: "the socket does not use this address; name it exactly as lastEndpoint gave it"),
  ]

  @Test(arguments: badAddresses)
  private func badAddressIsExplained(_ bad: BadAddress) throws {
    let context = try Context()
    let socket = try makeSocket(context, .pull)
    let error = #expect(throws: ZeroMQError.self) {
      switch bad.operation {
      case .bind: try socket.bind(bad.address)
      case .connect: try socket.connect(bad.address)
      case .unbind: try socket.unbind(bad.address)
      case .disconnect: try socket.disconnect(bad.address)
      }
    }
    #expect(
      error?.description == "cannot \(bad.operation.rawValue) \(bad.address): \(bad.explanation)")
  }

  @Test func ipv6WhenAskedFor() throws {
    let context = try Context()
    let pull = try makeSocket(context, .pull, [.ipv6(true)])
    let push = try makeSocket(context, .push, [.ipv6(true)])
    do { try pull.bind("tcp://[::1]:*") } catch { return }  // a machine without IPv6
    try push.connect(try pull.lastEndpoint())
    #expect(try send([1], to: push))
    #expect(try receive(pull) == [1])
  }

  @Test func ipcWorks() throws {
    let context = try Context()
    let pull = try makeSocket(context, .pull)
    let push = try makeSocket(context, .push)
    try pull.bind("ipc://*")
    try push.connect(try pull.lastEndpoint())
    #expect(try send([1], to: push))
    #expect(try receive(pull) == [1])
  }

  @Test func disconnectedSocketHasNobodyToSendTo() throws {
    let context = try Context()
    let pull = try makeSocket(context, .pull)
    let push = try makeSocket(context, .push)
    let address = try join(pull, push)
    #expect(try send([1], to: push))
    #expect(try receive(pull) == [1])
    try push.disconnect(address)
    #expect(try push.send("x") == false)
  }
}
