package import ScoreModel

extension NetworkParameters {
  /// One score network whose output is the mean of the outputs of `members`: their hidden units side
  /// by side, with weights of 0 between units of different members.
  ///
  /// Each network has errors of its own, and the squared norm adds the square of the error to the
  /// score of every event. The mean of several networks has less of it. Traps where `members` is
  /// empty or their shapes differ; one network is returned as it is.
  package init(averaging members: [NetworkParameters]) {
    guard let first = members.first else { preconditionFailure("the mean of no network") }
    precondition(members.allSatisfy { $0.shape == first.shape && $0.shape.kind == .score })
    self = first
    if members.count == 1 { return }
    let shape = first.shape.averaged(members.count)
    self.init(zeros: shape)
    for tensor in shape.tensors {
      let parts = members.map { Array($0[tensor]) }
      self[tensor] = Self.joined(parts, tensor, of: first.shape)[...]
    }
  }

  private static func joined(
    _ parts: [[Float]], _ tensor: NetworkTensor, of shape: NetworkShape
  ) -> [Float] {
    let count = Float(parts.count)
    let width = shape.hiddenWidth
    switch tensor {
    case .inputWeight, .inputBias, .blockBias: return parts.flatMap { $0 }
    case .outputBias:
      return (0..<shape.featureCount).map { feature in
        parts.reduce(0) { $0 + $1[feature] } / count
      }
    case .sigmaEmbedding, .outputWeight:
      // Rows side by side; of the output layer each is divided, which makes the sum a mean.
      let divisor = tensor == .outputWeight ? count : 1
      return (0..<shape.dimensions(of: tensor)[0]).flatMap { row in
        parts.flatMap { $0[row * width..<(row + 1) * width].map { $0 / divisor } }
      }
    case .blockWeight:
      return parts.indices.flatMap { member in
        (0..<width).flatMap { row in
          parts.indices.flatMap { other in
            other == member
              ? Array(parts[member][row * width..<(row + 1) * width])
              : [Float](repeating: 0, count: width)
          }
        }
      }
    case .layerWeight, .layerBias: preconditionFailure("an autoencoder")
    }
  }
}

extension NetworkShape {
  /// The sizes of the mean of `count` score networks of these sizes.
  func averaged(_ count: Int) -> NetworkShape {
    var shape = self
    shape.hiddenWidth *= count
    return shape
  }
}

extension TrainingConfiguration {
  /// How many networks background asks for where that is left to it, with the reason.
  ///
  /// Two where the sample is large and lies near a subspace and the network scores alone. Such
  /// networks are small, and the mean of two finds more than one of either size.
  package func chosenMembers(_ sample: SampleSize, hasDistance: Bool) -> (
    count: Int, reason: String?
  ) {
    let isChosen: FittedSettings = [.memberCount, .hiddenWidth, .blockCount]
    guard fitted.isSuperset(of: isChosen), scoringLevels == nil, sample.isLarge,
      sample.isDetermined, !hasDistance
    else { return (memberCount, nil) }
    return (
      2,
      "the outputs of 2 networks from different seeds are averaged: background is near a subspace, "
        + "and there is no distance"
    )
  }
}
