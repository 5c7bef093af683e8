internal import CurveSecurity
internal import Testing
internal import TriggerPipeline

/// What ZeroMQ may hold for the input, whatever is sent.
@Suite struct InputQueueBoundTests {
  private func bound(_ change: (inout PipelineSettings) -> Void) -> InputQueueBound {
    var settings = PipelineSettings()
    settings.inputBind = ["tcp://*:1"]
    change(&settings)
    return InputQueueBound(settings)
  }

  @Test func smallMessagesKeepTheHighWaterMark() {
    let bound = bound { $0.messageByteCountMax = 65_536 }
    #expect(bound.messageCountMax == 1_000)
    #expect(bound.messageByteCountMax == 131_072)
  }

  @Test func largeOnesAreFewer() {
    #expect(bound { $0.messageByteCountMax = 1 << 20 }.messageCountMax == 256)
    #expect(bound { $0.messageByteCountMax = 1 << 30 }.messageCountMax == 1)
  }

  @Test func connectionsMadeAndTakenCount() {
    let bound = bound {
      $0.messageByteCountMax = 1_000
      $0.inputHighWaterMark = 9
      $0.security.connectionCountMax = 4
      $0.inputConnect = ["tcp://a:1", "tcp://b:1"]
    }
    #expect(bound.connectionCountMax == 6)
    #expect(bound.byteCountMax == 10 * 2_000 * 6 + (64 << 20))
  }

  @Test func allTogetherKeepTheTotal() {
    let total = bound { $0.inputTotalByteCountMax = 100 << 20 }
    #expect(total.byteCountMax == 164 << 20)
    #expect(
      bound {
        $0.messageByteCountMax = .max
        $0.security.connectionCountMax = 10_000
        $0.inputTotalByteCountMax = .max
      }.byteCountMax == .max)
  }
}
