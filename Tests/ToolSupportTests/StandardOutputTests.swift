import Foundation
import Testing
import ToolSupport

@Suite struct StandardOutputTests {
  @Test func buffersUntilFlushed() throws {
    let transcript = Transcript()
    let output = StandardOutput { bytes throws(OutputError) in
      transcript.append(String(decoding: bytes, as: UTF8.self))
    }
    try output.write("a")
    try output.writeLine("b")
    #expect(transcript.text == "")
    try output.flush()
    try output.flush()
    #expect(transcript.text == "ab\n")
    try output.write("c")
    output.discard()
    try output.flush()
    #expect(transcript.text == "ab\n")
  }

  @Test func fullBufferIsHandedOn() throws {
    let transcript = Transcript()
    let output = StandardOutput { bytes throws(OutputError) in
      transcript.append(String(decoding: bytes, as: UTF8.self))
    }
    let text = String(repeating: "x", count: 100_000)
    try output.write(text)
    #expect(transcript.text == text)
  }

  @Test func writesThroughAPipeInParts() async throws {
    let pipe = Pipe()
    let text = String(repeating: "0123456789", count: 50_000)
    let reader = Task.detached { try pipe.fileHandleForReading.readToEnd() }
    let output = StandardOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    try output.write(text)
    try output.flush()
    try pipe.fileHandleForWriting.close()
    #expect(try await reader.value == Data(text.utf8))
  }

  @Test func readerThatLeavesIsTold() throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    let output = StandardOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    try output.write("a")
    #expect(throws: OutputError.readerGone) { try output.flush() }
  }

  #if os(Linux)
    @Test func fullDiskIsTold() throws {
      let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
      let output = StandardOutput(descriptor: full.fileDescriptor)
      try output.write("a")
      let error = #expect(throws: OutputError.self) { try output.flush() }
      #expect(error?.diagnostic.kind == .inputOutput)
      #expect(error?.diagnostic.message.contains("No space left on device") == true)
    }
  #endif
}
