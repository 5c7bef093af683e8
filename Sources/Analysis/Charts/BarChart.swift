/// Horizontal bars under their names, each made of parts that lie end to end.
struct BarChart {
  /// One bar.
  struct Bar {
    var name: String
    /// Lengths of its parts, in the chart's unit.
    var parts: [Double]
    /// The text behind the bar.
    var text: String
  }

  let bars: [Bar]
  /// The names of the parts; a single part has no legend.
  let partNames: [String]
  /// The colour class of all parts, which differ in strength.
  let colour: String
  let width: Double

  private static let rowHeight = 20.0
  private static let strengthCount = 4

  init(bars: [Bar], partNames: [String], colour: String, width: Double = 380) {
    self.bars = bars
    self.partNames = partNames
    self.colour = colour
    self.width = width
  }

  private func strength(_ part: Int) -> String { "l\(min(part, Self.strengthCount - 1))" }

  private var legend: [(x: Double, row: Int, name: String, part: Int)] {
    guard partNames.count > 1 else { return [] }
    var placed: [(x: Double, row: Int, name: String, part: Int)] = []
    var (x, row) = (4.0, 0)
    for (part, name) in partNames.enumerated() {
      let needed = 34 + estimatedWidth(name)
      if x > 4, x + needed > width {
        row += 1
        x = 4
      }
      placed.append((x, row, name, part))
      x += needed
    }
    return placed
  }

  /// The picture. `label` describes it for readers who cannot see it.
  func picture(label: String) -> Picture {
    let names = bars.map { $0.name.shortened(to: 22) }
    let nameWidth = min(names.map { estimatedWidth($0) }.max() ?? 0, 140) + 8
    let textWidth = (bars.map { estimatedWidth($0.text) }.max() ?? 0) + 8
    let room = max(width - nameWidth - textWidth - 4, 20)
    let longest = bars.map { $0.parts.reduce(0, +) }.max() ?? 0
    var content = ""
    for (row, bar) in bars.enumerated() {
      let y = 4 + Double(row) * Self.rowHeight
      content +=
        "<text text-anchor=\"end\" x=\"\(pixel(nameWidth))\" y=\"\(pixel(y + 12))\">"
        + "<title>\(bar.name.escapedMarkup)</title>\(names[row].escapedMarkup)</text>\n"
      var x = nameWidth + 6
      for (part, length) in bar.parts.enumerated() where longest > 0 {
        let extent = length / longest * (room - 6)
        content +=
          "<rect class=\"area \(colour) \(strength(part))\" x=\"\(pixel(x))\" "
          + "y=\"\(pixel(y + 2))\" width=\"\(pixel(max(extent, 0)))\" height=\"13\"/>"
        x += extent
      }
      content +=
        "<text class=\"small\" x=\"\(pixel(x + 5))\" y=\"\(pixel(y + 12))\">"
        + "\(bar.text.escapedMarkup)</text>\n"
    }
    let legend = legend
    let base = 8 + Double(bars.count) * Self.rowHeight
    for entry in legend {
      let y = base + Double(entry.row) * 16 + 8
      content +=
        "<rect class=\"area \(colour) \(strength(entry.part))\" x=\"\(pixel(entry.x))\" "
        + "y=\"\(pixel(y - 6))\" width=\"16\" height=\"10\"/>"
        + "<text class=\"small\" x=\"\(pixel(entry.x + 21))\" y=\"\(pixel(y + 3))\">"
        + "\(entry.name.escapedMarkup)</text>\n"
    }
    let legendHeight = legend.isEmpty ? 0 : Double((legend.last?.row ?? 0) + 1) * 16 + 4
    return Picture(width: width, height: base + legendHeight, label: label, content: content)
  }
}
