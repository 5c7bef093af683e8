package import EventRecords

/// What one look at the input brought.
package enum InputReception {
  /// The records part, valid until the next call.
  case message(UnsafeRawBufferPointer)
  /// A message that is refused whole.
  case refused(RecordRefusal)
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
  /// Takes note of receivers that came and went. Cheap when there are none.
  func serviceSubscriptions()
  /// Sends `[topic, record]`; false where the output cannot take it now.
  func send(_ record: UnsafeRawBufferPointer, topic: OutputTopic) -> Bool
}
