internal import CPageFiles
internal import DurableFiles

extension HTTPReply {
  /// The page `/`: one file that loads nothing from any host but this daemon.
  ///
  /// The policy lets the browser run this script and apply this sheet, known by their hashes, load
  /// nothing, and talk to the daemon alone.
  package static let statusPage: HTTPReply = {
    let policy = [
      "default-src 'none'", "script-src 'sha256-\(base64SHA256(of: PageFiles.script))'",
      "style-src 'sha256-\(base64SHA256(of: PageFiles.sheet))'",
      "connect-src 'self'", "img-src data:",
      "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ]
    return page(document, policy: policy)
  }()

  /// An HTML page under a content security policy.
  static func page(_ document: String, policy: [String]) -> HTTPReply {
    HTTPReply(
      contentType: "text/html; charset=utf-8",
      headers: [
        Header("Content-Security-Policy", policy.joined(separator: "; ")),
        Header("X-Content-Type-Options", "nosniff"), Header("Referrer-Policy", "no-referrer"),
        Header("Cache-Control", "no-cache"),
      ],
      body: Array(document.utf8))
  }

  private static let document = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>tamisd</title>
    <link rel="icon" href="data:,">
    <style>\(PageFiles.sheet)</style>
    </head>
    <body>
    \(PageFiles.body)
    <script>\(PageFiles.script)</script>
    </body>
    </html>

    """
}

/// The files that the page is made of: it loads nothing from elsewhere.
enum PageFiles {
  /// The skeleton, which the script fills in.
  static let body = text(tamis_page_body())
  static let sheet = text(tamis_page_sheet())
  /// The script, in one scope of its own.
  static let script = "\"use strict\";(() => {\n" + text(tamis_page_script()) + "\n})();\n"
  /// docs/runbook.md, in Markdown.
  static let runbook = text(tamis_page_runbook())

  private static func text(_ file: tamis_page_file) -> String {
    String(decoding: UnsafeBufferPointer(start: file.bytes, count: file.count), as: UTF8.self)
  }
}

/// The SHA-256 of a text in base64, as a content security policy names it.
func base64SHA256(of text: String) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  let digest = Array(SHA256Digest(of: text).bytes)
  var characters: [UInt8] = []
  for start in stride(from: 0, to: digest.count, by: 3) {
    let group = (start..<start + 3).reduce(0) {
      $0 << 8 | ($1 < digest.count ? Int(digest[$1]) : 0)
    }
    for place in 0..<4 {
      let isPadding = start + place > digest.count
      characters.append(
        isPadding ? UInt8(ascii: "=") : alphabet[group >> (18 - 6 * place) & 63])
    }
  }
  return String(decoding: characters, as: UTF8.self)
}
