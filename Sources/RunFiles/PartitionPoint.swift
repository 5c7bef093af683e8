extension Range<Int> {
  /// The first index for which `isBefore` is false; the upper bound where it is true for all.
  /// `isBefore` must be false for each index behind one for which it is false. O(log n).
  @inlinable
  package func partitionPoint(_ isBefore: (Int) -> Bool) -> Int {
    var (low, high) = (lowerBound, upperBound)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
