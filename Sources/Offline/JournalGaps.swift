internal import BoundedNumbers
internal import RunFiles
internal import TriggerPipeline

/// The gaps of a journal's numbers, divided into lost records and numbers that a process may have left
/// out.
///
/// A process that starts after a kill leaves out the numbers and names that the one before had reserved.
/// Each process states its first number in `decisions.jsonl`: a gap before any other number is of
/// records that were there, and so is one within a segment. A gap before one of these numbers may be both.
struct JournalGaps {
  /// Indices of records before which others are missing.
  private(set) var certain: Set<Int> = []
  /// Indices of records before which others may be missing.
  private(set) var doubtful: Set<Int> = []
  private var gaps: [(gap: NumberGap, isCertain: Bool)] = []

  init(_ flagged: RecordedRun, history: DecisionHistory?) {
    guard !flagged.gaps.isEmpty else { return }
    // Without a history, or with one that is damaged, a process may have begun anywhere.
    let starts = history.flatMap { history in
      history.notes.isEmpty && !history.changes.isEmpty
        ? Set(history.changes.map(\.number)) : nil
    }
    for gap in flagged.gaps {
      let isDoubtful = gap.nextNumber.map { starts?.contains($0) ?? true } ?? false
      gaps.append((gap, !isDoubtful))
      if isDoubtful { doubtful.insert(gap.index) } else { certain.insert(gap.index) }
    }
  }

  /// The count of missing numbers, of the doubtful gaps those in `lost`.
  func missingCount(lost: Set<Int>) -> UInt64 {
    gaps.map { $1 || lost.contains($0.index) ? $0.count : 0 }.saturatingSum
  }

  /// The missing numbers in words, of the doubtful gaps those in `lost`.
  func missing(lost: Set<Int>) -> [String] {
    gaps.compactMap { gap, isCertain in
      if isCertain { return gap.description }
      guard lost.contains(gap.index) else { return nil }
      return gap.description + "; a start after an end that was not orderly left out some of these"
    }
  }
}
