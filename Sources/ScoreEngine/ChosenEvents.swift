/// Which events of a batch are scored: all, or those of a list.
struct ChosenEvents {
  /// How many.
  let count: Int
  private let list: UnsafePointer<Int32>?

  /// The first `count`.
  @_noLocks init(allOf count: Int) {
    self.count = count
    list = nil
  }

  /// Those at the `count` places of `list`.
  @_noLocks init(_ list: UnsafePointer<Int32>, count: Int) {
    self.count = count
    self.list = list
  }

  /// The place in the batch of the chosen event number `index`.
  @_noLocks func event(_ index: Int) -> Int {
    guard let list else { return index }
    return Int(list[index])
  }
}
