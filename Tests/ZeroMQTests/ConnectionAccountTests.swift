internal import Testing
internal import ZeroMQ

/// The account from any sequence of what a monitor may tell.
@Suite struct ConnectionAccountTests {
  /// Plays a random life of many connections, with and without words, against the truth.
  @Test(arguments: 0..<50) func agreesWithTheTruth(seed: UInt64) {
    var random = Sequence64(seed)
    var account = ConnectionAccount(handshakeTimeoutMs: 1_000)
    var shaking: [Int] = []
    var established: [Int] = []
    var silent = 0
    var counted = 0
    var nowMs: Int64 = 0
    var nextDescriptor = 3
    for _ in 0..<2_000 {
      nowMs += 1
      switch random.next() % 5 {
      case 0, 1:
        account.accept(nextDescriptor, nowMs: nowMs)
        shaking.append(nextDescriptor)
        nextDescriptor += 1
      case 2 where !shaking.isEmpty:
        established.append(shaking.removeFirst())
        account.succeed(isIncoming: true)
      case 3 where !shaking.isEmpty:
        let descriptor = shaking.removeFirst()
        if random.next() % 2 == 0 { account.fail(isIncoming: true) } else { silent += 1 }
        account.disconnect(descriptor)
      case 4 where !established.isEmpty:
        account.disconnect(established.removeFirst())
      default: break
      }
      counted += account.takeSilentFailures(nowMs: nowMs).incoming
      #expect(account.open == shaking.count + established.count)
      #expect(account.established <= established.count)
      #expect(counted <= silent)
    }
    // When no handshake can still be open, nothing is uncertain.
    for _ in shaking { account.succeed(isIncoming: true) }
    established += shaking
    nowMs += 3_000
    counted += account.takeSilentFailures(nowMs: nowMs).incoming
    #expect(counted == silent)
    #expect(account.established == established.count)
    #expect(account.taken(nowMs: nowMs) == established.count)
  }

  @Test func nobodyIsThereAfterTheListener() {
    var account = ConnectionAccount(handshakeTimeoutMs: 1_000)
    account.accept(3, nowMs: 0)
    account.succeed(isIncoming: true)
    account.accept(4, nowMs: 0)
    account.admit(nowMs: 1)
    account.connect(5, nowMs: 1)
    account.succeed(isIncoming: false)
    account.endIncoming()
    #expect(account.taken(nowMs: 2) == 0)
    #expect(account.established == 1 && account.open == 1 && account.shakingHands == 0)
    // An event of before that comes late changes nothing, and a new peer counts once.
    account.disconnect(3)
    account.accept(3, nowMs: 3)
    account.admit(nowMs: 3)
    #expect(account.taken(nowMs: 3) == 1)
    account.succeed(isIncoming: true)
    #expect(account.taken(nowMs: 4) == 1 && account.established == 2)
    #expect(account.takeSilentFailures(nowMs: 5_000).incoming == 0)
  }

  @Test func whoWasLetInCountsBeforeItsHandshakeIsOver() {
    var account = ConnectionAccount(handshakeTimeoutMs: 1_000)
    account.accept(3, nowMs: 0)
    account.admit(nowMs: 1)
    #expect(account.taken(nowMs: 1) == 1)
    account.succeed(isIncoming: true)
    #expect(account.taken(nowMs: 2) == 1)
    account.accept(4, nowMs: 3)
    account.admit(nowMs: 3)
    // It never came further: its place is free again.
    account.fail(isIncoming: true)
    account.disconnect(4)
    #expect(account.taken(nowMs: 10_000) == 1)
  }

  /// A server that turns us away is never taken for one that we are connected to.
  @Test func connectionsThatWeMakeCountWhenTheirHandshakeIsOver() {
    var account = ConnectionAccount(handshakeTimeoutMs: 1_000)
    account.connect(5, nowMs: 0)
    #expect((account.open, account.established) == (1, 0))
    account.fail(isIncoming: false)
    #expect(account.established == 0)
    account.disconnect(5)
    account.connect(5, nowMs: 10)
    account.succeed(isIncoming: false)
    #expect((account.open, account.established) == (1, 1))
    #expect(account.taken(nowMs: 10) == 0, "the limit is for those who come")
    // Told from the other one for certain, since that is too old to shake hands.
    account.connect(6, nowMs: 10_000)
    account.disconnect(6)
    let silent = account.takeSilentFailures(nowMs: 10_001)
    #expect(silent == (incoming: 0, outgoing: 1))
    #expect(account.established == 1)
  }

  /// Who is let in and leaves before the handshake is over gives its place back at once.
  @Test func whoGreetsAndLeavesTakesNoPlace() {
    var account = ConnectionAccount(handshakeTimeoutMs: 60_000)
    account.accept(3, nowMs: 0)
    account.admit(nowMs: 0)
    account.succeed(isIncoming: true)
    for number in 0..<100 {
      account.accept(4, nowMs: Int64(number))
      account.admit(nowMs: Int64(number))
      #expect(account.taken(nowMs: Int64(number)) == 2)
      account.fail(isIncoming: true)
      account.disconnect(4)
      #expect(account.taken(nowMs: Int64(number)) == 1)
    }
  }

  /// Its type was wrong, and the library closed the connection before the question was answered.
  @Test func whoHasGoneWhenItIsAdmittedTakesNoPlaceButHasGreeted() {
    var account = ConnectionAccount(handshakeTimeoutMs: 1_000)
    account.accept(3, nowMs: 0)
    account.admitLate(nowMs: 1)
    #expect(account.taken(nowMs: 1) == 0)
    account.disconnect(3)
    #expect(account.takeSilentFailures(nowMs: 2).incoming == 1)
    #expect(account.takeAdmissions(upTo: 1) == 1)
    #expect(account.takeAdmissions(upTo: 1) == 0)
    // One that left by itself leaves nothing behind for the next.
    account.accept(3, nowMs: 3)
    account.admitLate(nowMs: 4)
    account.fail(isIncoming: true)
    account.disconnect(3)
    #expect(account.takeAdmissions(upTo: 1) == 0)
  }

  @Test func anAdmissionIsYoungForHalfAHandshake() {
    var account = ConnectionAccount(handshakeTimeoutMs: 1_000)
    #expect(!account.hasAdmittedLately(nowMs: 0))
    account.accept(3, nowMs: 0)
    account.admit(nowMs: 10)
    #expect(account.hasAdmittedLately(nowMs: 10 + 499))
    #expect(!account.hasAdmittedLately(nowMs: 10 + 500))
    account.succeed(isIncoming: true)
    #expect(!account.hasAdmittedLately(nowMs: 11))
  }

  @Test func aDescriptorThatComesAgainIsOneConnection() {
    var account = ConnectionAccount(handshakeTimeoutMs: 1_000)
    for _ in 0..<3 {
      account.accept(3, nowMs: 0)
      account.succeed(isIncoming: true)
    }
    #expect(account.open == 1)
    #expect(account.established == 1)
  }
}

/// A small generator with a seed.
private struct Sequence64: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &+ 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
