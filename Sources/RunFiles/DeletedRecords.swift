internal import DurableFiles

/// The file `deleted` in a journal's folder: the records that retention has deleted over the
/// journal's life. The file does not exist while nothing was deleted and no limit is set.
public struct DeletedRecords: Equatable, Sendable {
  static let fileName = "deleted"
  /// "TMSDELE1".
  static let magic: UInt64 = 0x3145_4C45_4453_4D54

  /// The highest number deleted; 0 while none was. Records up to this number may still be there,
  /// where somebody has put a segment back.
  public var number: UInt64 = 0
  /// Records deleted that had been published.
  public var published: UInt64 = 0
  /// Records deleted that had not been published. They are lost, as the configuration allows.
  public var unpublished: UInt64 = 0
  /// The highest number of a deleted segment file. It is not used again.
  var segmentIndex: UInt64 = 0
  /// The fault of a file that could not be read; its counts then begin again.
  public var note: String?

  /// Nothing was deleted.
  init() {}

  /// Reads the file of the journal in `folder`. Where there is none, nothing was deleted.
  /// - Throws: `SystemCallError`.
  public init(inFolder folder: String) throws { try self.init(in: DiskFolder(folder)) }

  init(_ name: String = fileName, in store: any FolderStore) throws(SystemCallError) {
    var isDamaged = false
    switch try DurableWords.read(name, in: store, magic: Self.magic) {
    case .missing: break
    case .words(let words): isDamaged = !take(words)
    case .other(let bytes)
    where bytes.count == 32 && !DurableWords.isMarked(bytes, magic: Self.magic):
      // The form before 2026-11: only the four numbers.
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
        "\(store.path(of: name)): not what was deleted from the journal; the counts of deleted records "
        + "begin again"
    }
  }

  /// Takes the numbers if they are consistent; returns whether they are.
  private mutating func take(_ words: DurableWords.Words) -> Bool {
    guard words[0] < NumberReservation.numberMax, words[1] <= words[0],
      words[2] <= words[0] - words[1], words[3] <= UInt64(SegmentName.indexMax)
    else { return false }
    (number, published, unpublished, segmentIndex) = (words[0], words[1], words[2], words[3])
    return true
  }

  /// Writes the file in place, durably. Its size never changes, so that it can be written on a full
  /// disk.
  func write(in store: any FolderStore) throws(SystemCallError) {
    var words = DurableWords.Words(repeating: 0)
    (words[0], words[1], words[2], words[3]) = (number, published, unpublished, segmentIndex)
    let file = try DurableWords(Self.fileName, in: store, magic: Self.magic, initial: words)
    try file.write(words)
    try file.synchronise()
  }
}
