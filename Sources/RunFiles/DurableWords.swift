internal import DurableFiles
internal import EventRecords
internal import Glibc
internal import Synchronization

/// Five numbers in a small file that never grows: there are two copies, each with a checksum, and
/// the copy that is known to be on the disk is not overwritten. A power failure at any moment
/// leaves one copy whole, and a full disk harms neither.
///
/// One thread writes, any may synchronise.
final class DurableWords: Sendable {
  typealias Words = InlineArray<5, UInt64>

  /// The content of a file.
  enum Content {
    case missing
    case words(Words)
    /// Another form: that of an older version, or a damaged file.
    case other([UInt8])
  }

  static let byteCount = 1_024
  /// The checksum is behind all other bytes of a copy.
  private static let checksumOffset = 60
  private static let copyByteCount = 64
  /// The copies lie in different sectors of 512 bytes, which are written independently.
  private static let copyOffsets = [0, 512]

  private struct State {
    var words: Words
    var generation: UInt64
    /// The copy that `generation` is in.
    var copy: Int
    /// The generation that is known to be on the disk.
    var durable: UInt64
    var hasFailed = false
  }

  private let file: any StoredFile
  private let magic: UInt64
  private let state: Mutex<State>
  private let turn = Mutex(())

  /// Reads the file `name`.
  static func read(
    _ name: String, in store: any FolderStore, magic: UInt64
  ) throws(SystemCallError) -> Content {
    guard let bytes = try store.beginning(of: name, byteCountMax: byteCount) else {
      return .missing
    }
    guard let best = newest(of: bytes, magic: magic) else { return .other(bytes) }
    return .words(best.words)
  }

  /// Whether a copy in the file begins with `magic`, sound or not.
  static func isMarked(_ bytes: UnsafeRawBufferPointer, magic: UInt64) -> Bool {
    copyOffsets.contains { offset in
      bytes.count >= offset + 8
        && bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) == magic
    }
  }

  /// The same for bytes of an array: a file that was cut to the size of an older form still bears the
  /// mark, and must not be read as that form.
  static func isMarked(_ bytes: [UInt8], magic: UInt64) -> Bool {
    bytes.withUnsafeBytes { isMarked($0, magic: magic) }
  }

  /// Opens the file `name`; where it is missing or of another form, one with `initial` takes its
  /// place first, durably.
  init(
    _ name: String, in store: any FolderStore, magic: UInt64, initial: Words
  ) throws(SystemCallError) {
    var found = try store.beginning(of: name, byteCountMax: Self.byteCount).flatMap {
      Self.newest(of: $0, magic: magic)
    }
    // A file that another program has made longer is written anew, too: it may be larger than memory.
    let isLonger = try store.status(of: name).map { $0.byteCount > Self.byteCount } ?? false
    if found == nil || isLonger {
      let (words, generation) = (found?.words ?? initial, found?.generation ?? 1)
      let image = Self.image(words, generation: generation, magic: magic)
      var bytes = [UInt8](repeating: 0, count: Self.byteCount)
      withUnsafeBytes(of: image) { bytes.replaceSubrange(0..<Self.copyByteCount, with: $0) }
      try store.replace(name, with: bytes)
      found = (words: words, generation: generation, copy: 0)
    }
    file = try store.open(name, .writing)
    self.magic = magic
    // The copy that was read may be in memory alone. The next one goes over the other copy all the same:
    // a sector is written whole, so the disk has the generation synchronised last or a later one.
    state = Mutex(
      State(
        words: found?.words ?? initial, generation: found?.generation ?? 1,
        copy: found?.copy ?? 0, durable: found?.generation ?? 1))
  }

  /// The numbers as written last.
  var words: Words { state.withLock { $0.words } }

  /// Writes the numbers: they survive the end of the process. Where this throws, the numbers before
  /// stay.
  func write(_ words: Words) throws(SystemCallError) {
    try state.withLock { (state) throws(SystemCallError) in
      var next = state
      next.words = words
      next.generation += 1
      if state.durable == state.generation { next.copy = 1 - state.copy }
      try put(next)
      state = next
    }
  }

  /// Returns when the numbers that were written before are on the disk. After a failure they are
  /// written again.
  func synchronise() throws(SystemCallError) {
    try turn.withLock { (_) throws(SystemCallError) in
      let generation = try state.withLock { (state) throws(SystemCallError) in
        if state.hasFailed { try put(state) }
        return state.generation
      }
      do throws(SystemCallError) {
        try file.synchronise()
      } catch {
        state.withLock { $0.hasFailed = true }
        throw error
      }
      state.withLock {
        $0.durable = generation
        $0.hasFailed = false
      }
    }
  }

  private func put(_ state: State) throws(SystemCallError) {
    let image = Self.image(state.words, generation: state.generation, magic: magic)
    try image.span.withUnsafeBytes { (bytes) throws(SystemCallError) in
      try file.write(bytes, at: Self.copyOffsets[state.copy])
    }
  }

  private static func image(
    _ words: Words, generation: UInt64, magic: UInt64
  ) -> InlineArray<8, UInt64> {
    var image = InlineArray<8, UInt64>(repeating: 0)
    (image[0], image[1]) = (magic.littleEndian, generation.littleEndian)
    for index in 0..<5 { image[2 + index] = words[index].littleEndian }
    let checksum = withUnsafeBytes(of: image) {
      crc32c(UnsafeRawBufferPointer(rebasing: $0[..<checksumOffset]))
    }
    image[7] = UInt64(checksum) << 32
    return image
  }

  private static func newest(
    of bytes: [UInt8], magic: UInt64
  ) -> (words: Words, generation: UInt64, copy: Int)? {
    guard bytes.count == byteCount else { return nil }
    var best: (words: Words, generation: UInt64, copy: Int)?
    bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      for copy in 0..<2 {
        let start = base + copyOffsets[copy]
        func field<Value: BitwiseCopyable>(_ offset: Int) -> Value {
          start.loadUnaligned(fromByteOffset: offset, as: Value.self)
        }
        let stored: UInt32 = field(checksumOffset)
        let computed = crc32c(UnsafeRawBufferPointer(start: start, count: checksumOffset))
        let generation: UInt64 = field(8)
        guard field(0) == magic, generation < UInt64.max >> 1, stored == computed,
          generation > best?.generation ?? 0
        else { continue }
        var words = Words(repeating: 0)
        for index in 0..<5 { words[index] = field(16 + 8 * index) }
        best = (words, generation, copy)
      }
    }
    return best
  }
}
