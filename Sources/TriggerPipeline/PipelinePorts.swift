package import EventRecords

/// The result of one look at the input.
package enum InputReception {
  /// The records part, valid until the next call.
  case message(UnsafeRawBufferPointer)
  /// A message that is refused whole.
  case refused(RecordRejection)
  /// Nothing has come.
  case nothing
}

/// Where messages come in. One thread owns it.
package protocol InputPort: AnyObject {
  /// Takes the next message, if one is there.
  func receive() -> InputReception
  /// Waits for a message for at most `timeoutMs`; returns whether one is there.
  func wait(timeoutMs: Int) -> Bool
}

/// The topic part of a message that goes out.
package enum OutputTopic: Sendable { case flagged, unbiased, unflagged }

/// Where flagged records go out. One thread owns it.
package protocol OutputPort: AnyObject {
  /// Whether a send may succeed now.
  var mayTakeMore: Bool { get }
  /// Receivers that have subscribed; 0 where the pattern knows none.
  var subscriberCount: Int { get }
  /// Whether anybody is there who may take records, now or when they have room.
  var hasReceiver: Bool { get }
  /// Receivers that share the records. A record that one of them still has to take may then be behind
  /// all numbers that the others have taken meanwhile.
  var sharingCount: Int { get }
  /// The lowest number of those sent that the port still holds; nil where it holds none.
  var heldNumber: UInt64? { get }
  /// Messages that the port still holds.
  var heldCount: Int { get }
  /// Changes when a receiver has gone. The records that it had not taken are lost with it and must be
  /// sent again.
  var departureCount: UInt64 { get }
  /// The number after which records may be lost with the receivers that have gone since the last call; 0
  /// where nothing is known.
  func takeGoneAfter() -> UInt64
  /// Looks at the receivers so far. A receiver that went before a look began is in `departureCount`
  /// after that look.
  var lookCount: UInt64 { get }
  /// Whether the port holds nothing, and the network has nothing left to send.
  var isDrained: Bool { get }
  /// Takes note of receivers that came and went. Cheap when there are none.
  func serviceSubscriptions()
  /// Sends `[topic, record]`; false where the output cannot take it now, or nobody wants it.
  /// `number` is the record's.
  func send(_ record: UnsafeRawBufferPointer, topic: OutputTopic, number: UInt64) -> Bool
  /// Forgets the messages that it holds with numbers above `number`: they are sent again, and all
  /// receivers may get them.
  func goBack(to number: UInt64)
}
