internal import ArgumentParser
internal import CLinux
internal import DurableFiles
internal import Glibc

/// The time of making that a file states: now, or the time that SOURCE_DATE_EPOCH gives in seconds
/// since the Unix epoch, so that the same inputs can give the same bytes
/// (https://reproducible-builds.org/specs/source-date-epoch/).
func creationTime() throws -> String {
  guard let value = getenv("SOURCE_DATE_EPOCH") else { return utcText(tamis_realtime_ns()) }
  let text = String(cString: value)
  // Nanoseconds are 64-bit numbers: they end in the year 2554.
  guard let seconds = UInt64(text), seconds <= UInt64.max / 1_000_000_000 else {
    throw ValidationError(
      "the environment's SOURCE_DATE_EPOCH is '\(text)', expected whole seconds since 1970, at most "
        + "\(UInt64.max / 1_000_000_000); correct or unset it")
  }
  return utcText(seconds * 1_000_000_000)
}
