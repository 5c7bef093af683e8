/// Sums, differences and products that stop at the ends of the type in place of a trap, for numbers
/// that a record, a file, a peer, a clock or a user gives.
infix operator +| : AdditionPrecedence
infix operator -| : AdditionPrecedence
infix operator *| : MultiplicationPrecedence
infix operator +|= : AssignmentPrecedence

extension FixedWidthInteger {
  /// The sum, or the value of the type nearest to it.
  @inlinable @inline(__always)
  package static func +| (left: Self, right: Self) -> Self {
    let (sum, overflows) = left.addingReportingOverflow(right)
    return overflows ? (right < 0 ? .min : .max) : sum
  }

  /// The difference, or the value of the type nearest to it.
  @inlinable @inline(__always)
  package static func -| (left: Self, right: Self) -> Self {
    let (difference, overflows) = left.subtractingReportingOverflow(right)
    return overflows ? (right < 0 ? .max : .min) : difference
  }

  /// The product, or the value of the type nearest to it.
  @inlinable @inline(__always)
  package static func *| (left: Self, right: Self) -> Self {
    let (product, overflows) = left.multipliedReportingOverflow(by: right)
    return overflows ? ((left < 0) == (right < 0) ? .max : .min) : product
  }

  /// Adds, up to the value of the type nearest to the sum.
  @inlinable @inline(__always)
  package static func +|= (left: inout Self, right: Self) { left = left +| right }

  /// The whole number nearest to `number`, within the type; 0 for NaN.
  @inlinable
  package init(nearest number: Double) {
    let whole = number.rounded()
    if let exact = Self(exactly: whole) {
      self = exact
    } else {
      self = whole.isNaN ? 0 : whole < 0 ? .min : .max
    }
  }
}

extension Sequence where Element: FixedWidthInteger {
  /// The sum, which stops at the ends of the type.
  @inlinable
  package var saturatingSum: Element { reduce(0) { $0 +| $1 } }
}
