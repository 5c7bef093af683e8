internal import DaemonConfiguration
internal import Testing

@Suite struct SecurityTests {
  private static let cases: [BadFile] = [
    .adding(
      "security: {key_pair: k}\n",
      "5:1: security.clients: found nothing, "
        + "expected the file of the keys that may connect, since a socket binds",
      "5:1: security.servers: found nothing, "
        + "expected the file of the servers' public keys, since a socket connects"),
    .adding(
      "security: {clients: c}\n",
      "5:21: security.clients: found a file of keys but no `key_pair`, expected keys for both "
        + "ends; make a key pair with `tamis keygen` and name it in security.key_pair"),
    .adding(
      "security: {key_pair: \"credential:a/b\", clients: c, servers: s}\n",
      "5:22: security.key_pair: found `credential:a/b`, expected credential:NAME; "
        + "NAME is what stands before the colon in LoadCredential=NAME:PATH"),
    .adding(
      "security: {connections_max: 0}\n",
      "5:29: security.connections_max: found 0, expected a whole number from 1 to 10000"),
    .adding(
      "security: {handshake_timeout_ms: 99}\n",
      "5:34: security.handshake_timeout_ms: found 99, "
        + "expected a whole number from 100 to 60000"),
    .adding(
      "security: {secret: abc}\n",
      "5:12: security: found the unknown key `secret`, "
        + "expected \(sectionKeys("security"))"),
  ]

  @Test(arguments: cases) func badSecurity(_ file: BadFile) { file.expectMessages() }

  @Test func pathsFollowTheFileAndCredentialsDoNot() throws {
    let text = """
      model: m
      calibration: c
      input: {bind: ["tcp://*:1"]}
      output: {bind: ["tcp://*:2"]}
      security: {key_pair: "credential:k", clients: clients}
      """
    let read = try DaemonConfiguration(yaml: text, file: "/etc/tamis/tamisd.yaml")
    #expect(read.security.keyPair == "credential:k")
    #expect(read.security.clients == "/etc/tamis/clients")
    #expect(read.security.servers == nil)
  }
}
