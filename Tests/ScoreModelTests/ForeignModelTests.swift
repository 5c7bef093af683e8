import DurableFiles
import ScoreModel
import Testing

@Test func aStateDictLoadsWithStatedDefaults() throws {
  let loaded = try decode(smallDraft().bytes)
  let model = smallModel()
  #expect(loaded.model.parameters == model.parameters)
  #expect(loaded.model.sigmas == model.sigmas)
  #expect(loaded.model.standardiser == Standardiser(mean: [0.5, -1, 1e-3], scale: [1, 2.5, 0.1]))
  #expect(loaded.model.featureNames == nil)
  #expect(loaded.model.trainingRecord == nil)
  #expect(loaded.model.scoring == Scoring(levels: [2, 3, 4], output: .score))
  #expect(
    loaded.notes.map { $0.prefix(while: { $0 != ":" }) } == [
      "metadata format", "metadata scoring", "metadata feature_names", "metadata training",
    ])
  #expect(loaded.notes[1].contains("often poor"))
}

@Test(
  arguments: [
    ([0.01, 0.3, 5, 0.07, 1.25], [0, 1, 3]),
    ([5, 4, 3, 2, 1], [2, 3, 4]),
    ([1, 2, 3, 4, 5], [0, 1, 2]),
  ] as [([Float], [Int])])
func defaultLevelsAreThoseOfLowestNoise(sigmas: [Float], levels: [Int]) throws {
  var draft = smallDraft()
  draft["sigmas"].bytes = littleEndian(sigmas)
  #expect(try decode(draft.bytes).model.scoring.levels == levels)
}

@Test func doublePrecisionIsRoundedWithANote() throws {
  var draft = smallDraft()
  draft["scaler.mean"].type = "F64"
  draft["scaler.mean"].bytes = littleEndian([0.1, -1, 1e-3])
  let loaded = try decode(draft.bytes)
  #expect(loaded.model.standardiser.mean == [0.1, -1, 1e-3])
  #expect(loaded.notes.contains("tensor scaler.mean: float64 rounded to float32"))
}

@Test func foreignTensorsAreNotedAndIgnored() throws {
  var draft = smallDraft()
  draft.tensors.insert(
    .init(name: "step", type: "I64", shape: [], bytes: [1, 0, 0, 0, 0, 0, 0, 0]), at: 0)
  draft.tensors.insert(.init(name: "blocks.00.1.weight", type: "F4", shape: [3], bytes: [9]), at: 1)
  draft.tensors.insert(.init(name: "none", type: "F32", shape: [0], bytes: []), at: 2)
  let loaded = try decode(draft.bytes)
  #expect(loaded.model.parameters == smallModel().parameters)
  #expect(loaded.notes.filter { $0.hasSuffix("has no effect") }.count == 3)
}

/// As torch.compile and DataParallel name the tensors of a whole module, of a part, or both.
@Test(arguments: [
  ("_orig_mod.", "", "torch.compile"), ("module.", "", "DataParallel"),
  ("module._orig_mod.", "", "DataParallel"), ("", "_orig_mod.", "torch.compile"),
])
func namesOfAWrappedModuleAreRefusedWithTheRemedy(
  prefix: String, infix: String, maker: String
) throws {
  var draft = smallDraft()
  for index in draft.tensors.indices {
    let name = draft.tensors[index].name
    let inside = name.hasPrefix("blocks.0.") ? "blocks.0.\(infix)\(name.dropFirst(9))" : name
    if name != "sigmas" { draft.tensors[index].name = prefix + inside }
  }
  let fault = #expect(throws: FileFault.self) { try decode(draft.bytes) }
  let text = "\(try #require(fault))"
  #expect(text.contains(maker))
  let first = (prefix + infix).split(separator: ".")[0]
  #expect(text.contains("key.replace(\"\(first).\", \"\")"))
}

/// A network inside another module.
@Test func namesOfAPartAreRefusedWithTheRemedy() throws {
  var draft = smallDraft()
  for index in draft.tensors.indices {
    draft.tensors[index].name = "net." + draft.tensors[index].name
  }
  let fault = #expect(throws: FileFault.self) { try decode(draft.bytes) }
  #expect("\(try #require(fault))".contains("begin with `net.`: save the state_dict of that part"))
}

@Test(arguments: [[], [1]])
func clipMayBeAScalarOrAVector(shape: [Int]) throws {
  var draft = smallDraft()
  draft.append("scaler.clip", shape, [7.5])
  #expect(try decode(draft.bytes).model.standardiser.clip == 7.5)
}

@Test func weightsAndOutputOfAScoringHaveDefaults() throws {
  var draft = smallDraft()
  draft.metadata = [("scoring", "{\"levels\": [4, 0], \"remark\": 1}")]
  let loaded = try decode(draft.bytes)
  #expect(loaded.model.scoring == Scoring(levels: [4, 0], output: .score))
  #expect(loaded.notes.filter { $0.hasPrefix("metadata scoring") }.count == 3)
}

@Test func headersOfAnyPaddingAndOrderLoad() throws {
  for padding in 0..<9 {
    var draft = smallDraft()
    draft.headerPadding = padding
    draft.tensors.swapAt(0, 5)
    #expect(try decode(draft.bytes).model.parameters == smallModel().parameters)
  }
}
