import Diagnostics
import Synchronization
import Testing
import ToolSupport

@Suite struct ProgressRendererTests {
  /// A renderer with a clock that the test moves.
  private final class Stage: Sendable {
    let transcript = Transcript()
    let time = Mutex(100.0)

    func renderer(_ style: ProgressRenderer.Style, width: Int = 80) -> ProgressRenderer {
      ProgressRenderer(
        style: style, sink: { self.transcript.append($0) }, width: { width },
        now: { self.time.withLock { $0 } })
    }

    func pass(_ seconds: Double) { time.withLock { $0 += seconds } }

    /// The lines drawn over each other, without the controls that clear them.
    var drawn: [String] {
      transcript.text.split(separator: "\r").map { String($0.replacing("\u{1B}[K", with: "")) }
    }
  }

  @Test func barShowsRateAndTimeLeft() {
    let stage = Stage()
    let renderer = stage.renderer(.bar, width: 75)
    renderer.report(.began(phase: "quantizing", total: 40_000_000, unit: .bytes))
    stage.pass(2)
    renderer.report(.advanced(by: 10_000_000))
    renderer.report(.ended)
    #expect(
      stage.drawn == [
        "quantizing  [                              ]    0%",
        "quantizing  [=======                       ]   25%  5.0 MB/s  0:06 left",
        "",
      ])
    #expect(stage.transcript.text.hasSuffix("\r\u{1B}[K"))
  }

  @Test func barIsDrawnTenTimesInASecond() {
    let stage = Stage()
    let renderer = stage.renderer(.bar)
    renderer.report(.began(phase: "reading", total: 1000, unit: .items))
    for _ in 0..<1000 {
      stage.pass(0.001)
      renderer.report(.advanced(by: 1))
    }
    #expect((10...11).contains(stage.drawn.count))
  }

  @Test(arguments: [1, 5, 20, 40, 60, 200])
  func barFitsTheTerminal(_ width: Int) {
    let stage = Stage()
    let renderer = stage.renderer(.bar, width: width)
    renderer.report(.began(phase: "größe\n", total: 7, unit: .tokens))
    stage.pass(1)
    renderer.report(.advanced(by: 9))
    #expect(stage.drawn.count == 2)
    for line in stage.drawn {
      #expect(displayWidth(line) <= max(1, width - 1))
      #expect(!line.contains("\n"))
    }
  }

  @Test func unknownTotalsShowAmounts() {
    let stage = Stage()
    let renderer = stage.renderer(.bar)
    renderer.report(.began(phase: "generating", total: 0, unit: .tokens))
    stage.pass(2)
    renderer.report(.advanced(by: 64))
    #expect(stage.drawn == ["generating  0 tokens", "generating  64 tokens  32.0 tokens/s"])
  }

  @Test func logsHaveOneLineForAPhase() {
    let stage = Stage()
    let renderer = stage.renderer(.lines)
    renderer.report(.began(phase: "reading", total: 2_000_000, unit: .bytes))
    #expect(stage.transcript.text == "reading (2.0 MB) ... ")
    stage.pass(0.5)
    renderer.report(.advanced(by: 2_000_000))
    renderer.report(.began(phase: "checking", total: 0, unit: .items))
    renderer.report(.ended)
    renderer.report(.ended)
    #expect(
      stage.transcript.text == """
        reading (2.0 MB) ... 500.0 ms, 4.0 MB/s
        checking ... 0 s

        """)
  }

  @Test func messagesGetALineOfTheirOwn() {
    let log = Stage()
    let lines = log.renderer(.lines)
    lines.report(.began(phase: "reading", total: 0, unit: .items))
    lines.write("warning\n")
    lines.report(.ended)
    #expect(log.transcript.text == "reading ... \nwarning\nreading ... 0 s\n")

    let screen = Stage()
    let bar = screen.renderer(.bar)
    bar.report(.began(phase: "reading", total: 1, unit: .items))
    bar.write("warning\n")
    #expect(screen.transcript.text.hasSuffix("\r\u{1B}[Kwarning\n"))
  }

  @Test func finishEndsTheLineOnce() {
    let stage = Stage()
    let renderer = stage.renderer(.lines)
    renderer.report(.began(phase: "reading", total: 0, unit: .items))
    renderer.finish()
    renderer.finish()
    renderer.report(.ended)
    #expect(stage.transcript.text == "reading ... \n")
  }

  @Test func hiddenShowsNothingButMessages() {
    let stage = Stage()
    let renderer = stage.renderer(.hidden)
    renderer.report(.began(phase: "reading", total: 1, unit: .items))
    renderer.write("message\n")
    renderer.report(.ended)
    renderer.finish()
    #expect(stage.transcript.text == "message\n")
  }

  @Test func threadsAddUp() async {
    let stage = Stage()
    let renderer = stage.renderer(.bar)
    renderer.report(.began(phase: "reading", total: 4000, unit: .items))
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask { for _ in 0..<1000 { renderer.report(.advanced(by: 1)) } }
      }
    }
    stage.pass(1)
    renderer.report(.advanced(by: 0))
    #expect(stage.drawn.last?.contains("100%  4000/s  0:00 left") == true)
  }

  @Test func phaseThatFailsIsNotShownAsDone() {
    let stage = Stage()
    let renderer = stage.renderer(.lines)
    #expect(throws: Interruption()) {
      try renderer.phase("reading", total: 0, unit: .items) { throw Interruption() }
    }
    renderer.finish()
    #expect(stage.transcript.text == "reading ... \n")
    #expect(renderer.phase("checking", total: 0, unit: .items) { 7 } == 7)
    #expect(stage.transcript.text == "reading ... \nchecking ... 0 s\n")
  }

  @Test func cancellationIsThrown() throws {
    struct Stopped: ProgressSink {
      var isCancelled: Bool { true }
      func report(_ event: ProgressEvent) {}
    }
    try NoProgress().checkCancellation()
    #expect(throws: Interruption()) { try Stopped().checkCancellation() }
    #expect(Interruption().diagnostic.kind == .interrupted)
  }
}
