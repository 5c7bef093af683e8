import DurableFiles
import ScoreModel
import Testing

/// The distance in a model file.
@Suite struct DistanceFileTests {
  private func distanceModel() -> TrainedModel {
    var model = smallModel()
    model.distance = NeighbourDistance(
      prototypes: [1, 2, 3, -0.5, 0, 1e-3, 7, 8, 9, 0.25, 0.5, 0.75], count: 4, weight: 0.3)
    return model
  }

  @Test func itReadsBackToTheBit() throws {
    let model = distanceModel()
    let loaded = try decode(model.encoded())
    #expect(loaded.model == model)
    #expect(loaded.notes == [])
    let text = String(decoding: model.encoded(), as: UTF8.self)
    // A program that does not know the distance must not score without it.
    #expect(text.contains("tamis-model/2"))
    #expect(!String(decoding: smallModel().encoded(), as: UTF8.self).contains("tamis-model/2"))
  }

  /// Pinned: the same model has the same bytes on every machine and in every version.
  @Test func bytesNeverChange() {
    #expect(
      distanceModel().encoded().withUnsafeBytes { SHA256Digest(of: $0).description }
        == "a0ecfb6098ac0e59efa49ae2f5ebcf2e2c79f5782332d1c92f035f265bf7b82a")
  }

  @Test func inspectionNamesIt() throws {
    let facts = ModelInspection(try decode(distanceModel().encoded())).facts
    #expect(
      facts.first { $0.name == "distance" }?.value
        == "weight 0.3 times the squared distance to the nearest of 4 training events")
    #expect(
      !ModelInspection(try decode(smallModel().encoded())).facts.contains { $0.name == "distance" })
  }

  @Test(arguments: [
    ([0, 3], [] as [Float], [1], [1] as [Float], "tensor distance.prototypes"),
    ([2, 2], [1, 2, 3, 4], [1], [1], "tensor distance.prototypes"),
    ([6], [1, 2, 3, 4, 5, 6], [1], [1], "tensor distance.prototypes"),
    ([1, 3], [1, .nan, 3], [1], [1], "tensor distance.prototypes"),
    ([1, 3], [1, 2, .infinity], [1], [1], "tensor distance.prototypes"),
    ([1, 3], [1, 2, 3], [1], [0], "tensor distance.weight"),
    ([1, 3], [1, 2, 3], [1], [-1], "tensor distance.weight"),
    ([1, 3], [1, 2, 3], [1], [.nan], "tensor distance.weight"),
    ([1, 3], [1, 2, 3], [2], [1, 1], "tensor distance.weight"),
  ])
  func wrongOnesAreRefusedByName(
    shape: [Int], values: [Float], weightShape: [Int], weight: [Float], place: String
  ) {
    var draft = smallDraft()
    draft.append("distance.prototypes", shape, values)
    draft.append("distance.weight", weightShape, weight)
    let fault = #expect(throws: FileFault.self) { try decode(draft.bytes) }
    #expect(fault?.place?.hasPrefix(place) == true, "\(fault?.place ?? "")")
  }

  @Test(arguments: ["distance.prototypes", "distance.weight"])
  func oneWithoutTheOtherIsRefused(missing: String) {
    var draft = smallDraft()
    draft.append("distance.prototypes", [1, 3], [1, 2, 3])
    draft.append("distance.weight", [1], [1])
    draft.remove(missing)
    let fault = #expect(throws: FileFault.self) { try decode(draft.bytes) }
    #expect(fault?.description.contains(missing) == true)
  }

  @Test func aFormatThatPromisesOneNeedsIt() {
    var draft = smallDraft()
    draft.metadata = [("format", "tamis-model/2")]
    let fault = #expect(throws: FileFault.self) { try decode(draft.bytes) }
    #expect(fault?.description.contains("distance.prototypes") == true)
  }
}
