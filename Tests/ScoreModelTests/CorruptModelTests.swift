import DurableFiles
import ScoreModel
import Testing

/// A way to spoil the small model, and the fault that must follow.
struct Corruption: Sendable, CustomTestStringConvertible {
  let name: String
  var place: String?
  let found: String
  let expected: String
  var remedy: String?
  let spoil: @Sendable (inout FileDraft) -> Void

  var testDescription: String { name }
}

@Test(arguments: headerCorruptions + tensorCorruptions + metadataCorruptions)
func corruptionIsNamed(corruption: Corruption) {
  var draft = smallDraft()
  corruption.spoil(&draft)
  let fault = #expect(throws: FileFault.self) { try decode(draft.bytes) }
  #expect(
    fault
      == FileFault(
        file: "model.safetensors", place: corruption.place, found: corruption.found,
        expected: corruption.expected, remedy: corruption.remedy))
}

@Test func everyShorterFileIsRefused() {
  let bytes = smallModel().encoded()
  for count in 0..<bytes.count {
    #expect(throws: FileFault.self) { try decode(Array(bytes[..<count])) }
  }
  #expect(throws: FileFault.self) { try decode(bytes + [0]) }
}

/// Ten thousand files with one to four bytes changed, most of them in the header.
@Test func noMutationCrashes() {
  let whole = smallModel().encoded()
  var state: UInt64 = 1
  func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }
  var refused = 0
  for _ in 0..<10_000 {
    var bytes = whole
    for _ in 0...next(below: 4) {
      bytes[next(below: next(below: 4) == 0 ? whole.count : 1200)] = UInt8(next(below: 256))
    }
    do {
      _ = try decode(bytes)
    } catch {
      #expect(error is FileFault)
      refused += 1
    }
  }
  #expect(refused > 5_000)
}
