/// A picture with two axes: marks are added in data units, and `svg` draws everything.
///
/// Colours are classes, c0 ... c7 for things that are told apart and `bg` for background; their
/// values are CSS variables, so that one picture serves light and dark pages.
struct Chart {
  /// The text of a mark in the legend.
  struct LegendEntry: Equatable {
    var text: String
    var style: MarkStyle
  }

  /// Pixels of the whole picture.
  let width: Double
  let height: Double
  let x: AxisScale
  let y: AxisScale
  private let xTitle: String
  private let yTitle: String
  private let xTicks: [Tick]
  private let yTicks: [Tick]
  private let left: Double
  private let right: Double
  private let top: Double
  private let legendRows: [[LegendEntry]]
  private var marks = ""
  private var overlay = ""

  private static let rowHeight = 16.0

  /// Begins a picture; `top` is room for labels above the plot.
  init(
    x: AxisScale, y: AxisScale, xTitle: String, yTitle: String, legend: [LegendEntry] = [],
    width: Double = 380, plotHeight: Double = 210, top: Double = 10,
    hasVerticalNumbers: Bool = true
  ) {
    self.width = width
    self.x = x
    self.y = y
    self.xTitle = xTitle
    self.yTitle = yTitle
    self.top = top
    yTicks = hasVerticalNumbers ? y.ticks(count: 5) : []
    let labelWidth = yTicks.map { estimatedWidth($0.label) }.max() ?? 0
    left = labelWidth + 26
    xTicks = Self.thinned(x, plotWidth: width - labelWidth - 38)
    right = max(12, estimatedWidth(xTicks.last { !$0.label.isEmpty }?.label ?? "") / 2 + 4)
    legendRows = Self.rows(of: legend, width: width - 8)
    height = top + plotHeight + 38 + Double(legendRows.count) * Self.rowHeight
  }

  private var plotWidth: Double { width - left - right }
  private var plotHeight: Double { height - top - 38 - Double(legendRows.count) * Self.rowHeight }

  /// The most ticks whose labels do not touch.
  private static func thinned(_ scale: AxisScale, plotWidth: Double) -> [Tick] {
    for count in stride(from: 7, through: 1, by: -1) {
      let ticks = scale.ticks(count: count)
      let labelled = ticks.filter { !$0.label.isEmpty }
      let fits = zip(labelled, labelled.dropFirst()).allSatisfy { a, b in
        let gap = (scale.fraction(of: b.value) - scale.fraction(of: a.value)) * plotWidth
        return gap > (estimatedWidth(a.label) + estimatedWidth(b.label)) / 2 + 8
      }
      if fits { return ticks }
    }
    return []
  }

