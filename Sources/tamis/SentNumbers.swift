internal import CommandFrame
internal import EventRecords
internal import NumberText
internal import RunFiles

/// The sequence numbers of recordings that are sent one after another: whether two of them give two
/// records one number.
///
/// It goes by the daemon's rule. A number that a run and source had before is refused as repeated; a begin
/// of run behind an end of run begins another take of the run, with a count of its own.
struct SentNumbers {
  private struct Stream: Hashable {
    let run: UInt32
    let source: UInt32
  }

  private struct Take {
    /// The numbers of earlier recordings, ascending and apart.
    var earlier: [ClosedRange<UInt64>] = []
    /// Those of this recording, as they come.
    var own: [ClosedRange<UInt64>] = []
    /// The recording that had one of `earlier`, or has ended the run.
    var file = ""
    /// The recording with the run's last end, and its place among all: one may be given twice.
    var end: (recording: Int, file: String)?
    var takeCount = 1

    mutating func add(_ sequence: UInt64) {
      if let last = own.last, last.upperBound < sequence, sequence - last.upperBound == 1 {
        own[own.count - 1] = last.lowerBound...sequence
      } else {
        own.append(sequence...sequence)
      }
    }

    mutating func endRecording(_ path: String) {
      guard !own.isEmpty else { return }
      var joined: [ClosedRange<UInt64>] = []
      for range in (earlier + own).sorted(by: { $0.lowerBound < $1.lowerBound }) {
        if let last = joined.last,
          range.lowerBound <= last.upperBound
            || range.lowerBound - last.upperBound == 1
        {
          joined[joined.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
        } else {
          joined.append(range)
        }
      }
      (earlier, own, file) = (joined, [], path)
    }

    /// Whether an earlier recording has the number. O(log n).
    func hadBefore(_ sequence: UInt64) -> Bool {
      let place = earlier.indices.partitionPoint { earlier[$0].upperBound < sequence }
      return place < earlier.count && earlier[place].contains(sequence)
    }
  }

  private var takes: [Stream: Take] = [:]
  /// Recordings that have been noted whole.
  private var recordingCount = 0

  /// Notes a record of the recording `path`.
  /// - Throws: `NegativeAnswer` where an earlier recording has its number.
  mutating func note(
    run: UInt32, source: UInt32, sequence: UInt64, kind: RecordKind, of path: String
  ) throws(NegativeAnswer) {
    let stream = Stream(run: run, source: source)
    var take = takes.removeValue(forKey: stream) ?? Take()
    defer { takes[stream] = take }
    if let end = take.end, kind == .beginOfRun {
      take = Take(takeCount: take.takeCount + (end.recording == recordingCount ? 0 : 1))
    } else if let end = take.end, end.recording != recordingCount {
      throw NegativeAnswer(
        description:
          "\(path): found a record of run \(run), source \(source), which \(end.file) has ended: it would be "
          + "refused as run_ended; " + Self.advice)
    } else if take.hadBefore(sequence) {
      throw NegativeAnswer(
        description:
          "\(path): found run \(run), source \(source), sequence \(sequence), as in \(take.file)"
          + (path == take.file ? ", which is given twice and has no end of run: " : ": ")
          + "of two records with one sequence the second would be refused as repeated; "
          + (path == take.file ? "give it once, or " : "") + Self.advice)
    }
    if kind == .endOfRun { take.end = (recordingCount, path) }
    take.add(sequence)
  }

  private static let advice =
    "replay them one by one, each with a run or source number of its own (--as-run, --as-source)"

  /// The recording `path` has been noted.
  mutating func endRecording(_ path: String) {
    for stream in takes.keys { takes[stream]?.endRecording(path) }
    recordingCount += 1
  }

  /// A line for each run and source that recordings send whole more than once.
  var notes: [String] {
    takes.filter { $0.value.takeCount > 1 }
      .sorted { ($0.key.run, $0.key.source) < ($1.key.run, $1.key.source) }
      .map { stream, take in
        "run \(stream.run), source \(stream.source) is sent \(countText(take.takeCount, "time")): a daemon "
          + "counts each as another take of the run, with the same sequences; to have runs of their own, "
          + Self.advice + ", or send one recording with --loop"
      }
  }
}
