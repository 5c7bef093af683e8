import ScoreEngine
import Testing

@Suite struct InstructionSetTests {
  @Test func theReferenceAndTheBestAreAvailable() {
    #expect(InstructionSet.scalar.isAvailable)
    #expect(InstructionSet.best.isAvailable)
    #expect(InstructionSet.available.contains(.best))
  }

  @Test(arguments: InstructionSet.available)
  func anAvailableSetIsFoundByName(set: InstructionSet) throws {
    #expect(try InstructionSet.named(set.rawValue) == set)
  }

  @Test(arguments: ["sse9", "", "AVX2"])
  func anUnknownNameIsRefusedWithTheKnownOnes(name: String) {
    let error = #expect(throws: InstructionSetError.self) { try InstructionSet.named(name) }
    let text = error?.description ?? ""
    #expect(text.contains("\"\(name)\" is not an instruction set"))
    for set in InstructionSet.available { #expect(text.contains(set.rawValue)) }
  }

  @Test(arguments: InstructionSet.allCases.filter { !$0.isAvailable })
  func aSetOfOtherProcessorsIsRefused(set: InstructionSet) {
    let error = #expect(throws: InstructionSetError.self) { try InstructionSet.named(set.rawValue) }
    #expect(error?.description.contains("not available") == true)
  }
}
