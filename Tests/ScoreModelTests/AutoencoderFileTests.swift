import DurableFiles
import ScoreModel
import Testing

/// 3 features, hidden layers of 5, 2 and 4.
private func smallAutoencoder() -> TrainedModel {
  var parameters = NetworkParameters(
    zeros: NetworkShape(featureCount: 3, autoencoder: [5, 2, 4]))
  for index in parameters.values.indices { parameters.values[index] = Float(index % 17 - 8) / 8 }
  return TrainedModel(
    autoencoder: parameters,
    standardiser: Standardiser(
      mean: [0.5, -1, 1e-3], scale: [1, 2.5, 0.1], isLogarithmic: [false, true, false], clip: 10),
    featureNames: ["a", "b", "c"], trainingRecord: "{\"seed\": 1}")
}

/// The same as a draft, put together by hand.
private func autoencoderDraft() -> FileDraft {
  let model = smallAutoencoder()
  var draft = FileDraft()
  draft.metadata = [("network", "autoencoder")]
  var start = 0
  for (layer, sizes) in [(5, 3), (2, 5), (4, 2), (3, 4)].enumerated() {
    let (rows, columns) = sizes
    let values = Array(model.parameters.values[start...])
    draft.append("layers.\(layer).weight", [rows, columns], Array(values[..<(rows * columns)]))
    draft.append(
      "layers.\(layer).bias", [rows], Array(values[(rows * columns)..<(rows * columns + rows)]))
    start += rows * columns + rows
  }
  draft.append("scaler.mean", [3], model.standardiser.mean)
  draft.append("scaler.scale", [3], model.standardiser.scale)
  return draft
}

@Test func aWrittenAutoencoderReadsBackToTheBit() throws {
  let model = smallAutoencoder()
  let loaded = try decode(model.encoded())
  #expect(loaded.model == model && loaded.notes == [])
  #expect(loaded.model.encoded() == model.encoded())
  #expect(loaded.model.kind == .autoencoder && loaded.model.shape.hiddenLayers == [5, 2, 4])
  #expect(loaded.model.shape.parameterCount == 20 + 12 + 12 + 15)
  #expect(loaded.model.scoring == .reconstruction && loaded.model.sigmas == [0])
}

@Test func anAutoencodersTensorsAreThoseOfItsLayers() throws {
  let loaded = try decode(autoencoderDraft().bytes)
  #expect(loaded.model.parameters == smallAutoencoder().parameters)
  #expect(!loaded.notes.contains { $0.contains("scoring") })
}

/// Files from before the key was there, and those that state it.
@Test(arguments: [nil, "score"])
func aFileIsAScoreNetworksUnlessItSaysOtherwise(key: String?) throws {
  var draft = smallDraft()
  draft.metadata = key.map { [("network", $0)] } ?? []
  #expect(try decode(draft.bytes).model.kind == .score)
}

@Test func aScoringOfAnAutoencoderHasNoEffect() throws {
  var draft = autoencoderDraft()
  draft.metadata.append(("scoring", "{\"levels\": [7]}"))
  let loaded = try decode(draft.bytes)
  #expect(loaded.model.scoring == .reconstruction)
  #expect(loaded.notes.contains { $0.contains("metadata scoring") && $0.contains("no effect") })
}

private let missing = "all tensors of the network, named as in the PyTorch module's state_dict"

