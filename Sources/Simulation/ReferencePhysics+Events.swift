internal import ReproducibleMath

extension ReferencePhysics {
  /// Makes background events of the sample `seed`: `out` holds D features for each of `events`,
  /// row-major.
  ///
  /// An event of a process is `mean + A g + sqrt(0.5) h`, whose covariance is A A^T + 0.5 I without
  /// a factorisation. g and h are the first 2 D of the normals from i R on, R being 2 D rounded up
  /// to a multiple of 4. Sums are float64 in this order, k of A's columns ascending; the result is
  /// rounded to float32.
  func fillBackground(
    _ out: UnsafeMutableBufferPointer<Float>, events: Range<UInt64>, seed: UInt64
  ) {
    precondition(out.count == events.count * featureCount)
    let stream = SimulationStream.backgroundFeatures.keyed(by: seed)
    let spread = GaussianProcess.independentVariance.squareRoot()
    fill(out, events: events, normalCount: 2 * featureCount, stream: stream) {
      event, normals, features, sums in
      let process = processes[process(ofEvent: event, seed: seed)]
      add(process, normals, to: sums)
      for feature in 0..<featureCount {
        let own = spread * Double(normals[featureCount + feature])
        features[feature] = Float(sums[feature] + own)
      }
    }
  }

  /// Makes anomalies of the sample `seed`: `spread` N(0, 1) plus `scale` times the shift, which is
  /// +3 in features 0 to 9, -2 in features 10 to 19 and 0 elsewhere. The normals of event i are
  /// the first D from i R on, R being D rounded up to a multiple of 4.
  func fillAnomalies(
    _ out: UnsafeMutableBufferPointer<Float>, events: Range<UInt64>, seed: UInt64,
    scale: Double = 1, spread: Double = 0.5
  ) {
    precondition(out.count == events.count * featureCount)
    let stream = SimulationStream.anomalyFeatures.keyed(by: seed)
    fill(out, events: events, normalCount: featureCount, stream: stream) {
      _, normals, features, _ in
      for feature in 0..<featureCount {
        let shift = scale * Self.anomalyShift(feature)
        features[feature] = Float(spread * Double(normals[feature]) + shift)
      }
    }
  }

  /// Adds `scale` times the anomalies' shift to events of D features each: float32 additions, the
  /// product rounded to float32 first.
  func addAnomalyShift(to events: UnsafeMutableBufferPointer<Float>, scale: Double) {
    precondition(events.count.isMultiple(of: featureCount))
    for index in events.indices {
      events[index] += Float(scale * Self.anomalyShift(index % featureCount))
    }
  }

  /// The shift of an anomaly's feature at scale 1.
  package static func anomalyShift(_ feature: Int) -> Double {
    switch feature {
    case 0..<10: 3
    case 10..<20: -2
    default: 0
    }
  }

  /// Calls `make` for each event with its normals, the place of its features and D numbers to work
  /// with.
  private func fill(
    _ out: UnsafeMutableBufferPointer<Float>, events: Range<UInt64>, normalCount: Int,
    stream: RandomStream,
    make: (
      _ event: UInt64, _ normals: UnsafePointer<Float>, _ features: UnsafeMutablePointer<Float>,
      _ sums: UnsafeMutablePointer<Double>
    ) -> Void
  ) {
    guard let base = out.baseAddress else { return }
    let reserved = UInt64(RandomStream.reserved(normalCount))
    let normals = UnsafeMutableBufferPointer<Float>.allocate(capacity: Int(reserved))
    let sums = UnsafeMutableBufferPointer<Double>.allocate(capacity: featureCount)
    defer {
      normals.deallocate()
      sums.deallocate()
    }
    guard let firstNormal = normals.baseAddress, let firstSum = sums.baseAddress else { return }
    for (row, event) in events.enumerated() {
      stream.fillGaussians(normals, start: event &* reserved)
      make(event, firstNormal, base + row * featureCount, firstSum)
    }
  }

  /// sums = mean + A g.
  private func add(
    _ process: GaussianProcess, _ normals: UnsafePointer<Float>,
    to sums: UnsafeMutablePointer<Double>
  ) {
    for feature in 0..<featureCount { sums[feature] = process.mean[feature] }
    process.mixingColumns.withUnsafeBufferPointer { columns in
      guard var column = columns.baseAddress else { return }
      for k in 0..<featureCount {
        let factor = Double(normals[k])
        for feature in 0..<featureCount { sums[feature] += column[feature] * factor }
        column += featureCount
      }
    }
  }
}
