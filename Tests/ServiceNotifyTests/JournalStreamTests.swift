import Glibc
import ServiceNotify
import Testing

@Suite struct JournalStreamTests {
  @Test func onlyTheNamedStreamIsTheJournals() throws {
    var pipes: [CInt] = [0, 0]
    try #require(pipe(&pipes) == 0)
    defer { for descriptor in pipes { close(descriptor) } }
    var status = stat()
    fstat(pipes[1], &status)
    #expect(isJournalStream(pipes[1], stream: "\(status.st_dev):\(status.st_ino)"))
    // A stream that was redirected since, nonsense, and no stream at all.
    #expect(!isJournalStream(pipes[1], stream: "\(status.st_dev):\(status.st_ino + 1)"))
    #expect(!isJournalStream(pipes[1], stream: "\(status.st_dev)"))
    #expect(!isJournalStream(pipes[1], stream: ""))
    #expect(!isJournalStream(-1, stream: "1:1"))
  }
}
