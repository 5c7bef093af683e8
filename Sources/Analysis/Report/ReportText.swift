internal import NumberText

/// An area under a curve: four places, and more where it is nearly but not quite 1.
func areaText(_ value: Double) -> String {
  fixed(value, places: value < 1 && value > 0.9995 ? 7 : 4)
}

/// `[0.9460, 0.9562]`, both ends as `areaText`.
func areaText(_ interval: ClosedRange<Double>) -> String {
  "[\(areaText(interval.lowerBound)), \(areaText(interval.upperBound))]"
}

/// A rate, four places.
func rateText(_ value: Double) -> String { fixed(value, places: 4) }

/// `[0.9460, 0.9562]`, both ends as `rateText`.
func rateText(_ interval: ClosedRange<Double>) -> String {
  "[\(rateText(interval.lowerBound)), \(rateText(interval.upperBound))]"
}

/// A count that need not be whole: no exponent, and no fraction where it is large.
func plain(_ count: Double) -> String {
  count >= 100 && count < 1e15 ? fixed(count, places: 0) : decimal(count)
}

/// Rows of cells in columns; the first column stands on the left, the others on the right.
package func alignedColumns(_ rows: [[String]]) -> String {
  guard let first = rows.first else { return "" }
  let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    row.indices.map { column in
      let padding = String(repeating: " ", count: widths[column] - row[column].count)
      return column == 0 ? row[column] + padding : padding + row[column]
    }.joined(separator: "  ")
  }.joined(separator: "\n")
}
