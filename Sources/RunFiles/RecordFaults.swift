internal import DurableFiles
internal import EventRecords
internal import NumberText

/// The fault of record `index` (from 0) of a segment that is not a good one.
func recordFault(
  file: String, index: Int, byteOffset: Int, refusal: RecordRejection, base: UnsafeRawPointer,
  kind: RunKind, featureCount: Int
) -> FileFault {
  let event = kind.event(at: base, featureCount: featureCount)
  let found: String
  let expected: String
  switch refusal {
  case .magic:
    found = "bytes that do not begin as a record does"
    expected = kind == .events ? "\"TMSE\"" : "\"TMSF\" and, behind the attributions, \"TMSE\""
  case .version:
    found = "version \(event.version)"
    expected = "version \(EventRecord.version)"
  case .featureCount:
    found = counted(event.featureCount, "feature")
    expected = "\(featureCount), as the run has them"
  case .kind:
    found = "kind \(event.kindByte)"
    expected = "1 (event) to 4 (heartbeat)"
  case .schema:
    found = "schema \(schemaDescription(event.schema))"
    expected = "one schema in all records"
  default:
    found = "a wrong checksum (\(refusal.rawValue))"
    expected = "the CRC-32C of the record's bytes"
  }
  return FileFault(
    file: file, place: "record \(index), byte \(byteOffset)", found: found, expected: expected,
    remedy: "`tamis inspect` lists what is wrong in the run")
}
