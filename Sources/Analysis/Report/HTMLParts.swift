/// A table: a header row, and rows whose first cell names them.
struct HTMLTable {
  var header: [String]
  /// Cells are markup already.
  var rows: [[String]]
  /// Columns whose cells are text and stand on the left, the first one apart.
  var textColumns: Set<Int> = []

  /// The table in a box that scrolls by itself where the page is narrow.
  var markup: String {
    func cells(_ row: [String], _ tag: String) -> String {
      row.enumerated().map { column, cell in
        let isName = column == 0 && tag == "td"
        let side = column == 0 || textColumns.contains(column) ? " class=\"t\"" : ""
        return isName ? "<th scope=\"row\"\(side)>\(cell)</th>" : "<\(tag)\(side)>\(cell)</\(tag)>"
      }.joined()
    }
    return "<div class=\"scroll\"><table><thead><tr>\(cells(header, "th"))</tr></thead>\n<tbody>\n"
      + rows.map { "<tr>\(cells($0, "td"))</tr>\n" }.joined() + "</tbody></table></div>\n"
  }
}

/// `<p>` around text.
func paragraph(_ text: String, class name: String = "") -> String {
  "<p\(name.isEmpty ? "" : " class=\"\(name)\"")>\(text.escapedMarkup)</p>\n"
}

/// `1e-5` with a word joiner behind the sign, where a browser would otherwise end a line.
func unbroken(_ number: String) -> String {
  number.split(separator: "e-", omittingEmptySubsequences: false).joined(separator: "e-\u{2060}")
}

/// A section with its heading; `content` is markup.
func section(_ id: String, _ title: String, _ content: String) -> String {
  content.isEmpty
    ? "" : "<section id=\"\(id)\"><h2>\(title.escapedMarkup)</h2>\n\(content)</section>\n"
}

/// Pictures side by side, as many as there is room for.
func gallery(_ figures: [Figure]) -> String {
  guard !figures.isEmpty else { return "" }
  return "<div class=\"gallery\">\n"
    + figures.map { figure in
      "<figure><h3>\(figure.title.escapedMarkup)</h3>\(figure.picture.element)"
        + "<figcaption>\(figure.caption.escapedMarkup)</figcaption></figure>\n"
    }.joined() + "</div>\n"
}

/// `0.9512` and under it `[0.9460, 0.9562]` in a quieter tone.
func stacked(_ value: String, _ below: String?) -> String {
  value + (below.map { "<small class=\"under\">\($0)</small>" } ?? "")
}
