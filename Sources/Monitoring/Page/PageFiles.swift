/// The files of `Web`, which the package embeds: the page loads nothing from elsewhere.
enum PageFiles {
  /// The skeleton: every section has its place and its heading. The script fills them in.
  static let body = text(PackageResources.body_html)
  /// The style sheet.
  static let sheet = text(PackageResources.page_css)
  /// The parts of the script, each of which uses those before it, in one scope of their own.
  static let script =
    "\"use strict\";(() => {\n"
    + [
      PackageResources.elements_js, PackageResources.numbers_js, PackageResources.time_charts_js,
      PackageResources.histograms_js, PackageResources.rate_chart_js,
      PackageResources.decisions_js, PackageResources.account_js, PackageResources.parts_js,
      PackageResources.banner_js, PackageResources.polling_js,
    ].map(text).joined(separator: "\n") + "\n})();\n"

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
