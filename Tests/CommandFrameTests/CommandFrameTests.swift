import CommandFrame
import Testing

@Suite struct CommandFrameTests {
  @Test func versionNamesProgramVersionAndInstructionSet() {
    let text = versionText(of: "tamis")
    #expect(text.hasPrefix("tamis \(programVersion) ("))
    #expect(text.contains("instruction set"))
  }

  @Test func aNegativeAnswerSaysWhatItWasGiven() {
    #expect("\(NegativeAnswer(description: "no event came"))" == "no event came")
  }
}