  private static func rows(of legend: [LegendEntry], width: Double) -> [[LegendEntry]] {
    var rows: [[LegendEntry]] = []
    var used = Double.infinity
    for entry in legend {
      let needed = 32 + estimatedWidth(entry.text)
      if used + needed > width {
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append(entry)
      used += needed
    }
    return rows
  }

  // MARK: places

  private func px(_ value: Double) -> Double { left + x.fraction(of: value) * plotWidth }
  private func py(_ value: Double) -> Double { top + (1 - y.fraction(of: value)) * plotHeight }

  // MARK: marks

  /// A line through points, in their order.
  mutating func addLine(_ points: [SIMD2<Double>], style: MarkStyle) {
    guard !points.isEmpty else { return }
    let path = points.map { "\(pixel(px($0.x))),\(pixel(py($0.y)))" }.joined(separator: " ")
    marks += "<polyline class=\"line \(style.classes)\" points=\"\(path)\"/>\n"
  }

  /// Steps of a histogram: `values[i]` from `edges[i]` to `edges[i + 1]`; filled down to the axis
  /// or as an outline.
  mutating func addSteps(edges: [Double], values: [Double], style: MarkStyle, isFilled: Bool) {
    precondition(edges.count == values.count + 1)
    let base = pixel(top + plotHeight)
    var path = ""
    // Empty bins are left out: a line along the axis would hide the axis.
    for (index, value) in values.enumerated() where value > 0 {
      let isFirst = index == 0 || !(values[index - 1] > 0)
      let isLast = index + 1 == values.count || !(values[index + 1] > 0)
      if isFirst { path += "M\(pixel(px(edges[index]))) \(base)" }
      path += "V\(pixel(py(value)))H\(pixel(px(edges[index + 1])))"
      if isLast { path += "V\(base)" }
    }
    if path.isEmpty { return }
    marks +=
      "<path class=\"\(isFilled ? "area" : "line") \(style.classes)\" d=\"\(path)\"/>\n"
  }

  /// Dots.
  mutating func addDots(_ points: [SIMD2<Double>], style: MarkStyle, radius: Double = 1.7) {
    marks += "<g class=\"dots \(style.classes)\">\n"
    for point in points where x.contains(point.x) && y.contains(point.y) {
      marks +=
        "<circle cx=\"\(pixel(px(point.x)))\" cy=\"\(pixel(py(point.y)))\" r=\"\(radius)\"/>\n"
    }
    marks += "</g>\n"
  }

  /// A bar from `low` to `high` along the horizontal axis at the height `y`.
  mutating func addInterval(
    _ interval: ClosedRange<Double>, at value: Double, style: MarkStyle
  ) {
    let height = py(value)
    let ends = (pixel(px(interval.lowerBound)), pixel(px(interval.upperBound)))
    marks +=
      "<path class=\"line \(style.classes)\" d=\"M\(ends.0) \(pixel(height))H\(ends.1)"
      + "M\(ends.0) \(pixel(height - 4))v8M\(ends.1) \(pixel(height - 4))v8\"/>\n"
  }

  /// A vertical line with a label above the plot; labels that would touch go to another row.
  mutating func addVerticals(_ lines: [(value: Double, label: String)], style: MarkStyle) {
    var ends = [Double](repeating: -.infinity, count: 8)
    for line in lines.sorted(by: { $0.value < $1.value }) where x.contains(line.value) {
      let place = px(line.value)
      let half = estimatedWidth(line.label, size: 11) / 2
      let middle = min(max(place, half + 2), width - half - 2)
      let row = ends.firstIndex { $0 + 4 < middle - half } ?? 0
      ends[row] = middle + half
      let height = top - 5 - Double(row) * 13
      overlay +=
        "<line class=\"line \(style.classes)\" x1=\"\(pixel(place))\" x2=\"\(pixel(place))\" "
        + "y1=\"\(pixel(height + 3))\" y2=\"\(pixel(top + plotHeight))\"/>\n"
        + "<text class=\"small\" text-anchor=\"middle\" x=\"\(pixel(middle))\" "
        + "y=\"\(pixel(height))\">\(line.label.escapedMarkup)</text>\n"
    }
  }

  /// Shades the plot left of `value` and writes why into it where there is room.
  mutating func shade(below value: Double, label: String) {
    let end = px(value)
    guard end > left + 1 else { return }
    marks +=
      "<rect class=\"shade\" x=\"\(pixel(left))\" y=\"\(pixel(top))\" "
      + "width=\"\(pixel(end - left))\" height=\"\(pixel(plotHeight))\"/>\n"
    if estimatedWidth(label, size: 11) + 8 < plotHeight, end - left > 14 {
      // In the middle: curves of good scores run above, those of poor ones below.
      let place = "\(pixel(left + 12)) \(pixel(top + plotHeight / 2))"
      marks +=
        "<text class=\"small faint\" transform=\"translate(\(place)) rotate(-90)\" "
        + "text-anchor=\"middle\">\(label.escapedMarkup)</text>\n"
    }
  }

  // MARK: drawing

  /// The picture. `label` describes it for readers who cannot see it.
  func picture(label: String) -> Picture {
    Picture(
      width: width, height: height, label: label,
      content: grid + "<g>\n\(marks)</g>\n" + frame + overlay + titles + legendMarkup)
  }

  private var grid: String {
    var text = "<g class=\"grid\">\n"
    for tick in xTicks where !tick.label.isEmpty {
      text += "<path d=\"M\(pixel(px(tick.value))) \(pixel(top))v\(pixel(plotHeight))\"/>\n"
    }
    for tick in yTicks where !tick.label.isEmpty {
      text += "<path d=\"M\(pixel(left)) \(pixel(py(tick.value)))h\(pixel(plotWidth))\"/>\n"
    }
    return text + "</g>\n"
  }

  private var frame: String {
    let base = top + plotHeight
    var text =
      "<path class=\"axis\" d=\"M\(pixel(left)) \(pixel(top))V\(pixel(base))H\(pixel(width - right))\"/>\n"
    for tick in xTicks {
      let place = pixel(px(tick.value))
      text +=
        "<path class=\"axis\" d=\"M\(place) \(pixel(base))v\(tick.label.isEmpty ? 3 : 5)\"/>"
      if !tick.label.isEmpty {
        text +=
          "<text text-anchor=\"middle\" x=\"\(place)\" y=\"\(pixel(base + 16))\">\(tick.label)</text>"
      }
      text += "\n"
    }
    for tick in yTicks {
      let place = py(tick.value)
      text +=
        "<path class=\"axis\" d=\"M\(pixel(left)) \(pixel(place))h-\(tick.label.isEmpty ? 3 : 5)\"/>"
      if !tick.label.isEmpty {
        text +=
          "<text text-anchor=\"end\" x=\"\(pixel(left - 7))\" y=\"\(pixel(place + 3.8))\">"
          + "\(tick.label)</text>"
      }
      text += "\n"
    }
    return text
  }

  private var titles: String {
    let middle = top + plotHeight / 2
    return
      "<text class=\"title\" text-anchor=\"middle\" x=\"\(pixel(left + plotWidth / 2))\" "
      + "y=\"\(pixel(top + plotHeight + 32))\">\(xTitle.escapedMarkup)</text>\n"
      + "<text class=\"title\" text-anchor=\"middle\" "
      + "transform=\"translate(11 \(pixel(middle))) rotate(-90)\">\(yTitle.escapedMarkup)</text>\n"
  }

  private var legendMarkup: String {
    var text = ""
    for (row, entries) in legendRows.enumerated() {
      let height = top + plotHeight + 38 + Double(row) * Self.rowHeight + 8
      var place = 8.0
      for entry in entries {
        text += entry.style.sample(x: place, y: height)
        text +=
          "<text x=\"\(pixel(place + 20))\" y=\"\(pixel(height + 3.8))\">"
          + "\(entry.text.escapedMarkup)</text>\n"
        place += 32 + estimatedWidth(entry.text)
      }
    }
    return text
  }
}
