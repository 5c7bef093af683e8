/// Bins of equal width for a covariate whose range is not known beforehand.
///
/// The width is a power of two and all edges are its multiples, so that bins of one binning lie
/// whole within bins of every coarser one: counts of different binnings merge without a guess.
package struct ConditionBinning: Equatable {
  /// Bins of every binning.
  package static let binCount = 128

  /// The width is two to this power.
  package private(set) var exponent: Int
  /// The lower edge of bin 0, in widths; a whole number below 2^24.
  package private(set) var first: Int
  /// 2^-exponent; 0 where nothing is binned.
  private var inverseWidth: Float
  private var firstEdge: Float

  /// Nothing is binned: no condition has been seen.
  package static let none = ConditionBinning(exponent: 0, first: 0, inverseWidth: 0)

  package init(exponent: Int, first: Int) {
    self.init(exponent: exponent, first: first, inverseWidth: 1)
    inverseWidth = 1 / width
  }

  private init(exponent: Int, first: Int, inverseWidth: Float) {
    self.exponent = exponent
    self.first = first
    self.inverseWidth = inverseWidth
    firstEdge = Float(first)
  }

  /// A binning with room on both sides of the conditions that were seen.
  package init(around seen: ClosedRange<Float>) {
    let magnitude = max(seen.lowerBound.magnitude, seen.upperBound.magnitude)
    // Half of the bins for what was seen. Narrower bins than 2^-20 of the value have no whole
    // number that float32 holds; at 2^-100 and below a value is as good as 0.
    let distance = seen.upperBound - seen.lowerBound
    // The distance of two float32 numbers may overflow.
    let sixtieth =
      distance.isFinite ? distance / 60 : seen.upperBound / 60 - seen.lowerBound / 60
    let span = max(sixtieth, magnitude * 0x1p-12, 0x1p-100)
    var exponent = min(Int(span.exponent) + 1, Self.exponentMax)
    if span.significand == 1 { exponent -= 1 }
    self.init(exponent: exponent, first: 0)
    let low = Int((seen.lowerBound * inverseWidth).rounded(.down))
    let high = Int((seen.upperBound * inverseWidth).rounded(.down))
    self.init(exponent: exponent, first: (low + high) / 2 - Self.binCount / 2)
  }

  /// The coarsest binning of 2^`exponentMax` has all of float32's numbers in 32 of its bins.
  private static let exponentMax = 124

  private var width: Float { Float(sign: .plus, exponent: exponent, significand: 1) }

  /// The bin of a condition; nil outside, for a NaN, and where nothing is binned.
  @inline(__always) @_noAllocation @_noLocks
  package func bin(of condition: Float) -> Int? {
    // The product is exact and the difference is rounded: a condition just below an edge may be
    // counted above it.
    let place = condition * inverseWidth - firstEdge
    guard inverseWidth > 0, place >= 0, place < Float(Self.binCount) else { return nil }
    return Int(place)
  }

  /// The condition at a bin's lower edge; the largest number for an edge beyond it.
  package func lowerEdge(ofBin bin: Int) -> Float {
    let edge = Float(first + bin) * width
    return min(max(edge, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
  }

  /// Whether nothing is binned.
  var isNone: Bool { inverseWidth == 0 }
}

// MARK: - Merging

extension ConditionBinning {
  /// Bins that hold events, in widths of 2^`exponent`.
  package struct Extent {
    package var exponent: Int
    package var bins: ClosedRange<Int>

    package init(exponent: Int, bins: ClosedRange<Int>) {
      self.exponent = exponent
      self.bins = bins
    }
  }

  /// The finest binning that holds two extents; nil where neither has an event.
  package static func common(_ one: Extent?, _ other: Extent?) -> ConditionBinning? {
    guard let some = one ?? other else { return nil }
    var extents = [one ?? some, other ?? some]
    var exponent = max(extents[0].exponent, extents[1].exponent)
    while true {
      for index in extents.indices {
        let shift = exponent - extents[index].exponent
        let bins = extents[index].bins
        extents[index] = Extent(
          exponent: exponent,
          bins: (bins.lowerBound >> shift)...(bins.upperBound >> shift))
      }
      let low = min(extents[0].bins.lowerBound, extents[1].bins.lowerBound)
      let high = max(extents[0].bins.upperBound, extents[1].bins.upperBound)
      if high - low < binCount {
        return ConditionBinning(exponent: exponent, first: low - (binCount - 1 - (high - low)) / 2)
      }
      exponent += 1
    }
  }

  /// Whether all bins of `extent` lie whole within bins of this binning.
  func holds(_ extent: Extent) -> Bool {
    let shift = exponent - extent.exponent
    return shift >= 0 && extent.bins.lowerBound >> shift >= first
      && extent.bins.upperBound >> shift < first + Self.binCount
  }

  /// Which bin of this binning holds bin `bin` of a finer or equal one.
  package func bin(ofBin bin: Int, in finer: ConditionBinning) -> Int {
    ((finer.first + bin) >> (exponent - finer.exponent)) - first
  }
}
