/// The style of a mark: a colour class, a dash, a weight.
struct MarkStyle: Equatable, Sendable {
  /// The symbol of the mark in the legend.
  enum Shape: Sendable {
    case line, box, dot
  }

  var colour: String
  var dash = ""
  var weight = ""
  var shape = Shape.line

  /// The classes of an SVG element.
  var classes: String { [colour, dash, weight].filter { !$0.isEmpty }.joined(separator: " ") }

  /// Colours that are told apart; after these they come again with another dash.
  static let colourCount = 8

  /// The style of the signal at `index`.
  static func signal(_ index: Int, shape: Shape = .line) -> MarkStyle {
    MarkStyle(
      colour: "c\(index % colourCount)",
      dash: ["", "dash", "dots-dash"][index / colourCount % 3], shape: shape)
  }

  /// Background: grey, filled.
  static let background = MarkStyle(colour: "bg", shape: .box)

  /// The style of a score: models solid and heavy, baselines dashed, variables dotted.
  static func score(_ index: Int, kind: EvaluatedScore.Kind) -> MarkStyle {
    let dash =
      switch kind {
      case .model: ""
      case .baseline: "dash"
      case .variable: "dots-dash"
      }
    return MarkStyle(
      colour: "c\(index % colourCount)", dash: dash, weight: kind == .model ? "heavy" : "")
  }

  /// The sample before a legend's text, 16 pixels wide.
  func sample(x: Double, y: Double) -> String {
    switch shape {
    case .line:
      "<line class=\"line \(classes)\" x1=\"\(pixel(x))\" x2=\"\(pixel(x + 16))\" "
        + "y1=\"\(pixel(y))\" y2=\"\(pixel(y))\"/>\n"
    case .box:
      "<rect class=\"area \(classes)\" x=\"\(pixel(x))\" y=\"\(pixel(y - 5))\" width=\"16\" "
        + "height=\"10\"/>\n"
    case .dot:
      "<g class=\"dots \(classes)\"><circle cx=\"\(pixel(x + 8))\" cy=\"\(pixel(y))\" r=\"3\"/></g>\n"
    }
  }
}
