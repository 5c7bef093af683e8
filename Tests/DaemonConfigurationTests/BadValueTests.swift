internal import Testing

@Suite struct BadValueTests {
  private static let numbers: [BadFile] = [
    .adding(
      "engine: {batch_max: \"256\"}",
      "5:21: engine.batch_max: found the text \"256\", "
        + "expected a whole number from 1 to 4096; remove the quotes"),
    .adding(
      "engine: {batch_max: 010}",
      "5:21: engine.batch_max: found 010, expected a whole number from 1 to 4096; "
        + "drop the leading zero, which many YAML readers take for octal"),
    .adding(
      "engine: {batch_max: 0x10}",
      "5:21: engine.batch_max: found 0x10, expected a whole number from 1 to 4096; "
        + "write it in plain decimal digits"),
    .adding(
      "engine: {batch_max: 1_000}",
      "5:21: engine.batch_max: found 1_000, expected a whole number from 1 to 4096; "
        + "write it in plain decimal digits"),
    .adding(
      "engine: {batch_max: 1e3}",
      "5:21: engine.batch_max: found 1e3, expected a whole number from 1 to 4096; "
        + "write it in plain decimal digits"),
    .adding(
      "engine: {batch_max: 256.0}",
      "5:21: engine.batch_max: found 256.0, expected a whole number from 1 to 4096"),
    .adding(
      "engine: {batch_max: 0}",
      "5:21: engine.batch_max: found 0, expected a whole number from 1 to 4096"),
    .adding(
      "engine: {workers: -1}",
      "5:19: engine.workers: found -1, expected a whole number from 0 to 256"),
    .adding(
      "instance: 4294967296",
      "5:11: instance: found 4294967296, expected a whole number from 0 to 4294967295"),
    .adding(
      "unbiased: {prescale: 99999999999999999999}",
      "5:22: unbiased.prescale: found 99999999999999999999, "
        + "expected a whole number from 0 to 4294967295"),
    .adding(
      "unbiased: {prescale: true}",
      "5:22: unbiased.prescale: found the boolean true, "
        + "expected a whole number from 0 to 4294967295"),
    .adding(
      "unbiased: {prescale: none}",
      "5:22: unbiased.prescale: found `none`, expected a whole number from 0 to 4294967295"),
    .adding(
      "unbiased: {prescale: }",
      "5:22: unbiased.prescale: found nothing, expected a whole number from 0 to 4294967295"),
    .adding(
      "unbiased: {prescale: [10]}",
      "5:22: unbiased.prescale: found a list, expected a whole number from 0 to 4294967295"),
    .adding(
      "engine: {batch_max: 512, slots: 511}",
      "5:33: engine.slots: found 511, expected at least engine.batch_max, which is 512"),
  ]

  private static let journal: [BadFile] = [
    .adding(
      "journal: {segment_bytes_max: 100000, keep_bytes_max: 199999}",
      "5:54: journal.keep_bytes_max: found 199999, "
        + "expected at least twice journal.segment_bytes_max, which is 100000; "
        + "whole segments are deleted, and never the open one: make segments smaller"),
    .adding(
      "journal: {delete_unpublished: yes}",
      "5:31: journal.delete_unpublished: found `yes`, expected true or false"),
    .adding(
      "journal: {delete_unpublished: 1}",
      "5:31: journal.delete_unpublished: found the number 1, expected true or false"),
    .adding(
      "journal: {segment_age_max_s: -1}",
      "5:30: journal.segment_age_max_s: found -1, expected a whole number from 0 to 31536000"),
    .adding(
      "catch_up: {reply_bytes_max: 1000}",
      "5:29: catch_up.reply_bytes_max: found 1000, "
        + "expected a whole number from 65536 to 67108864"),
  ]

