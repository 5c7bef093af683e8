internal import Monitoring
internal import Testing

struct RunbookPageTests {
  private let page = String(decoding: HTTPReply.runbookPage.body, as: UTF8.self)

  @Test(arguments: AlarmName.allCases)
  func everyAlarmHasItsSection(_ name: AlarmName) {
    #expect(page.contains("<h2 id=\"\(name.rawValue.lowercased())\">\(name.rawValue)</h2>"))
    #expect(name.runbook.hasSuffix("#\(name.rawValue.lowercased())"))
  }

  @Test(arguments: [
    ("# A & B", "<h1 id=\"a &amp; b\">A &amp; B</h1>\n"),
    ("one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>\n"),
    (
      "`a < *b*` and **c** and *d*",
      "<p><code>a &lt; *b*</code> and <strong>c</strong> and <em>d</em></p>\n"
    ),
    (
      "```sh\nls *.md | wc\n\n# no heading\n```",
      "<pre><code>ls *.md | wc\n\n# no heading</code></pre>\n"
    ),
    ("[here](#here), [there](other.md)", "<p><a href=\"#here\">here</a>, there</p>\n"),
    ("2 * 3 * 4, a [bracket], an `open", "<p>2 <em> 3 </em> 4, a [bracket], an `open</p>\n"),
    ("<script>\"&\"</script>", "<p>&lt;script&gt;&quot;&amp;&quot;&lt;/script&gt;</p>\n"),
  ])
  func marksBecomeMarkup(_ markdown: String, _ html: String) {
    #expect(markup(ofMarkdown: markdown) == html)
  }
}
