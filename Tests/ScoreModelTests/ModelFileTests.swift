import DurableFiles
import Glibc
import ScoreModel
import Testing

@Test func aWrittenModelReadsBackToTheBit() throws {
  let model = smallModel()
  let loaded = try decode(model.encoded())
  #expect(loaded.model == model)
  #expect(loaded.notes == [])
  #expect(loaded.model.encoded() == model.encoded())
}

@Test func optionalPartsMayBeAbsent() throws {
  var model = smallModel()
  model.featureNames = nil
  model.trainingRecord = nil
  model.standardiser.clip = nil
  model.standardiser.isLogarithmic = [false, false, false]
  let loaded = try decode(model.encoded())
  #expect(loaded.model == model)
  #expect(loaded.model.schema == 0)
  #expect(
    loaded.notes.map { $0.prefix(while: { $0 != ":" }) } == [
      "metadata feature_names", "metadata training",
    ])
}

/// Pinned: the same model has the same bytes on every machine and in every version.
@Test func bytesNeverChange() {
  #expect(
    smallModel().encoded().withUnsafeBytes { SHA256Digest(of: $0).description }
      == "30f6123a5f86e9fb0db066d8e27839d34f075a19ea4f22eb3e87ce545eb1fc87")
}

@Test func headerIsPaddedToAlignTheTensors() throws {
  let bytes = smallModel().encoded()
  let length = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
  #expect(length % 8 == 0)
  #expect(bytes[8] == UInt8(ascii: "{"))
}

@Test(arguments: [
  Float(1) / 3, 0.1, .leastNormalMagnitude / 3, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0,
])
func weightsOfTheScoringKeepTheirBits(weight: Float) throws {
  var model = smallModel()
  model.scoring.weights = [weight, 1]
  #expect(try decode(model.encoded()).model.scoring.weights[0].bitPattern == weight.bitPattern)
}

@Test func filesAreWrittenWholeAndNotReplacedUnasked() throws {
  var template = Array("/tmp/tamis-model-XXXXXX".utf8CString)
  let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
  let path = "\(folder)/model.safetensors"
  defer {
    unlink(path)
    rmdir(folder)
  }
  let model = smallModel()
  try model.write(to: path, replacing: false)
  let loaded = try TrainedModel.load(path)
  #expect(loaded.model == model)
  #expect(loaded.path == path)
  #expect(loaded.sha256 == model.encoded().withUnsafeBytes { SHA256Digest(of: $0) })
  #expect(throws: FileFault.self) { try model.write(to: path, replacing: false) }
  try model.write(to: path, replacing: true)
}

@Test func aModelThatCouldNotBeReadIsNotWritten() {
  var model = smallModel()
  model.parameters.values[0] = .nan
  let fault = #expect(throws: FileFault.self) {
    try model.write(to: "/nonexistent/model.safetensors", replacing: true)
  }
  #expect(fault?.place == "tensor sigma_embed.weight, element 0 (row 0, column 0)")
}

@Test func aMissingFileIsASystemCallError() {
  #expect(throws: SystemCallError.self) {
    try TrainedModel.load("/nonexistent/model.safetensors")
  }
}

@Test func schemaIsTheDigestOfTheJoinedNames() {
  var model = smallModel()
  model.featureNames = ["a", "b", "c"]
  // printf 'a\nb\nc' | sha256sum
  #expect(model.schema == 0x8bb0_7fea)
}

@Test func inspectionStatesTheFacts() throws {
  let lines = ModelInspection(try decode(smallModel().encoded())).lines
  #expect(lines[0] == "file: model.safetensors")
  #expect(lines.contains("noise levels: 5.0, 1.25, 0.3, 0.07, 0.01"))
  #expect(
    lines.contains(
      "network: 3 features, hidden width 16, 2 blocks, 5 noise levels, 739 parameters"))
  #expect(lines.contains("standardiser: 1 feature as log(1 + x), |z| cut at 10.0"))
  #expect(
    lines.contains(
      "scoring: levels 3, 1 (sigma 0.07, 1.25), weights 0.33333334, 0.1, output noise"))
  #expect(lines.contains("training seed: 18446744073709551615"))
}
