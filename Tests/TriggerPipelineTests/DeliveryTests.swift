internal import Testing
internal import TriggerPipeline

/// What is believed of subscribers, and how far records have certainly gone.
@Suite struct DeliveryTests {
  private func note(
    _ subscriptions: inout TopicSubscriptions, _ change: UInt8, _ topic: String, peer: Bool = true
  ) -> Bool {
    ([change] + Array(topic.utf8)).withUnsafeBytes {
      subscriptions.note($0, isFromPeer: peer)
    }
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
    for topic in ["hello", "flaggedx", "x", "unbiased."] {
      #expect(!note(&subscriptions, 1, topic))
    }
    #expect(subscriptions.count == 0)
    for topic in ["unbiased", "unf", "un"] { #expect(!note(&subscriptions, 1, topic)) }
    #expect(subscriptions.count == 3 && !subscriptions.hasFlagged)
    #expect(!note(&subscriptions, 1, "fl") && !note(&subscriptions, 1, ""))
    #expect(subscriptions.count == 5 && subscriptions.hasFlagged)
  }

  @Test func theLastOneThatTheLibraryTakesBackIsADeparture() {
    var subscriptions = TopicSubscriptions()
    _ = note(&subscriptions, 1, "flagged")
    _ = note(&subscriptions, 1, "flagged")
    _ = note(&subscriptions, 1, "")
    #expect(!note(&subscriptions, 0, "", peer: false))
    #expect(!note(&subscriptions, 0, "never", peer: false))
    #expect(note(&subscriptions, 0, "flagged", peer: false))
    #expect(!note(&subscriptions, 0, "flagged", peer: false))
    #expect(subscriptions.count == 0)
  }

  @Test func whatPeersTakeBackIsADoubt() {
    var subscriptions = TopicSubscriptions()
    _ = note(&subscriptions, 1, "flagged")
    #expect(!note(&subscriptions, 0, "unbiased") && !subscriptions.isDoubtful)
    #expect(!note(&subscriptions, 0, "flagged") && subscriptions.isDoubtful)
    #expect(subscriptions.hasFlagged)
    subscriptions.noteFlaggedTaken()
    #expect(!subscriptions.isDoubtful)
    _ = note(&subscriptions, 0, "")
    subscriptions.noteNobodyWantsFlagged()
    #expect(!subscriptions.isDoubtful && !subscriptions.hasFlagged)
  }

  @Test func foreignMessagesMeanNothing() {
    var subscriptions = TopicSubscriptions()
    for first in UInt8(2)...255 {
      #expect(!note(&subscriptions, first, "flagged"))
      #expect(!note(&subscriptions, first, "flagged", peer: false))
    }
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    let isDeparture = subscriptions.note(empty, isFromPeer: true)
    #expect(!isDeparture)
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
