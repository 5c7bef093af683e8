internal import ScoreEngine

/// Scores all events of `rows` with a network; NaN where one cannot be scored.
///
/// - Parameter note: gets the number of events scored so far, on the calling thread.
func networkScores(
  of rows: EventRows, network: ScoringNetwork, workers: Int, batchMax: Int,
  note: (Int) -> Void = { _ in }
) throws -> [Double] {
  var scores: [Double] = []
  scores.reserveCapacity(rows.count)
  try scoreInParallel(
    network: network, workers: workers, eventCount: rows.count, batchMax: batchMax,
    wantsAttributions: false, readFeatures: { rows.copyFeatures($0, $1) },
    consume: { range, values, _ in
      for place in 0..<range.count { scores.append(Double(values[place])) }
      note(range.upperBound)
    })
  return scores
}

/// The score and the D attributions of each of `events`, in their order.
func networkAttributions(
  of events: [Int], in rows: EventRows, network: ScoringNetwork
) throws -> [(score: Float, attributions: [Float])] {
  var found: [(score: Float, attributions: [Float])] = []
  let width = rows.featureCount
  try scoreInParallel(
    network: network, workers: 1, eventCount: events.count, batchMax: 64, wantsAttributions: true,
    readFeatures: { range, out in
      for (place, event) in events[range].enumerated() {
        rows.copyFeatures(event..<event + 1, out + place * width)
      }
    },
    consume: { range, scores, attributions in
      guard let attributions else { return }
      for place in 0..<range.count {
        found.append(
          (
            scores[place],
            Array(UnsafeBufferPointer(start: attributions + place * width, count: width))
          ))
      }
    })
  return found
}
