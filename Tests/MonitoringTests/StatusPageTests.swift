internal import DurableFiles
internal import Monitoring
internal import Testing

/// The page is one file that asks nobody else for anything.
@Suite struct StatusPageTests {
  private let page = String(decoding: HTTPReply.statusPage.body, as: UTF8.self)

  private func part(from start: String, to end: String) throws -> String {
    let after = try #require(page.split(separator: start, maxSplits: 1).last)
    return String(try #require(after.split(separator: end, maxSplits: 1).first))
  }

  @Test func policyNamesTheScriptAndTheSheetByTheirHashes() throws {
    let policy = try #require(
      HTTPReply.statusPage.headers.first { $0.name == "Content-Security-Policy" }?.value)
    let script = try part(from: "<script>", to: "</script>")
    let sheet = try part(from: "<style>", to: "</style>")
    #expect(policy.contains("script-src 'sha256-\(base64(SHA256Digest(of: script).bytes))';"))
    #expect(policy.contains("style-src 'sha256-\(base64(SHA256Digest(of: sheet).bytes))';"))
    #expect(policy.hasPrefix("default-src 'none';"))
    #expect(!policy.contains("unsafe"))
  }

  @Test(arguments: ["http://", "https://", "@import", "url(", " src=", " style=", " onclick="])
  func nothingComesFromElsewhere(text: String) {
    // The name of SVG is no address that anybody asks.
    let rest = page.split(separator: "http://www.w3.org/2000/svg").joined()
    #expect(!rest.contains(text))
  }

  @Test func headingsHaveTheirSections() {
    let labels = page.split(separator: "aria-labelledby=\"").dropFirst().map {
      $0.prefix { $0 != "\"" }
    }
    #expect(labels.count > 8)
    for label in labels { #expect(page.contains("id=\"\(label)\"")) }
  }

  /// By the book, to check the one in the product.
  private func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bits = bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
    let padded = bits + [UInt8](repeating: 0, count: (6 - bits.count % 6) % 6)
    let text = stride(from: 0, to: padded.count, by: 6).map { start in
      alphabet[padded[start..<start + 6].reduce(0) { $0 << 1 | Int($1) }]
    }
    return String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
  }
}
