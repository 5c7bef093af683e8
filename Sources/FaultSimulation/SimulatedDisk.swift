internal import Glibc

/// A folder on a disk. A power cut leaves everything that was synchronised, and an arbitrary part
/// of the rest.
///
/// A file's bytes and length are durable after a sync of the file, names after one of the folder.
/// What a power cut leaves of the rest: of names the changes up to some moment, in their order; of
/// a file any length between the two, and of the sectors that were written any, one of them perhaps
/// cut within. The kernel may write back a sector at any moment. A sync that fails leaves the
/// sectors clean and not written, as Linux does: the next one knows nothing of them.
final class SimulatedDisk {
  /// Small, so that small files are torn too.
  static let sectorByteCount = 64

  final class Node {
    var view: [UInt8] = []
    var durable: [UInt8] = []
    /// Sectors that may differ, in no order, each once.
    var dirty: [Int] = []
    var isDirty: [Bool] = []
    var modifiedS = 0
    var linkCount = 0
    /// Whether it holds flagged records, by the name that it was made under.
    var isSegment = false

    func markDirty(from first: Int, to end: Int) {
      guard end > first else { return }
      let last = (end - 1) / SimulatedDisk.sectorByteCount
      while isDirty.count <= last { isDirty.append(false) }
      for sector in first / SimulatedDisk.sectorByteCount...last where !isDirty[sector] {
        isDirty[sector] = true
        dirty.append(sector)
      }
    }

    func clean() {
      for sector in dirty { isDirty[sector] = false }
      dirty.removeAll(keepingCapacity: true)
    }

    /// Copies what is dirty to the disk.
    func writeBack() {
      resizeDurable(to: view.count)
      for sector in dirty { copy(sector, byteCount: SimulatedDisk.sectorByteCount) }
      clean()
    }

    func resizeDurable(to count: Int) {
      if durable.count > count { durable.removeSubrange(count...) }
      if durable.count < count {
        durable.append(contentsOf: repeatElement(0, count: count - durable.count))
      }
    }

