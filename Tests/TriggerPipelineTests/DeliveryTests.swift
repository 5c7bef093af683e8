internal import Testing
internal import TriggerPipeline

/// What is believed of subscribers, and how far records have certainly gone.
@Suite struct DeliveryTests {
  private func note(
    _ subscriptions: inout TopicSubscriptions, _ change: UInt8, _ topic: String, peer: Bool = true
  ) -> TopicSubscriptions.Change {
    ([change] + Array(topic.utf8)).withUnsafeBytes {
      subscriptions.note($0, isFromPeer: peer)
    }
  }

  private func topic(_ workingPoints: UInt16) -> [UInt8] {
    var topic = PointTopic()
    topic.set(workingPoints)
    return topic.bytes
  }

  private func published(
    _ window: inout DeliveryWindow, held: UInt64?, look: UInt64, before: UInt64
  ) -> UInt64? {
    window.published(heldNumber: held, lookCount: look, before: before)
  }

  private func sent(_ window: inout DeliveryWindow, _ number: UInt64) -> Bool {
    window.noteSent(number)
  }

  private func departed(_ window: inout DeliveryWindow, _ count: UInt64) -> Bool {
    window.noteDepartures(count)
  }

  @Test func onlyPrefixesOfOurTopicsCount() {
    var subscriptions = TopicSubscriptions()
    let tooLong = "flagged/" + String(repeating: "0", count: 17)
    for topic in ["hello", "flaggedx", "x", "unbiased.", "flagged/2", "flagged//", tooLong] {
      #expect(note(&subscriptions, 1, topic) == .none)
    }
    #expect(subscriptions.count == 0 && !subscriptions.hasPoints)
    for topic in ["unbiased", "unf", "un"] { #expect(note(&subscriptions, 1, topic) == .none) }
    #expect(subscriptions.count == 3 && !subscriptions.hasFlagged)
    #expect(note(&subscriptions, 1, "fl") == .wholeCame && note(&subscriptions, 1, "") == .none)
    #expect(subscriptions.count == 5 && subscriptions.hasFlagged)
  }

  @Test func theLastOneThatTheLibraryTakesBackIsADeparture() {
    var subscriptions = TopicSubscriptions()
    _ = note(&subscriptions, 1, "flagged")
    _ = note(&subscriptions, 1, "flagged")
    _ = note(&subscriptions, 1, "")
    #expect(note(&subscriptions, 0, "", peer: false) == .none)
    #expect(note(&subscriptions, 0, "never", peer: false) == .none)
    #expect(note(&subscriptions, 0, "flagged", peer: false) == .lastWent)
    #expect(note(&subscriptions, 0, "flagged", peer: false) == .none)
    #expect(subscriptions.count == 0)
  }

  @Test func whatPeersTakeBackIsADoubt() {
    var subscriptions = TopicSubscriptions()
    _ = note(&subscriptions, 1, "flagged")
    #expect(note(&subscriptions, 0, "unbiased") == .none && !subscriptions.isDoubtful)
    #expect(note(&subscriptions, 0, "flagged") == .none && subscriptions.isDoubtful)
    #expect(subscriptions.hasFlagged && !subscriptions.isCertain)
    subscriptions.noteTaken(topic(1))
    #expect(!subscriptions.isDoubtful && subscriptions.isCertain)
    _ = note(&subscriptions, 0, "flagged")
    subscriptions.noteNobodyWants(topic(1))
    #expect(!subscriptions.isDoubtful && !subscriptions.hasFlagged)
  }

  /// A record of the other working point shows nothing about a subscription to this one.
  @Test func eachWorkingPointHasItsOwnSubscribers() {
    var subscriptions = TopicSubscriptions()
    #expect(note(&subscriptions, 1, "flagged/01") == .none && subscriptions.hasPoints)
    #expect(note(&subscriptions, 1, "flagged/11") == .none && subscriptions.count == 1)
    #expect(subscriptions.hasFlagged && !subscriptions.hasWhole)
    subscriptions.noteNobodyWants(topic(0b01))
    #expect(subscriptions.isCertain)
    #expect(note(&subscriptions, 0, "flagged/01") == .none)
    #expect(subscriptions.isDoubtful(about: topic(0b10)))
    #expect(!subscriptions.isDoubtful(about: topic(0b11)))
    subscriptions.noteNobodyWants(topic(0b10))
    #expect(!subscriptions.isDoubtful && subscriptions.isCertain)
    #expect(note(&subscriptions, 1, "flagged") == .wholeCame)
    #expect(note(&subscriptions, 0, "flagged", peer: false) == .wholeWent)
    #expect(note(&subscriptions, 0, "flagged/11", peer: false) == .lastWent)
    #expect(!subscriptions.hasPoints && !subscriptions.hasFlagged)
  }

  /// Of all masks, with every working point: a subscriber gets those with its bit, and no others.
  @Test func theBeginningsOfAWorkingPointMatchItsRecordsAlone() {
    for point in 0..<10 {
      let beginnings = (0..<1 << point).map { before in
        Array(topic(UInt16(before) | 1 << UInt16(point)).prefix(9 + point))
      }
      #expect(beginnings.allSatisfy(PointTopic.isBeginning))
      for mask in UInt16(0)..<2_048 {
        let name = topic(mask)
        let matches = beginnings.count { name.starts(with: $0) }
        #expect(matches == Int(mask >> UInt16(point) & 1))
      }
    }
    #expect(topic(.max).count == 24 && topic(0x8001) == Array("flagged/1000000000000001".utf8))
  }

  @Test func foreignMessagesMeanNothing() {
    var subscriptions = TopicSubscriptions()
    for first in UInt8(2)...255 {
      #expect(note(&subscriptions, first, "flagged") == .none)
      #expect(note(&subscriptions, first, "flagged", peer: false) == .none)
    }
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    let change = subscriptions.note(empty, isFromPeer: true)
    #expect(change == .none)
    #expect(subscriptions.count == 0)
  }

  @Test func publishedIsWhatIsHeldNoMoreAfterALook() {
    var window = DeliveryWindow(start: 0, published: 0, departureCount: 0)
    for number in UInt64(1)...10 { #expect(!sent(&window, number)) }
    #expect(published(&window, held: 4, look: 5, before: 0) == nil)
    #expect(published(&window, held: 4, look: 6, before: 0) == nil)
    #expect(published(&window, held: nil, look: 7, before: 0) == 3)
    #expect(published(&window, held: nil, look: 9, before: 3) == 10)
    #expect(published(&window, held: nil, look: 99, before: 10) == nil)
  }

  /// At once, after 10 s, then after twice as long each time up to ten minutes, and as at first after ten
  /// minutes of peace.
  @Test func repetitionsForOneThatComesAndGoesGrowRare() {
    var patience = RepeatPatience()
    var nowMs: UInt64 = 5
    for seconds: UInt64 in [0, 10, 20, 40, 80, 160, 320, 600, 10, 20] {
      nowMs += seconds * 1_000
      if seconds > 0 { #expect(!patience.isOver(nowMs: nowMs - 1)) }
      #expect(patience.isOver(nowMs: nowMs))
      patience.begin(nowMs: nowMs)
    }
    #expect(!patience.isOver(nowMs: 0) && patience.isOver(nowMs: .max))
    patience.begin(nowMs: .max)
    #expect(!patience.isOver(nowMs: .max))
  }

  @Test func aDepartureTakesBackWhatWasNotYetCertain() {
    var window = DeliveryWindow(start: 0, published: 0, departureCount: 7)
    for number in UInt64(1)...10 { _ = window.noteSent(number) }
    _ = window.published(heldNumber: nil, lookCount: 1, before: 0)
    #expect(!departed(&window, 7))
    #expect(departed(&window, 8))
    #expect(published(&window, held: 1, look: 50, before: 0) == nil)
    window.goBack(to: 2)
    #expect(window.sentNumber == 2)
    #expect(sent(&window, 3))
    for number in UInt64(4)...10 { #expect(sent(&window, number)) }
    #expect(!sent(&window, 11))
    #expect(window.highestNumber == 11)
  }

  @Test func extremesOfNumbersTrapNowhere() {
    var window = DeliveryWindow(start: .max, published: .max, departureCount: .max)
    #expect(sent(&window, .max))
    #expect(published(&window, held: 0, look: .max, before: 0) == nil)
    #expect(published(&window, held: .max, look: 0, before: .max) == nil)
    window.goBack(to: 0)
    #expect(departed(&window, 0))
  }
}
