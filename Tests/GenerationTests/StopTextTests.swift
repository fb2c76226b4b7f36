import Generation
import Testing

@Suite struct StopTextTests {
  struct Case: Sendable {
    let stops: [String]
    let text: String
    let kept: String
    let stop: String?
  }

  static let cases: [Case] = [
    Case(stops: [], text: "all of it", kept: "all of it", stop: nil),
    Case(stops: ["\n\n"], text: "one\ntwo\n\nthree", kept: "one\ntwo", stop: "\n\n"),
    Case(stops: ["abc"], text: "abababcab", kept: "abab", stop: "abc"),
    Case(stops: ["abc"], text: "ababab", kept: "ababab", stop: nil),
    Case(stops: ["aab"], text: "aaaab", kept: "aa", stop: "aab"),
    Case(stops: ["end", "nd"], text: "the end", kept: "the ", stop: "end"),
    Case(stops: ["nd", "end"], text: "the end", kept: "the ", stop: "end"),
    Case(stops: ["abc", "b"], text: "abc", kept: "a", stop: "b"),
    Case(stops: ["long stop text", "x"], text: "long stop texx", kept: "long stop te", stop: "x"),
    Case(stops: ["é"], text: "e\u{301}cole, école", kept: "e\u{301}cole, ", stop: "é"),
    Case(stops: ["👩‍👧"], text: "👩👩‍👦👩‍👧", kept: "👩👩‍👦", stop: "👩‍👧"),
    Case(stops: ["日本"], text: "日日月日本語", kept: "日日月", stop: "日本"),
    Case(stops: ["a"], text: "a", kept: "", stop: "a"),
  ]

  /// Cuts a text into pieces of so many characters (scalars), after a first of another length.
  private func pieces(_ text: String, _ first: Int, _ length: Int) -> [String] {
    var rest = Array(text.unicodeScalars)[...]
    var result: [String] = []
    var size = first
    while !rest.isEmpty {
      var piece = String.UnicodeScalarView()
      piece.append(contentsOf: rest.prefix(size))
      result.append(String(piece))
      rest = rest.dropFirst(size)
      size = length
    }
    return result + [""]
  }

  @Test(arguments: cases) func piecesDoNotMatter(_ test: Case) {
    for first in 0..<test.text.unicodeScalars.count {
      for length in 1...5 {
        var filter = StopTextFilter(test.stops)
        var kept = ""
        var stop: String?
        for piece in pieces(test.text, first, length) where stop == nil {
          let result = filter.append(piece)
          kept += result.text
          stop = result.stop
          // What is out is never taken back.
          #expect(test.kept.utf8.starts(with: kept.utf8))
        }
        if stop == nil { kept += filter.finish() }
        #expect(Array(kept.utf8) == Array(test.kept.utf8))
        #expect(stop.map { Array($0.utf8) } == test.stop.map { Array($0.utf8) })
      }
    }
  }

  @Test func noMoreIsHeldBackThanMustBe() {
    var filter = StopTextFilter(["stop", "sty"])
    #expect(filter.append("best") == ("be", nil))
    #expect(filter.append("o") == ("", nil))
    #expect(filter.append("r") == ("stor", nil))
    #expect(filter.append("e s") == ("e ", nil))
    #expect(filter.finish() == "s")
    #expect(filter.finish() == "")
  }
}
