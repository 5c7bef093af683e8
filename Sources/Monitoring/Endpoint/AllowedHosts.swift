internal import Glibc

/// The names that a request may call this endpoint by, in its `Host` header.
///
/// A foreign page may lead a browser here through a name of its own (DNS rebinding). The browser
/// then sends that name. Only configured names are therefore answered. Ports are not compared,
/// since forwarding changes them.
struct AllowedHosts: Equatable {
  private var names: Set<String> = []
  /// Whether the endpoint listens at all addresses of the machine. Then any numeric address is
  /// accepted.
  private var takesAnyAddress = false

  /// - Parameters:
  ///   - host: the address that is listened at, without brackets.
  ///   - extra: further names and addresses.
  ///   - machine: this machine's own name; it counts where more than loopback is listened at.
  init(host: String, extra: [String], machine: String = machineName()) {
    let host = host.lowercased()
    names = Set(extra.map(Self.bare))
    names.remove("")
    names.insert(host)
    names.formUnion(["localhost", "127.0.0.1", "::1"])
    if ["0.0.0.0", "::", "*"].contains(host) { takesAnyAddress = true }
    if host == "localhost" || host == "::1" || host.hasPrefix("127.") { return }
    let machine = machine.lowercased()
    if !machine.isEmpty {
      names.insert(machine)
      names.insert(String(machine.prefix { $0 != "." }))
    }
  }

  /// Whether a request with these `Host` headers is for us. HTTP/1.0 needs none.
  func admits(_ headers: [String], isHTTP10: Bool) -> Bool {
    guard let first = headers.first else { return isHTTP10 }
    guard headers.count == 1 else { return false }
    let name = Self.bare(first)
    if names.contains(name) { return true }
    return takesAnyAddress && isNumericAddress(name)
  }

  /// Host without port, brackets and the dot that ends a full name, in small letters. Empty, which is no
  /// host's name, where anything but a port follows.
  private static func bare(_ text: String) -> String {
    var name = Substring(text.lowercased())
    var rest = Substring()
    if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
      rest = name[name.index(after: end)...]
      name = name[name.index(after: name.startIndex)..<end]
      guard name.contains(":") else { return "" }
    } else if name.count(where: { $0 == ":" }) == 1, let colon = name.firstIndex(of: ":") {
      rest = name[colon...]
      name = name[..<colon]
    }
    let isPort = rest.first == ":" && rest.dropFirst().allSatisfy { ("0"..."9").contains($0) }
    guard rest.isEmpty || isPort else { return "" }
    if name.hasSuffix(".") { name = name.dropLast() }
    return String(name)
  }
}

private func isNumericAddress(_ text: String) -> Bool {
  var four = in_addr()
  var six = in6_addr()
  return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
}

/// What `hostname` prints; empty where it cannot be told.
func machineName() -> String {
  var buffer = [CChar](repeating: 0, count: 256)
  guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
  return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
