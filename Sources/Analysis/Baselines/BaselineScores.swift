package import ScoreModel
internal import WorkerThreads

/// The scores of the simple detectors for the events of one sample; NaN where a feature is not
/// finite.
package struct BaselineScores: Sendable {
  /// |z|^2.
  package let norm: [Double]
  /// Mahalanobis's squared distance; nil without a shape.
  package let mahalanobis: [Double]?
  /// The squared PCA residual; nil without a shape.
  package let residual: [Double]?

  /// Scores all events of `rows`.
  package init(
    _ rows: EventRows, standardiser: Standardiser, shape: BackgroundShape?, workers: Int
  ) {
    let table = BaselineTable(rows: rows, standardiser: standardiser, shape: shape)
    let chunk = 1024
    let chunkCount = (rows.count + chunk - 1) / chunk
    let workers = max(1, min(workers, chunkCount))
    withWorkers(workers, name: "baseline") { worker in
      for index in stride(from: worker, to: chunkCount, by: workers) {
        table.fill(index * chunk..<min((index + 1) * chunk, rows.count))
      }
    }
    norm = Array(table.column(0))
    mahalanobis = shape == nil ? nil : Array(table.column(1))
    residual = shape == nil ? nil : Array(table.column(2))
  }
}

/// Room for the three numbers of each event.
private final class BaselineTable: @unchecked Sendable {
  // Unchecked: each range of events is filled by one worker.
  private let storage: UnsafeMutableBufferPointer<Double>
  private let rows: EventRows
  private let standardiser: Standardiser
  private let shape: BackgroundShape?

  init(rows: EventRows, standardiser: Standardiser, shape: BackgroundShape?) {
    self.rows = rows
    self.standardiser = standardiser
    self.shape = shape
    storage = .allocate(capacity: 3 * rows.count)
    storage.initialize(repeating: .nan)
  }

  deinit { storage.deallocate() }

  func column(_ number: Int) -> Slice<UnsafeMutableBufferPointer<Double>> {
    storage[number * rows.count..<(number + 1) * rows.count]
  }

  func fill(_ events: Range<Int>) {
    let width = rows.featureCount
    var z = [Double](repeating: 0, count: width)
    var projections = z
    rows.forEachChunk(of: events) { first, chunk in
      for row in 0..<chunk.count / width
      where standardiser.standardise(chunk[row * width..<(row + 1) * width], into: &z) {
        let event = first + row
        storage[event] = z.reduce(0) { $0 + $1 * $1 }
        guard let shape else { continue }
        shape.projections(of: z, into: &projections)
        storage[rows.count + event] = shape.mahalanobisSquared(projections)
        storage[2 * rows.count + event] = shape.residualSquared(projections)
      }
    }
  }
}
