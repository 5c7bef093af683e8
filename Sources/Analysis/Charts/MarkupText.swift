internal import NumberText

extension StringProtocol {
  /// The text as it stands within HTML and SVG elements and quoted attributes.
  var escapedMarkup: String {
    var escaped = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      // No control character but the usual space is allowed in XML.
      case _ where scalar.value < 0x20: escaped += " "
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// The text, or its beginning and an ellipsis where it has more than `max` characters.
  func shortened(to max: Int) -> String {
    count <= max ? String(self) : prefix(Swift.max(1, max - 1)) + "…"
  }
}

/// How wide `text` is about, in pixels, in the sans-serif fonts that browsers have.
func estimatedWidth(_ text: some StringProtocol, size: Double = 12) -> Double {
  size
    * text.unicodeScalars.reduce(0) { sum, scalar in
      switch scalar {
      case "i", "l", "j", ".", ",", ":", "'", "|", "!", " ", "⁻": sum + 0.31
      case "m", "w", "M", "W", "@": sum + 0.88
      case "A"..."Z": sum + 0.68
      default: sum + 0.57
      }
    }
}

/// A coordinate: a tenth of a pixel is finer than anyone sees.
func pixel(_ value: Double) -> String {
  // A point far outside a picture, or NaN, is drawn at its edge.
  let rounded = value.isNaN ? 0 : (min(max(value, -1e6), 1e6) * 10).rounded() / 10
  return rounded == rounded.rounded() ? "\(Int(rounded))" : fixed(rounded, places: 1)
}
