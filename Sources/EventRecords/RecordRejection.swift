/// Why a record, or bytes in its place, were not taken. The raw value is the `reason` label of the
/// counters. The file `ledger.open` has its counts in this order: a new reason goes to the end.
public enum RecordRejection: String, CaseIterable, Sendable, Error {
  /// A tail shorter than a record.
  case truncated
  /// A message above the size limit. One above twice the limit is never seen: its connection is
  /// closed.
  case oversized
  /// The bytes do not begin as a record does.
  case magic
  /// A version of the format that is not known.
  case version
  /// A kind that is none of the four.
  case kind
  /// Another number of features than the model's.
  case featureCount = "feature_count"
  /// Features of other names, or in another order, than the model's.
  case schema
  /// The checksum is not that of the bytes.
  case checksum = "crc"
  /// A NaN or infinite feature: the event cannot be scored, and is kept for study.
  case notFinite = "not_finite"
  /// A record of a run that its sender has ended.
  case runEnded = "run_ended"
  /// A sequence that was seen before.
  case repeated
  /// A message of zero length.
  case emptyMessage = "empty_message"
  /// More parts than a topic and the records.
  case multipart
  /// More sources or open runs at a time than there are places for.
  case sourceLimit = "source_limit"
}
