import Parallel
import Testing

/// How long it takes is nothing that a test may ask.
@Suite struct CorePingTests {
  @Test func oneProcessorHasNobodyToPing() {
    #expect(CorePing.nanoseconds(processors: 1) == nil)
    #expect(CorePing.nanoseconds(processors: 0) == nil)
  }

  /// It ends also where other tests have the processors.
  @Test func itEnds() {
    for _ in 0..<5 {
      if let time = CorePing.nanoseconds(processors: 2) { #expect(time > 0 && time.isFinite) }
    }
  }
}
