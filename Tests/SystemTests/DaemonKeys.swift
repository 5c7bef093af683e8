import Foundation
import TestSupport

/// Keys of a daemon and of its peers, made by `tamis keygen`.
struct DaemonKeys {
  let folder: TemporaryFolder

  /// Makes the daemon's pair, one of a friend who is on its list of clients, and one of a stranger.
  init() throws {
    folder = TemporaryFolder()
    for name in ["tamisd", "friend", "stranger"] {
      try Programs.tamis("keygen", "--out", folder("\(name).key"), "--name", name).expectExit()
    }
    _ = try folder.write(
      "# who may connect\n" + folder.read("friend.key.public"), to: "clients")
  }

  /// The lines of the daemon's section `security`.
  var security: [String] {
    ["key_pair: \(folder("tamisd.key"))", "clients: \(folder("clients"))"]
  }

  /// A peer's options: the pair of `name`, and the server's key in the public file of `server`.
  func options(_ name: String, server: String = "tamisd") -> [String] {
    [
      "--curve-key", folder("\(name).key"), "--curve-server-key", folder("\(server).key.public"),
    ]
  }

  func publicKey(_ name: String) throws -> String {
    String(try folder.read("\(name).key.public").prefix(40))
  }
}
