import Diagnostics
import DogeModel
import Generation
import Kernels
import TestSupport
import Testing

/// Text that a model writes to calibrate with.
@Suite struct SelfWrittenTextTests {
  private func write(
    threads: Int = 2, sequences: Int = 5, length: Int = 24, seed: UInt64 = 0
  ) throws -> [[Int]] {
    let model = try model("doge-nano", threads: threads)
    return try SelfWrittenText.write(
      by: model, beginning: 0, sequences: sequences, length: length, seed: seed)
  }

  @Test func sequencesBeginTextsAndAreAsLongAsWanted() throws {
    let written = try write()
    #expect(written.count == 5)
    #expect(written.allSatisfy { $0.count == 24 && $0.first == 0 })
    #expect(Set(written).count == 5)
  }

  /// A recipe can be replayed: the seed decides, not threads or what else is written.
  @Test func theSeedDecides() throws {
    let written = try write()
    #expect(try write(threads: 1) == written)
    #expect(try write(sequences: 3) == Array(written.prefix(3)))
    #expect(try write(seed: 2).first == written[2])
    #expect(try write(seed: 9) != written)
  }

  @Test func noLongerThanTheModelsContext() throws {
    let model = try model("reference/e6-gqa-tied-bf16")
    let longest = model.config.maxPositions
    let written = try SelfWrittenText.write(
      by: model, beginning: 1, sequences: 1, length: longest + 1)
    #expect(written.map(\.count) == [longest])
  }

  @Test func cancelling() throws {
    struct Cancelled: ProgressSink {
      func report(_ event: ProgressEvent) {}
      var isCancelled: Bool { true }
    }
    let model = try model("doge-nano")
    #expect(throws: Interruption.self) {
      try SelfWrittenText.write(by: model, beginning: 0, progress: Cancelled())
    }
  }
}
