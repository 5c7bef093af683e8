internal import DurableFiles

/// The file `deleted` in a journal's folder: what retention has taken out of it since its first
/// record. There is none while nothing was deleted and nothing may be.
public struct DeletedRecords: Equatable, Sendable {
  static let fileName = "deleted"
  /// "TMSDELE1".
  private static let magic: UInt64 = 0x3145_4C45_4453_4D54

  /// The highest number deleted; 0 while none was. Records at or below it may still be there, where
  /// somebody has put a segment back.
  public var number: UInt64 = 0
  /// Records deleted that had been published.
  public var published: UInt64 = 0
  /// Records deleted that had not: lost, because the configuration allows it.
  public var unpublished: UInt64 = 0
  /// The highest number of a segment file deleted: no later one has its name.
  var segmentIndex: UInt64 = 0
  /// What to say where the file makes no sense; its counts then begin again.
  public var note: String?

  /// Nothing was deleted.
  init() {}

  /// Reads what the journal in `folder` says; nothing where there is no such file.
  /// - Throws: `SystemCallError`.
  public init(inFolder folder: String) throws { try self.init(in: DiskFolder(folder)) }

  init(in store: any FolderStore) throws(SystemCallError) {
    var isDamaged = false
    switch try DurableWords.read(Self.fileName, in: store, magic: Self.magic) {
    case .missing: break
    case .words(let words): isDamaged = !take(words)
    case .other(let bytes) where bytes.count == 32:
      // Of before 2026-11: the four numbers alone.
      var words = DurableWords.Words(repeating: 0)
      for index in 0..<4 {
        words[index] = bytes[8 * index..<8 * index + 8].reversed().reduce(0) {
          $0 << 8 | UInt64($1)
        }
      }
      isDamaged = !take(words)
    case .other: isDamaged = true
    }
    if isDamaged {
      note =
        "\(store.path(of: Self.fileName)): not what was deleted from the journal; the counts of "
        + "deleted records begin again"
    }
  }

  /// Takes what makes sense; returns whether it does.
  private mutating func take(_ words: DurableWords.Words) -> Bool {
    guard words[0] < NumberReservation.numberMax, words[1] <= words[0],
      words[2] <= words[0] - words[1], words[3] <= UInt64(SegmentName.indexMax)
    else { return false }
    (number, published, unpublished, segmentIndex) = (words[0], words[1], words[2], words[3])
    return true
  }

  /// Writes the file in its place, durably. It is not made longer: what is there once can be
  /// written on a full disk.
  func write(in store: any FolderStore) throws(SystemCallError) {
    var words = DurableWords.Words(repeating: 0)
    (words[0], words[1], words[2], words[3]) = (number, published, unpublished, segmentIndex)
    let file = try DurableWords(Self.fileName, in: store, magic: Self.magic, initial: words)
    try file.write(words)
    try file.synchronise()
  }
}
