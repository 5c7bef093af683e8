internal import CScoreKernels
internal import EventRecords
internal import Glibc

@testable internal import Monitoring

/// What peers ask.
let peerTargets = [
  FuzzTarget(name: "catch-up", body: readCatchUpRequest),
  FuzzTarget(name: "http", body: serveHTTP),
]

/// The first byte says whether the checksum is made right.
private func readCatchUpRequest(_ input: UnsafeRawBufferPointer) throws {
  var bytes = Array(input.dropFirst())
  if input.first ?? 0 & 1 == 1, bytes.count >= CatchUpRequest.byteCount {
    bytes.withUnsafeMutableBytes { request in
      guard let base = request.baseAddress else { return }
      request.storeBytes(of: tamis_crc32c(0, base, 44), toByteOffset: 44, as: UInt32.self)
    }
  }
  let request = try bytes.withUnsafeBytes { try CatchUpRequest($0, instance: 1) }
  require(request.firstNumber > 0, "numbers are from 1")
  require(request.lastNumber >= request.firstNumber, "a range has an end")
  require(request.recordCountMax > 0 && request.byteCountMax > 0, "something is wanted")
}

private let service = RequestService(
  pages: ReplyCache([
    "/": { .text("page\n") }, "/status": { .json("{}") },
    "/healthz": { .text("draining\n", status: 503) },
  ]) { 0 },
  hosts: AllowedHosts(host: "127.0.0.1", extra: ["a"], machine: ""),
  headerByteCountMax: HTTPEndpoint.Limits().headerByteCountMax)

/// A connection whose client sends the input in pieces: a byte says how long the next piece is.
private func serveHTTP(_ input: UnsafeRawBufferPointer) throws {
  guard let connections = HTTPConnections(service, limits: HTTPEndpoint.Limits()) else { return }
  defer { connections.close() }
  var ends: [CInt] = [-1, -1]
  guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0 else { return }
  let client = ends[0]
  defer { close(client) }
  var address = sockaddr(sa_family: sa_family_t(AF_UNIX), sa_data: sockaddr().sa_data)
  connections.add(ends[1], &address, socklen_t(MemoryLayout<sockaddr>.size))
  var bytes = InputBytes(input)
  var replies = [UInt8](repeating: 0, count: 65_536)
  var replyByteCount = 0
  func takeReplies() {
    // What was read is parsed in the first turn, and answered in those that follow.
    for _ in 0..<4 {
      connections.serve()
      let count = recv(client, &replies, replies.count, CInt(MSG_DONTWAIT))
      if count > 0 { replyByteCount += count }
    }
  }
  while !bytes.isEmpty {
    let piece = Array(bytes.take(1 + Int(bytes.byte())))
    if send(client, piece, piece.count, CInt(MSG_NOSIGNAL)) < 0 { break }
    takeReplies()
  }
  shutdown(client, CInt(SHUT_WR))
  takeReplies()
  // The shortest request is 16 bytes, and no reply is longer than 1,024.
  require(replyByteCount <= 1_024 * (1 + input.count / 16), "replies in proportion")
}
