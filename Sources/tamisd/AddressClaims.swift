internal import DurableFiles
internal import Glibc
internal import ZeroMQ

/// The addresses that one configuration binds, each tried as it is named: it must be free, and none
/// of those before it.
struct AddressClaims {
  private struct Port {
    /// As the configuration names it.
    var name: String
    var address: SocketAddress
    var number: UInt16
  }

  private var ports: [Port] = []
  /// By the path of the folder, links resolved, and the name in it.
  private var paths: [String: String] = [:]

  /// Why a ZeroMQ socket cannot bind `address`; nil where it can.
  mutating func faultOfBinding(_ address: String) -> String? {
    let fault =
      if address.hasPrefix("tcp://") {
        fault(ofPort: String(address.dropFirst("tcp://".count)), named: address, .interfaces)
      } else if address.hasPrefix("ipc://") {
        fault(ofPath: String(address.dropFirst("ipc://".count)), named: address)
      } else {
        nil as String?
      }
    return fault.map { "cannot bind \(address): \($0)" }
  }

  /// Why a server cannot listen at `HOST:PORT`; nil where it can.
  mutating func faultOfListening(at hostPort: String) -> String? {
    fault(ofPort: hostPort, named: hostPort, .names).map { "cannot listen at \(hostPort): \($0)" }
  }

  private mutating func fault(
    ofPort hostPort: String, named name: String, _ hosts: PortProbe.Hosts
  ) -> String? {
    switch PortProbe.look(at: hostPort, hosts) {
    case .failure(let refusal): return refusal.description
    case .success(let found):
      // Any port that is free is another one each time.
      if found.port == 0 { return nil }
      if let other = ports.first(where: {
        $0.number == found.port && $0.address.takesPort(of: found.address)
      }) {
        return
          "\(other.name) of this configuration takes the same port; give each a port of its own"
      }
      ports.append(Port(name: name, address: found.address, number: found.port))
      return nil
    }
  }

  private mutating func fault(ofPath path: String, named name: String) -> String? {
    if path == "*" { return nil }
    var place = path
    if !path.hasPrefix("@") {
      let folder = folder(of: path)
      if access(folder, W_OK | X_OK) != 0 {
        return "cannot write in the folder \(folder): \(String(cString: strerror(errno)))"
      }
      if let resolved = realpath(folder, nil) {
        place = "\(String(cString: resolved))/\(lastComponent(path))"
        free(resolved)
      }
    }
    if let other = paths[place] {
      return "\(other) of this configuration is the same; give each a path of its own"
    }
    paths[place] = name
    return refusal(ofPathIn: name)?.explanation
  }
}
