internal import DaemonConfiguration
internal import Testing

@Suite struct BadStructureTests {
  private static let keys: [BadFile] = [
    .adding(
      "unbiased: {prescal: 5}",
      "5:12: unbiased: found the unknown key `prescal`, expected prescale; "
        + "did you mean `prescale`?"),
    .adding(
      "engine: {batch-max: 5}",
      "5:10: engine: found the unknown key `batch-max`, "
        + "expected \(sectionKeys("engine")); did you mean `batch_max`?"),
    .adding(
      "Log: {level: info}",
      "5:1: found the unknown key `Log`, "
        + "expected \(topKeys); did you mean `log`?"),
    .adding(
      "journal: {prescale: 5}",
      "5:11: journal: found the unknown key `prescale`, "
        + "expected \(sectionKeys("journal")); did you mean `unbiased.prescale`?"
    ),
    .adding(
      "http: {zebra: 5}",
      "5:8: http: found the unknown key `zebra`, expected \(sectionKeys("http"))"),
    .adding(
      "7: x",
      "5:1: found the unknown key `7`, expected \(topKeys)"),
    .adding("? [a]\n: x", "5:3: found a key that is not a word, expected a word"),
  ]

  private static let duplicates: [BadFile] = [
    .adding(
      "model: n",
      "5:1: found the key `model` twice, expected it once; the first is in line 1"),
    .adding(
      "\"model\": n",
      "5:1: found the key `model` twice, expected it once; the first is in line 1"),
    .adding(
      "engine:\n  workers: 1\n  # and\n\n  workers: 2\n  slots: no\n",
      "9:3: found the key `workers` twice, expected it once; the first is in line 6",
      "10:10: engine.slots: found `no`, expected a whole number from 1 to 16777216"),
    .adding(
      "engine:\n  workers: 1\nengine:\n  batch_max: 0\n",
      "7:1: found the key `engine` twice, expected it once; the first is in line 5"),
    .adding(
      "engine: {workers: 1, workers: 2}",
      "5:10: found the key `workers` twice, expected it once"),
  ]

  private static let sections: [BadFile] = [
    .adding(
      "engine: 5",
      "5:9: engine: found the number 5, expected keys of its own; "
        + "indent them by two spaces below `engine:`"),
    .adding(
      "engine: [workers]",
      "5:9: engine: found a list, expected keys of its own; "
        + "indent them by two spaces below `engine:`"),
    .adding(
      "engine: &e {workers: 1}",
      "5:9: engine: found the anchor &e, expected a plain value; "
        + "write the value at each place where it is used; aliases are not supported"),
    .adding(
      "instance: &n 5\nunbiased: {prescale: *n}",
      "5:11: instance: found the anchor &n, expected a plain value; "
        + "write the value at each place where it is used; aliases are not supported",
      "5:11: unbiased.prescale: found the anchor &n, expected a plain value; "
        + "write the value at each place where it is used; aliases are not supported"),
    .adding(
      "engine: {<<: {workers: 1}}",
      "5:10: engine: found the merge key <<, expected a key; "
        + "write the keys at each place where they are used; merging is not supported"),
    .adding(
      "instance: !number 5", "5:11: instance: found the tag !number, expected a value without a tag"
    ),
    BadFile("empty", "", "found an empty file, expected a configuration"),
    BadFile("comments", "# nothing\n", "found an empty file, expected a configuration"),
    BadFile(
      "a list", "- model\n", "1:1: found a list, expected keys such as `model: model.safetensors`"),
    BadFile(
      "all missing", "instance: 1\n",
      "1:1: model: found nothing, expected the path of the model file",
      "1:1: calibration: found nothing, expected the path of the calibration file",
      "1:1: input: found neither `connect` nor `bind`, expected an address in one of them; "
        + "write, for example, `connect: [tcp://127.0.0.1:5555]`",
      "1:1: output: found neither `connect` nor `bind`, expected an address in one of them; "
        + "write, for example, `connect: [tcp://127.0.0.1:5555]`"),
  ]

  private static let syntax: [BadFile] = [
    BadFile(
      "colon", "model: a: b\n",
      "1:9: found something that is not YAML (mapping values are not allowed in this context), "
        + "expected lines of `key: value`; "
        + "look at the indentation, the colons and the quotes there and just above"),
    BadFile(
      "tab", "engine:\n\tworkers: 1\n",
      "2:1: found a tab in the indentation, expected spaces; "
        + "replace it by two spaces for each level"),
    BadFile(
      "two documents", "model: m\n---\nmodel: n\n",
      "2:1: found something that is not YAML (expected a single document in the stream: "
        + "but found another document), expected lines of `key: value`; "
        + "look at the indentation, the colons and the quotes there and just above"),
    BadFile(
      "alias without anchor", "model: *m\n",
      "1:8: found something that is not YAML (found undefined alias), "
        + "expected lines of `key: value`; "
        + "look at the indentation, the colons and the quotes there and just above"),
  ]

  @Test(arguments: keys) func badKey(_ file: BadFile) { file.expectMessages() }

  @Test(arguments: duplicates) func duplicateKey(_ file: BadFile) { file.expectMessages() }

  @Test(arguments: sections) func badSection(_ file: BadFile) { file.expectMessages() }

  @Test(arguments: syntax) func badSyntax(_ file: BadFile) { file.expectMessages() }

  @Test func allFaultsAreToldAtOnceInReadingOrder() {
    BadFile(
      "many",
      """
      modle: m
      calibration: c
      input:
        pattern: pul
        connect: [127.0.0.1:5555]
      output:
        bind: [tcp://*:5556]
        topic: x
      engine:
        workers: "2"
        workers: 3
      """,
      "1:1: model: found nothing, expected the path of the model file",
      "1:1: found the unknown key `modle`, expected \(topKeys); did you mean `model`?",
      "4:12: input.pattern: found `pul`, expected pull or sub; did you mean `pull`?",
      "5:13: input.connect: found `127.0.0.1:5555`, expected tcp://HOST:PORT or ipc://PATH; "
        + "did you mean `tcp://127.0.0.1:5555`?",
      "8:3: output: found the unknown key `topic`, expected \(sectionKeys("output")); "
        + "did you mean `input.topic`?",
      "10:12: engine.workers: found the text \"2\", expected a whole number from 0 to 256; "
        + "remove the quotes",
      "11:3: found the key `workers` twice, expected it once; the first is in line 10"
    ).expectMessages()
  }
}

@Suite struct UnreadableFileTests {
  private func message(_ path: String) -> String? {
    let faults = #expect(throws: ConfigurationFaults.self) { try DaemonConfiguration.load(path) }
    return faults?.description
  }

  @Test func missingFile() {
    #expect(
      message("/nowhere/tamisd.yaml")
        == "/nowhere/tamisd.yaml: found a file that cannot be read (No such file or directory), "
        + "expected a readable YAML configuration; check the path and the file's mode")
  }

  @Test func folder() {
    #expect(
      message("/tmp")
        == "/tmp: found a folder, "
        + "expected a readable YAML configuration; check the path and the file's mode")
  }

  @Test func notText() throws {
    try withTemporaryFile([0x6D, 0xFF, 0xFE]) { path in
      #expect(
        message(path) == "\(path): found bytes that are not UTF-8, "
          + "expected a readable YAML configuration; save it as UTF-8 text")
    }
  }

  @Test func tooLarge() throws {
    try withTemporaryFile(Array(repeating: 0x23, count: 1_048_577)) { path in
      #expect(
        message(path) == "\(path): found more than 1 MiB, "
          + "expected a readable YAML configuration; check that this is the file meant")
    }
  }
}
