internal import CurveSecurity
internal import DaemonConfiguration
internal import Glibc

/// Files that people write.
let textTargets = [
  FuzzTarget(name: "configuration", body: readConfiguration),
  FuzzTarget(name: "keys", body: readKeys),
]

private func readConfiguration(_ input: UnsafeRawBufferPointer) throws {
  let path = try ScratchFolder.shared.write("tamisd.yaml", input)
  _ = try DaemonConfiguration.load(path)
}

private func readKeys(_ input: UnsafeRawBufferPointer) throws {
  let file = KeyFile(try ScratchFolder.shared.write("keys", input))
  _ = try? file.readClients()
  _ = try? file.readServers()
  _ = try file.readKeyPair()
}
