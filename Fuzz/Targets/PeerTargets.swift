internal import CScoreKernels
internal import EventRecords
internal import NIOCore
internal import NIOEmbedded

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
  timeout: .seconds(30))

/// A connection whose client sends the input in pieces: a byte says how long the next piece is.
private func serveHTTP(_ input: UnsafeRawBufferPointer) throws {
  let channel = EmbeddedChannel()
  try configure(
    channel, service, OpenConnections(countMax: 1), Turns(eventLoop: channel.eventLoop),
    HTTPEndpoint.Limits())
  try channel.connect(to: SocketAddress(unixDomainSocketPath: "/fuzz")).wait()
  var bytes = InputBytes(input)
  var replyByteCount = 0
  while !bytes.isEmpty, channel.isActive {
    let piece = bytes.take(1 + Int(bytes.byte()))
    try channel.writeInbound(channel.allocator.buffer(bytes: piece))
    // A piece has 16 requests at most, each of which waits a millisecond.
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(16))
    while let reply = try channel.readOutbound(as: ByteBuffer.self) {
      replyByteCount += reply.readableBytes
    }
  }
  if channel.isActive {
    channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    channel.embeddedEventLoop.advanceTime(by: .seconds(61))
  }
  _ = try? channel.finish(acceptAlreadyClosed: true)
  // The shortest request is 16 bytes, and no reply is longer than 512.
  require(replyByteCount <= 512 * (1 + input.count / 16), "replies in proportion")
}
