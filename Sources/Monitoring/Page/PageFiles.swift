internal import CPageFiles

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
