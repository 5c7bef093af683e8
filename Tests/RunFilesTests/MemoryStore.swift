import DurableFiles
import Glibc

/// A folder in memory of which a test can take the power: what was not synchronised is gone then. A
/// synchronisation that fails leaves bytes that look written and are not, as Linux does.
final class MemoryStore: FolderStore, @unchecked Sendable {
  // Unchecked: tests of one thread.

  final class Node {
    var bytes: [UInt8] = []
    var durable: [UInt8] = []
    var dirty: [Range<Int>] = []
  }

  let path = "memory"
  private(set) var nodes: [String: Node] = [:]
  private var durableNodes: [String: Node] = [:]
  /// How many of the next synchronisations of files fail.
  var failingSyncs = 0
  /// How many of the next synchronisations of the folder fail and lose the names.
  var failingFolderSyncs = 0
  /// Names whose changes no later synchronisation brings to the disk.
  private var lostNames: Set<String> = []
  /// How many calls that need space still succeed; nil for any number.
  var spaceLeft: Int?
  var free: UInt64? = 1 << 40

  func useSpace() throws(SystemCallError) {
    guard let left = spaceLeft else { return }
    if left == 0 { throw SystemCallError("write", file: path, code: ENOSPC) }
    spaceLeft = left - 1
  }

  /// Takes the power: names and bytes are what was synchronised.
  func cutPower() {
    nodes = durableNodes
    for node in nodes.values {
      node.bytes = node.durable
      node.dirty = []
    }
  }

  func put(_ name: String, _ bytes: [UInt8]) {
    let node = Node()
    (node.bytes, node.durable) = (bytes, bytes)
    nodes[name] = node
    durableNodes[name] = node
  }

  func take(_ name: String) {
    nodes[name] = nil
    durableNodes[name] = nil
  }

  func make() {}
  func names() -> [String] { nodes.keys.sorted() }

  func status(of name: String) -> StoredFileStatus? {
    nodes[name].map { StoredFileStatus(byteCount: $0.bytes.count, modifiedS: 1_000) }
  }

  func open(_ name: String, _ mode: StoredFileMode) throws(SystemCallError) -> any StoredFile {
    if let node = nodes[name] {
      if mode == .creatingNew { throw SystemCallError("open", file: name, code: EEXIST) }
      return MemoryFile(name, node, self)
    }
    guard mode == .creating || mode == .creatingNew else {
      throw SystemCallError("open", file: name, code: ENOENT)
    }
    try useSpace()
    let node = Node()
    nodes[name] = node
    return MemoryFile(name, node, self)
  }

  func rename(_ name: String, to newName: String, replacing: Bool) throws(SystemCallError) {
    guard let node = nodes[name] else { throw SystemCallError("rename", file: name, code: ENOENT) }
    if !replacing, nodes[newName] != nil {
      throw SystemCallError("rename", file: newName, code: EEXIST)
    }
    nodes[name] = nil
    nodes[newName] = node
    lostNames.subtract([name, newName])
  }

  func remove(_ name: String) throws(SystemCallError) {
    lostNames.remove(name)
    guard nodes.removeValue(forKey: name) != nil else {
      throw SystemCallError("remove", file: name, code: ENOENT)
    }
  }

  func synchronise() throws(SystemCallError) {
    if failingFolderSyncs > 0 {
      failingFolderSyncs -= 1
      let changed = nodes.keys.filter { nodes[$0] !== durableNodes[$0] }
      lostNames.formUnion(changed + durableNodes.keys.filter { nodes[$0] == nil })
      throw SystemCallError("fsync", file: path, code: EIO)
    }
    for name in Set(nodes.keys).union(durableNodes.keys) where !lostNames.contains(name) {
      durableNodes[name] = nodes[name]
    }
  }
  func freeByteCount() -> UInt64? { free }

  private final class Lock: Sendable {}
  func lock(_ name: String) -> any AnyObject & Sendable { Lock() }
}

final class MemoryFile: StoredFile, @unchecked Sendable {
  let path: String
  private let node: MemoryStore.Node
  private let store: MemoryStore

  init(_ path: String, _ node: MemoryStore.Node, _ store: MemoryStore) {
    self.path = path
    self.node = node
    self.store = store
  }

  func status() -> StoredFileStatus {
    StoredFileStatus(byteCount: node.bytes.count, modifiedS: 1_000)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
    let count = max(0, min(buffer.count, node.bytes.count - offset))
    if count > 0 { buffer.copyBytes(from: node.bytes[offset..<offset + count]) }
    return count
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemCallError) {
    let end = offset + bytes.count
    if end > node.bytes.count {
      try store.useSpace()
      node.bytes += [UInt8](repeating: 0, count: end - node.bytes.count)
    }
    node.bytes.replaceSubrange(offset..<end, with: bytes)
    node.dirty.append(offset..<end)
  }

  func truncate(to byteCount: Int) {
    if byteCount < node.bytes.count { node.bytes.removeSubrange(byteCount...) }
  }

  func allocate(byteCount: Int) throws(SystemCallError) {
    try store.useSpace()
    node.bytes += [UInt8](repeating: 0, count: max(0, byteCount - node.bytes.count))
  }

  func synchronise() throws(SystemCallError) {
    defer { node.dirty = [] }
    if store.failingSyncs > 0 {
      store.failingSyncs -= 1
      throw SystemCallError("fsync", file: path, code: EIO)
    }
    let (old, count) = (node.durable.count, node.bytes.count)
    if count < old { node.durable.removeSubrange(count...) }
    node.durable += [UInt8](repeating: 0, count: max(0, count - old))
    for range in node.dirty {
      let part = range.clamped(to: 0..<count)
      node.durable.replaceSubrange(part, with: node.bytes[part])
    }
  }

  func region(byteCount: Int) throws(SystemCallError) -> any StoredRegion {
    throw SystemCallError("map", file: path, code: ENOTSUP)
  }
}
