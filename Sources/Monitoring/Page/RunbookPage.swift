extension HTTPReply {
  /// The page `/runbook`: docs/runbook.md, with a section to link to for each alarm.
  package static let runbookPage: HTTPReply = {
    let body = markup(ofMarkdown: PageFiles.runbook)
    return page(
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>tamisd: runbook</title>
      <style>\(sheet)</style>
      </head>
      <body>
      \(body)</body>
      </html>

      """,
      policy: [
        "default-src 'none'", "style-src 'sha256-\(base64SHA256(of: sheet))'", "base-uri 'none'",
        "form-action 'none'", "frame-ancestors 'none'",
      ])
  }()

  private static let sheet = """
    :root{color-scheme:light dark}
    body{max-width:46rem;margin:0 auto;padding:1rem;line-height:1.5;
    font:17px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    code{font-size:.92em;background:#7d879326;border-radius:.2em;padding:0 .2em}
    pre{overflow-x:auto;background:#7d879326;padding:.6rem}pre code{background:none;padding:0}
    h2{margin-top:2.4rem;border-top:1px solid #8888;padding-top:.8rem}
    h2:target{background:#ffc83d;color:#201600}
    """
}

/// HTML of the part of Markdown that the runbook is written in: headings of `#` and `##`,
/// paragraphs, fenced code, `code`, *emphasis*, **strong** and links. A heading's `id` is its text
/// in lower case. Links out of the page are shown as their text: only the page itself is served.
package func markup(ofMarkdown text: String) -> String {
  var html = ""
  var paragraph: [Substring] = []
  var code: [Substring]?
  func endParagraph() {
    if !paragraph.isEmpty { html += "<p>\(inline(paragraph.joined(separator: "\n")))</p>\n" }
    paragraph = []
  }
  for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
    if line.hasPrefix("```") {
      endParagraph()
      if let lines = code {
        html += "<pre><code>\(escaped(lines.joined(separator: "\n")))</code></pre>\n"
      }
      code = code == nil ? [] : nil
    } else if code != nil {
      code?.append(line)
    } else if line.hasPrefix("#") {
      endParagraph()
      let level = min(6, line.prefix { $0 == "#" }.count)
      let title = line.dropFirst(level).drop { $0 == " " }
      html += "<h\(level) id=\"\(escaped(title.lowercased()))\">\(escaped(title))</h\(level)>\n"
    } else if line.isEmpty {
      endParagraph()
    } else {
      paragraph.append(line)
    }
  }
  endParagraph()
  return html
}

/// Marks within a paragraph. One that is not closed is text.
private func inline(_ text: String) -> String {
  var html = ""
  var rest = Substring(text)
  func take(upTo end: String, from start: String) -> Substring? {
    guard rest.hasPrefix(start) else { return nil }
    let inner = rest.dropFirst(start.count)
    guard let close = inner.firstRange(of: end), close.lowerBound > inner.startIndex else {
      return nil
    }
    rest = inner[close.upperBound...]
    return inner[..<close.lowerBound]
  }
  while let first = rest.first {
    if let code = take(upTo: "`", from: "`") {
      html += "<code>\(escaped(code))</code>"
    } else if let strong = take(upTo: "**", from: "**") {
      html += "<strong>\(inline(String(strong)))</strong>"
    } else if let emphasis = take(upTo: "*", from: "*") {
      html += "<em>\(inline(String(emphasis)))</em>"
    } else if let link = take(upTo: ")", from: "["), let middle = link.firstRange(of: "](") {
      let target = link[middle.upperBound...]
      let name = inline(String(link[..<middle.lowerBound]))
      html += target.hasPrefix("#") ? "<a href=\"\(escaped(target))\">\(name)</a>" : name
    } else {
      html += escaped(String(first))
      rest = rest.dropFirst()
    }
  }
  return html
}

private func escaped(_ text: some StringProtocol) -> String {
  text.reduce(into: "") { escaped, character in
    switch character {
    case "&": escaped += "&amp;"
    case "<": escaped += "&lt;"
    case ">": escaped += "&gt;"
    case "\"": escaped += "&quot;"
    default: escaped.append(character)
    }
  }
}
