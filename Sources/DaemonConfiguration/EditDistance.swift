/// The number of letters to insert, drop, replace or swap with their neighbour that turns `left`
/// into `right` (optimal string alignment). O(left x right).
func editDistance(_ left: String, _ right: String) -> Int {
  let left = Array(left)
  let right = Array(right)
  var previous: [Int] = []
  var current = Array(0...right.count)
  for row in 0..<left.count {
    let beforePrevious = previous
    previous = current
    current[0] = row + 1
    for column in 0..<right.count {
      let replaced = previous[column] + (left[row] == right[column] ? 0 : 1)
      current[column + 1] = min(replaced, previous[column + 1] + 1, current[column] + 1)
      let isSwap =
        row > 0 && column > 0 && left[row] == right[column - 1] && left[row - 1] == right[column]
      if isSwap {
        current[column + 1] = min(current[column + 1], beforePrevious[column - 1] + 1)
      }
    }
  }
  return current[right.count]
}

/// The candidate that `word` was most likely meant to be: at most a third of its letters differ.
func closestWord(to word: String, among candidates: [String]) -> String? {
  // The work grows with the product of the lengths, and no key is so long.
  guard word.utf8.count <= wordByteCountMax else { return nil }
  let ranked = candidates.map { (word: $0, distance: editDistance(word.lowercased(), $0)) }
  guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
  return best.distance <= max(1, best.word.count / 3) ? best.word : nil
}

/// Longer than every key and word of the configuration.
private let wordByteCountMax = 64