  private static let words: [BadFile] = [
    .adding(
      "log: {level: warn}",
      "5:14: log.level: found `warn`, "
        + "expected trace, debug, info, notice, warning, error or critical"),
    .adding(
      "log: {level: Debug}",
      "5:14: log.level: found `Debug`, "
        + "expected trace, debug, info, notice, warning, error or critical; did you mean `debug`?"),
    .adding(
      "log: {format: true}",
      "5:15: log.format: found the boolean true, expected text or json"),
    .adding(
      "log: {format: jsno}",
      "5:15: log.format: found `jsno`, expected text or json; did you mean `json`?"),
    .adding(
      "engine: {precision: screend}",
      "5:21: engine.precision: found `screend`, expected exact or screened; "
        + "did you mean `screened`?"),
    .adding(
      "engine: {precision: [exact]}",
      "5:21: engine.precision: found a list, expected exact or screened"),
    .adding(
      "engine: {affinity: 1}",
      "5:20: engine.affinity: found the number 1, expected a list of whole numbers from 0 to 1023; "
        + "write [1]"),
    .adding(
      "engine: {affinity: [1, 2, 1, -1, two]}",
      "5:27: engine.affinity: found 1 twice, expected it once",
      "5:30: engine.affinity: found the number -1, expected a list of whole numbers from 0 to 1023",
      "5:34: engine.affinity: found `two`, expected a list of whole numbers from 0 to 1023"),
  ]

  private static let lists: [BadFile] = [
    .adding(
      "drift: {window_events: 99}",
      "5:24: drift.window_events: found 99, expected a whole number from 100 to 1000000"),
    .adding(
      "drift: {ignore: score}",
      "5:17: drift.ignore: found `score`, expected a list of score, feature_mean, feature_spread, "
        + "not_finite, flagged_rate or condition; write [score]"),
    .adding(
      "drift: {ignore: [score, rate, score]}",
      "5:25: drift.ignore: found `rate`, expected score, feature_mean, feature_spread, not_finite, "
        + "flagged_rate or condition",
      "5:31: drift.ignore: found `score` twice, expected it once"),
    .adding(
      "drift: {ignore_features: [pt, \"\", pt, 4]}",
      "5:31: drift.ignore_features: found an empty text, expected a feature name",
      "5:35: drift.ignore_features: found `pt` twice, expected it once",
      "5:39: drift.ignore_features: found the number 4, expected a feature name; "
        + "if it is meant as text, write \"4\""),
  ]

  private static let texts: [BadFile] = [
    .adding(
      "journal: {path: 2026}",
      "5:17: journal.path: found the number 2026, expected a path; "
        + "if it is meant as text, write \"2026\""),
    .adding("journal: {path: \"\"}", "5:17: journal.path: found an empty text, expected a path"),
    .adding("journal: {path: }", "5:17: journal.path: found nothing, expected a path"),
    .adding(
      "journal: {path: \"a\\0b\"}",
      "5:17: journal.path: found a text with a control character, expected a path"),
    .adding(
      "http: {listen: 9464}",
      "5:16: http.listen: found the number 9464, expected HOST:PORT, or \"\" for no endpoint; "
        + "if it is meant as text, write \"9464\""),
    .adding(
      "http: {listen: localhost}",
      "5:16: http.listen: found `localhost`, expected HOST:PORT, or \"\" for no endpoint; "
        + "an IPv6 address stands in brackets: [::1]:9464"),
    .adding(
      "http: {listen: \"::1:9464\"}",
      "5:16: http.listen: found `::1:9464`, expected HOST:PORT, or \"\" for no endpoint; "
        + "an IPv6 address stands in brackets: [::1]:9464"),
    .adding(
      "http: {listen: localhost:70000}",
      "5:16: http.listen: found `localhost:70000`, expected a port from 0 to 65535"),
  ]

  @Test(arguments: lists) func badList(_ file: BadFile) { file.expectMessages() }
  @Test(arguments: numbers) func badNumber(_ file: BadFile) { file.expectMessages() }

  @Test(arguments: journal) func badJournal(_ file: BadFile) { file.expectMessages() }

  @Test(arguments: words) func badWord(_ file: BadFile) { file.expectMessages() }

  @Test(arguments: texts) func badText(_ file: BadFile) { file.expectMessages() }
}
