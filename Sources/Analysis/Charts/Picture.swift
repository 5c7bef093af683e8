/// A drawn chart: an element of a page, or a file of its own.
package struct Picture: Sendable {
  /// Pixels.
  var width: Double
  var height: Double
  /// What it shows, for those who do not see it.
  var label: String
  /// The elements within.
  var content: String

  /// An element of a page that has `ChartStyleSheet.rules`; it is as wide as it has room.
  package var element: String {
    "<svg class=\"chart\" role=\"img\" \(box)>\n\(content)</svg>\n"
  }

  /// An SVG file. It is as the light page has it, with plain values for colours: many programs for
  /// slides and drawings know no CSS variables and no dark setting.
  package var file: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="\(pixel(width))" \
    height="\(pixel(height))" \(box)>
    <style>\(ChartStyleSheet.lightRules)
    </style>
    <rect width="100%" height="100%" fill="#ffffff"/>
    \(content)</svg>

    """
  }

  private var box: String {
    "viewBox=\"0 0 \(pixel(width)) \(pixel(height))\" aria-label=\"\(label.escapedMarkup)\""
  }
}