    /// Copies the first bytes of a sector, as far as both have it.
    func copy(_ sector: Int, byteCount: Int) {
      let start = sector * SimulatedDisk.sectorByteCount
      let end = min(start + byteCount, view.count, durable.count)
      guard end > start else { return }
      view.withUnsafeBytes { view in
        durable.withUnsafeMutableBytes { durable in
          UnsafeMutableRawBufferPointer(rebasing: durable[start..<end])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: view[start..<end]))
        }
      }
    }
  }

  private enum NameChange {
    case link(String, Node)
    case unlink(String)
    case rename(String, String)
  }

  private(set) var names: [String: Node] = [:]
  private var durableNames: [String: Node] = [:]
  private var pendingNames: [NameChange] = []
  private(set) var usedByteCount = 0
  /// Bytes that it holds at most.
  var capacity = Int.max / 2
  var random: RandomSource
  /// Told of bytes that were written, and of a file that is about to be removed.
  var whenWritten: (Node, Int, Int) -> Void = { _, _, _ in }
  var whenRemoved: (String, Node) -> Void = { _, _ in }

  init(random: RandomSource) { self.random = random }

  var freeByteCount: Int { max(0, capacity - usedByteCount) }
  /// Bytes in segments.
  var segmentByteCount: Int {
    names.values.reduce(0) { $1.isSegment ? $0 + $1.view.count : $0 }
  }
  var sortedNames: [String] { names.keys.sorted() }

  // MARK: Names

  func create(_ name: String, nowS: Int) -> Node {
    let node = Node()
    node.modifiedS = nowS
    node.isSegment = name.contains(".flagged")
    link(name, node)
    pendingNames.append(.link(name, node))
    return node
  }

  private func link(_ name: String, _ node: Node) {
    names[name] = node
    node.linkCount += 1
  }

  private func unlink(_ name: String) {
    guard let node = names.removeValue(forKey: name) else { return }
    node.linkCount -= 1
    if node.linkCount == 0 { usedByteCount -= node.view.count }
  }

  func remove(_ name: String) {
    if let node = names[name] { whenRemoved(name, node) }
    unlink(name)
    pendingNames.append(.unlink(name))
  }

  func rename(_ name: String, to newName: String) {
    guard let node = names[name] else { return }
    unlink(newName)
    names[name] = nil
    names[newName] = node
    pendingNames.append(.rename(name, newName))
  }

  func synchroniseNames() {
    durableNames = names
    pendingNames.removeAll(keepingCapacity: true)
  }

  /// A sync of names that failed is told to the journal of the file system, which stops: the
  /// changes stay pending. Names are not dropped as pages are.

  // MARK: Bytes

  /// Writes as much as there is room for; returns how much.
  func write(_ bytes: UnsafeRawBufferPointer, to node: Node, at offset: Int, nowS: Int) -> Int {
    let end = offset + bytes.count
    let growth = max(0, end - node.view.count)
    let room = node.linkCount > 0 ? freeByteCount : growth
    let missing = max(0, growth - room)
    let count = max(0, bytes.count - missing)
    guard count > 0 else { return 0 }
    resize(node, to: max(node.view.count, offset + count))
    node.view.withUnsafeMutableBytes { view in
      UnsafeMutableRawBufferPointer(rebasing: view[offset..<offset + count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }
    node.markDirty(from: offset, to: offset + count)
    node.modifiedS = nowS
    whenWritten(node, offset, count)
    return count
  }

  func truncate(_ node: Node, to byteCount: Int, nowS: Int) {
    resize(node, to: byteCount)
    node.modifiedS = nowS
  }

  private func resize(_ node: Node, to byteCount: Int) {
    let before = node.view.count
    if byteCount < before {
      node.view.removeSubrange(byteCount...)
    } else if byteCount > before {
      node.view.append(contentsOf: repeatElement(0, count: byteCount - before))
      node.markDirty(from: before, to: byteCount)
    }
    if node.linkCount > 0 { usedByteCount += byteCount - before }
  }

  func synchronise(_ node: Node) { node.writeBack() }

  /// The pages are clean now, and not on the disk.
  func loseUnsynchronised(_ node: Node) { node.clean() }

  /// The kernel's own writing back, at any time.
  func writeBackSome() {
    let all = sortedNames
    guard !all.isEmpty, let node = names[all[random.below(all.count)]] else { return }
    if random.coin() { return node.writeBack() }
    let kept = node.dirty.filter { sector in
      if random.coin() { return true }
      node.resizeDurable(
        to: max(
          node.durable.count, min(node.view.count, (sector + 1) * Self.sectorByteCount)))
      node.copy(sector, byteCount: Self.sectorByteCount)
      node.isDirty[sector] = false
      return false
    }
    node.dirty = kept
  }

  // MARK: Power

  /// Leaves the bytes that the disk has, and some of those that it might have.
  func cutPower() {
    var survivors = durableNames
    let kept = pendingNames.isEmpty ? 0 : random.below(pendingNames.count + 1)
    for change in pendingNames[..<kept] {
      switch change {
      case .link(let name, let node): survivors[name] = node
      case .unlink(let name): survivors[name] = nil
      case .rename(let old, let new):
        if let node = survivors.removeValue(forKey: old) { survivors[new] = node }
      }
    }
    pendingNames.removeAll()
    for node in names.values { node.linkCount = 0 }
    names = [:]
    for name in survivors.keys.sorted() {
      guard let node = survivors[name] else { continue }
      node.linkCount = 0
      link(name, node)
    }
    durableNames = names
    usedByteCount = 0
    for name in sortedNames {
      guard let node = names[name] else { continue }
      settle(node)
      usedByteCount += node.view.count
    }
  }

  private func settle(_ node: Node) {
    switch random.below(4) {
    case 0: break
    case 1: node.writeBack()
    default:
      let (low, high) = (
        min(node.durable.count, node.view.count), max(node.durable.count, node.view.count)
      )
      let length = [node.durable.count, node.view.count, random.pick(low...high)][random.below(3)]
      node.resizeDurable(to: length)
      for sector in node.dirty where random.coin() {
        let count = random.oneIn(4) ? random.below(Self.sectorByteCount) : Self.sectorByteCount
        node.copy(sector, byteCount: count)
      }
    }
    node.view = node.durable
    node.clean()
  }
}
