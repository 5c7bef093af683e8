/// The look of charts. Colours are those of M. Okabe and K. Ito (2008), which people with any
/// colour vision tell apart, darkened or lightened for the page that they stand on; yellow is left
/// out, being too light for lines.
enum ChartStyleSheet {
  /// Colours on a light page.
  static let light = """
    --ink:#1a1d21;--soft:#59616b;--rule:#d9dde2;--paper:#ffffff;--card:#ffffff;--shade:#8892a01f;\
    --bg:#9aa3ad;--c0:#0072b2;--c1:#d55e00;--c2:#00845f;--c3:#b2508a;--c4:#c08f00;--c5:#3b9ad6;\
    --c6:#5a3fa0;--c7:#4d4d4d
    """
  /// Colours on a dark page.
  static let dark = """
    --ink:#e8eaed;--soft:#a3abb5;--rule:#363c44;--paper:#14171a;--card:#1b1f24;--shade:#8892a02e;\
    --bg:#6f7883;--c0:#56b4e9;--c1:#ff8a4a;--c2:#2ec59b;--c3:#e79ac8;--c4:#f0c040;--c5:#a6d8f7;\
    --c6:#b8a2f2;--c7:#d0d0d0
    """

  /// The rules for all charts.
  static let rules: String = {
    let colours = (["bg"] + (0..<MarkStyle.colourCount).map { "c\($0)" }).map { name in
      ".line.\(name){stroke:var(--\(name))}.area.\(name),.dots.\(name){fill:var(--\(name))}"
    }.joined(separator: "\n")
    return """
      svg.chart{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
      .chart text{fill:var(--ink)}
      .chart .title{fill:var(--soft)}
      .chart .small{font-size:11px;fill:var(--soft)}
      .chart .faint{fill:var(--soft)}
      .grid path{stroke:var(--rule);fill:none;stroke-width:1}
      .axis{stroke:var(--soft);fill:none;stroke-width:1}
      .shade{fill:var(--shade)}
      .line{fill:none;stroke-width:1.5;stroke-linejoin:round}
      .line.heavy{stroke-width:2.4}
      .line.thin{stroke-width:1}
      .line.dash{stroke-dasharray:6 3}
      .line.dots-dash{stroke-dasharray:2 3}
      .line.ink{stroke:var(--ink)}
      .line.soft{stroke:var(--soft)}
      .dots.ink{fill:var(--ink)}
      .dots{opacity:.65}
      .dots.solid{opacity:1}
      .area{opacity:.45}
      .area.l0{opacity:.95}.area.l1{opacity:.62}.area.l2{opacity:.34}.area.l3{opacity:.2}
      \(colours)
      """
  }()

  /// The same with the light page's colours in place of variables.
  static let lightRules: String = {
    var text = rules
    for entry in light.split(separator: ";") {
      let parts: [Substring] = entry.split(separator: ":")
      let pieces: [Substring] = text.split(
        separator: "var(\(parts[0]))", omittingEmptySubsequences: false)
      text = pieces.joined(separator: String(parts[1]))
    }
    return text
  }()
}
