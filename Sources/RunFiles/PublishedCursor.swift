internal import DurableFiles
internal import NumberText

/// The file `published` in a journal's folder: the number of the last flagged record that went out.
/// It survives the end of the process at once, and a power failure after `synchronise`. A power
/// failure before that leaves an earlier number.
final class PublishedCursor: Sendable {
  static let fileName = "published"
  /// "TMSPUBL1".
  static let magic: UInt64 = 0x314C_4255_5053_4D54

  private let words: DurableWords

  /// The content of a file.
  enum Stated: Equatable {
    case number(UInt64)
    /// The file cannot be read: what was found.
    case damaged(String)
  }

  /// The number in a journal that another process may be writing; nil where there is no such file.
  /// Journals of before 2026-11 have 8 bytes, the number alone.
  static func read(
    _ name: String = fileName, in store: any FolderStore
  ) throws(SystemCallError) -> Stated? {
    switch try DurableWords.read(name, in: store, magic: magic) {
    case .missing: return nil
    case .words(let words): return stated(words[0])
    case .other(let bytes) where bytes.count == 8 && !DurableWords.isMarked(bytes, magic: magic):
      return stated(bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) })
    case .other(let bytes): return .damaged("\(counted(bytes.count, "byte")) that are no number")
    }
  }

  private static func stated(_ number: UInt64) -> Stated {
    number < NumberReservation.numberMax ? .number(number) : .damaged("number \(number)")
  }

  /// Opens the file for a journal in which `number` was published last.
  init(in store: any FolderStore, number: UInt64) throws(SystemCallError) {
    var initial = DurableWords.Words(repeating: 0)
    initial[0] = number
    words = try DurableWords(Self.fileName, in: store, magic: Self.magic, initial: initial)
    if words.words[0] != number { try advance(to: number) }
  }

  func advance(to number: UInt64) throws(SystemCallError) {
    var next = DurableWords.Words(repeating: 0)
    next[0] = number
    try words.write(next)
  }

  func synchronise() throws(SystemCallError) { try words.synchronise() }
}