private let autoencoderCorruptions: [Corruption] = [
  Corruption(
    name: "an unknown kind", place: "metadata network", found: "\"forest\"",
    expected: "\"score\" or \"autoencoder\"", remedy: "use the program version that wrote it"
  ) { $0.metadata = [("network", "forest")] },
  Corruption(
    name: "a lost key", place: "metadata network",
    found: "no such key beside a tensor layers.0.weight", expected: "\"autoencoder\"",
    remedy: "add the key where the file is an autoencoder's"
  ) { $0.metadata = [] },
  Corruption(
    name: "a score network's key", place: "tensor input_proj.weight", found: "no such tensor",
    expected: missing, remedy: "write the model again with this tensor"
  ) { $0.metadata = [("network", "score")] },
  Corruption(
    name: "a gap in the layers", place: "tensor layers.1.weight", found: "no such tensor",
    expected: missing, remedy: "write the model again with this tensor"
  ) { $0.remove("layers.1.weight") },
  Corruption(
    name: "a missing bias", place: "tensor layers.3.bias", found: "no such tensor",
    expected: missing, remedy: "write the model again with this tensor"
  ) { $0.remove("layers.3.bias") },
  Corruption(
    name: "a layer far away", place: "tensor layers.4.weight", found: "no such tensor",
    expected: missing, remedy: "write the model again with this tensor"
  ) { $0.append("layers.9223372036854775807.bias", [1], [0]) },
  Corruption(
    name: "layers that do not fit", place: "tensor layers.2.weight", found: "1 column",
    expected: "2, one for each row of the layer before it"
  ) {
    $0["layers.2.weight"].shape = [4, 1]
    $0["layers.2.weight"].bytes.removeLast(16)
  },
  Corruption(
    name: "outputs that are not the features", place: "tensor layers.3.weight", found: "2 rows",
    expected: "3, as many as layers.0.weight has columns"
  ) {
    $0["layers.3.weight"].shape = [2, 4]
    $0["layers.3.weight"].bytes.removeLast(16)
  },
  Corruption(
    name: "a layer of nothing", place: "tensor layers.1.weight", found: "no rows",
    expected: "at least one"
  ) {
    $0["layers.1.weight"].shape = [0, 5]
    $0["layers.1.weight"].bytes = []
  },
  Corruption(
    name: "a huge layer of an unknown type", place: "tensor layers.0.weight",
    found: "elements of type F4", expected: "F32 or F64",
    remedy: "convert the model to float32 before it is saved"
  ) {
    $0["layers.0.weight"].type = "F4"
    $0["layers.0.weight"].shape = [1 << 62, 3]
  },
  Corruption(
    name: "a huge layer of nothing", place: "tensor layers.1.weight", found: "5 columns",
    expected: "4611686018427387904, one for each row of the layer before it"
  ) {
    $0["layers.0.weight"].shape = [1 << 62, 0]
    $0["layers.0.weight"].bytes = []
  },
  Corruption(
    name: "a wrong bias", place: "tensor layers.1.bias", found: "shape (3)",
    expected: "shape (2)"
  ) {
    $0["layers.1.bias"].shape = [3]
    $0["layers.1.bias"].bytes += littleEndian([Float(1)])
  },
]

@Test(arguments: autoencoderCorruptions)
func aSpoiltAutoencoderIsNamed(corruption: Corruption) {
  var draft = autoencoderDraft()
  corruption.spoil(&draft)
  let fault = #expect(throws: FileFault.self) { try decode(draft.bytes) }
  #expect(
    fault
      == FileFault(
        file: "model.safetensors", place: corruption.place, found: corruption.found,
        expected: corruption.expected, remedy: corruption.remedy))
}

@Test func inspectionSaysAutoencoder() throws {
  let lines = ModelInspection(try decode(smallAutoencoder().encoded())).lines
  #expect(lines.contains("kind: autoencoder"))
  #expect(lines.contains("network: 3 features, hidden layers of 5, 2, 4, 59 parameters"))
  #expect(lines.contains("scoring: sum of squared residuals"))
  #expect(!lines.contains { $0.hasPrefix("noise levels") })
}

/// Two thousand files with some bytes changed, most of them in the header.
@Test func noMutationOfAnAutoencoderCrashes() {
  let whole = smallAutoencoder().encoded()
  var state: UInt64 = 3
  func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }
  var refused = 0
  for _ in 0..<2_000 {
    var bytes = whole
    for _ in 0...next(below: 4) { bytes[next(below: 1_000)] = UInt8(next(below: 256)) }
    do {
      _ = try decode(bytes)
    } catch {
      #expect(error is FileFault)
      refused += 1
    }
  }
  #expect(refused > 1_000)
}
