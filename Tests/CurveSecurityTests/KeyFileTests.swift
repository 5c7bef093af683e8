internal import CurveSecurity
internal import Glibc
internal import TestSupport
internal import Testing
internal import ZeroMQ

@Suite struct KeyFileTests {
  private let folder = TemporaryFolder()

  private func file(_ text: String, mode: mode_t = 0o600) throws -> KeyFile {
    KeyFile(try folder.write(text, mode: mode))
  }

  @Test func aWrittenPairReadsBack() throws {
    let pair = try CurveKeyPair.generate()
    let path = folder("pair.key")
    try writeKeyPair(pair, to: path, name: "Alice, event display", replacing: false)
    #expect(folder.mode(of: path) == 0o600)
    #expect(try KeyFile(path).readKeyPair() == pair)
    #expect(
      try KeyFile("\(path).public").readClients() == [pair.publicKey: "Alice, event display"])
    #expect(try KeyFile("\(path).public").readServers()["tcp://a:1"] == pair.publicKey)
  }

  @Test func theSecretIsPrivateWhateverTheMask() throws {
    let old = umask(0)
    defer { umask(old) }
    let path = folder("open.key")
    // What lies where the file is written must not lend it its mode.
    let leftover = "\(path).writing-\(getpid())"
    close(open(leftover, O_CREAT | O_WRONLY, 0o666))
    try writeKeyPair(try CurveKeyPair.generate(), to: path, name: "x", replacing: false)
    #expect(folder.mode(of: path) == 0o600)
  }

  @Test func anExistingPairIsKept() throws {
    let path = folder("kept.key")
    let (first, second) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
    try writeKeyPair(first, to: path, name: "x", replacing: false)
    #expect(throws: (any Error).self) {
      try writeKeyPair(second, to: path, name: "x", replacing: false)
    }
    #expect(try KeyFile(path).readKeyPair() == first)
    try writeKeyPair(second, to: path, name: "x", replacing: true)
    #expect(try KeyFile(path).readKeyPair() == second)
  }

  /// The form of pyzmq's `zmq.auth.create_certificates`.
  @Test func aCertificateOfPyzmqIsRead() throws {
    let pair = try CurveKeyPair.generate()
    let text = """
      #   ****  Generated on 2026-01-01 00:00:00.000000 by pyzmq  ****
      #   ZeroMQ CURVE **Secret** Certificate
      #   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.

      metadata
      curve
          public-key = "\(pair.publicKey.text)"
          secret-key = "\(pair.secretKey.text)"

      """
    #expect(try file(text).readKeyPair() == pair)
  }

  @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o620, 0o602, 0o777] as [mode_t])
  func aSecretThatOthersMayUseIsRefused(mode: mode_t) throws {
    let file = try file("secret-key = \"x\"", mode: mode)
    let fault = "\(#expect(throws: (any Error).self) { try file.readKeyPair() } as Any)"
    #expect(fault.contains("mode 0\(String(mode, radix: 8))"))
    #expect(fault.contains("chmod 600"))
  }

  @Test func aCredentialMayShowItsMaskAsTheGroup() throws {
    let pair = try CurveKeyPair.generate()
    try writeKeyPair(pair, to: folder("tamisd.key"), name: "x", replacing: false)
    chmod(folder("tamisd.key"), 0o440)
    let credential = KeyFile("credential:tamisd.key", credentialsFolder: folder.path)
    #expect(try credential.readKeyPair() == pair)
    #expect(throws: (any Error).self) { try KeyFile(folder("tamisd.key")).readKeyPair() }
    chmod(folder("tamisd.key"), 0o444)
    #expect(throws: (any Error).self) { try credential.readKeyPair() }
  }

  @Test func aCredentialWithoutCredentialsSaysSo() {
    let fault = #expect(throws: (any Error).self) {
      try KeyFile("credential:tamisd.key").readKeyPair()
    }
    #expect("\(fault as Any)".contains("LoadCredential=tamisd.key"))
  }

  @Test func aPairThatIsNoneIsRefusedWithoutTheSecret() throws {
    let (one, other) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
    let secret = one.secretKey.text
    let bad = [
      "public-key = \"\(other.publicKey.text)\"\nsecret-key = \"\(secret)\"\n",
      "public-key = \"\(one.publicKey.text)\"\n",
      "secret-key = \"\(secret.dropLast())\"\n", "", "\(secret)\n", "secret-key\n",
    ]
    for text in bad {
      let file = try file(text)
      let fault = "\(#expect(throws: (any Error).self) { try file.readKeyPair() } as Any)"
      #expect(!fault.contains(secret.dropLast(5)), "\(text)")
    }
  }

  @Test func listsHaveCommentsNamesAndOneLineAKey() throws {
    let (one, other) = (
      try CurveKeyPair.generate().publicKey, try CurveKeyPair.generate().publicKey
    )
    let good = "# who may come\n\n  \(one.text)\tAlice # 2\r\n\(other.text)\n"
    #expect(try file(good).readClients() == [one: "Alice # 2", other: ""])
    #expect(try file("").readClients() == [:])
    let bad = [
      "\(one.text)\n\(one.text) again\n": "line 2", "Alice \(one.text)\n": "line 1",
      "\n\nsecret-key = \"\(one.text)\"\n": "line 3",
    ]
    for (text, place) in bad {
      let file = try file(text)
      let fault = "\(#expect(throws: (any Error).self) { try file.readClients() } as Any)"
      #expect(fault.contains(place))
    }
    let writable = try file(good, mode: 0o666)
    let fault = "\(#expect(throws: (any Error).self) { try writable.readClients() } as Any)"
    #expect(fault.contains("0666"))
  }

  @Test func serversHaveAddressesAndOneMayBeForAll() throws {
    let keys = try (0..<3).map { _ in try CurveKeyPair.generate().publicKey }
    let text = "\(keys[0].text)  tcp://a:1\n\(keys[1].text)  the others\n"
    let servers = try file(text).readServers()
    #expect(servers["tcp://a:1"] == keys[0])
    #expect(servers["tcp://b:1"] == keys[1])
    let two = try file(text + "\(keys[2].text)\n")
    #expect(throws: (any Error).self) { try two.readServers() }
    let same = try file(text + "\(keys[2].text)  tcp://a:1\n")
    #expect(throws: (any Error).self) { try same.readServers() }
    #expect(try file("\(keys[0].text)  tcp://a:1\n").readServers()["tcp://b:1"] == nil)
  }

  /// All that is wrong is said at once, and nothing of it holds a secret.
  @Test func allFaultsAreSaidAtOnce() throws {
    let pair = folder("wide.key")
    try writeKeyPair(try CurveKeyPair.generate(), to: pair, name: "x", replacing: false)
    chmod(pair, 0o644)
    let servers = try file("\(try CurveKeyPair.generate().publicKey.text)  tcp://a:1\n")
    let files = SecurityFiles(
      keyPair: KeyFile(pair), clients: try file("nonsense"), servers: servers,
      connects: ["tcp://a:1", "tcp://b:2"])
    let faults = #expect(throws: SecurityFaults.self) { try SocketSecurity(files) }?.faults ?? []
    #expect(faults.count == 3)
    #expect(faults.last?.contains("tcp://b:2") == true)
    #expect(throws: SecurityFaults.self) {
      try SocketSecurity(SecurityFiles(keyPair: KeyFile(folder("missing"))))
    }
  }

  @Test func arbitraryBytesNeverTrap() throws {
    var state: UInt64 = 42
    for _ in 0..<300 {
      var bytes: [UInt8] = Array("secret-key = ".utf8)
      for _ in 0..<64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes.append(UInt8(truncatingIfNeeded: state >> 33) % 128)
      }
      let file = try file(String(decoding: bytes, as: UTF8.self))
      _ = try? file.readKeyPair()
      _ = try? file.readClients()
      _ = try? file.readServers()
    }
  }
}
