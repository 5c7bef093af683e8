internal import Glibc

/// The address of a notification socket: unix(7), by path or abstract.
struct NotifyAddress: Sendable {
  /// Bytes of the longest name: a path needs its terminating zero within `sun_path`.
  static let nameByteCountMax = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

  private let address: sockaddr_un
  private let length: socklen_t

  /// nil where `name` is neither an absolute path nor `@` with a name, or too long.
  init?(_ name: String) {
    let bytes = Array(name.utf8)
    guard bytes.count > 1, bytes.count <= Self.nameByteCountMax, !bytes.contains(0),
      let first = bytes.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@")
    else { return nil }
    let isAbstract = first == UInt8(ascii: "@")
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) {
      $0.copyBytes(from: bytes)
      // An abstract name begins with a zero byte in the place of the @.
      if isAbstract { $0[0] = 0 }
    }
    self.address = address
    // The length of an abstract name counts its bytes alone: a trailing zero would be part of it.
    length = socklen_t(
      MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1))
  }

  /// Lends the address as the socket calls take it.
  func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }
}
