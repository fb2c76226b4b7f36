import JSONCore
import Testing

@Suite struct ScannerTests {
  /// Every token of a text, strings decoded.
  private func tokens(of text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    let span = bytes.span.bytes
    var scanner = JSONScanner()
    var tokens: [String] = []
    while true {
      switch try scanner.next(in: span) {
      case .key(let token): tokens.append("key " + (try scanner.text(of: token, in: span)))
      case .string(let token): tokens.append("string " + (try scanner.text(of: token, in: span)))
      case .number(let range): tokens.append("number " + scanner.number(of: range, in: span).text)
      case .end: return tokens
      case let other: tokens.append("\(other)")
      }
    }
  }

  @Test func readsTokenByToken() throws {
    #expect(
      try tokens(of: #"{"a\n": [1, "x", true, null], "b": {}}"#) == [
        "beginObject", "key a\n", "beginArray", "number 1", "string x", "bool(true)", "null",
        "endArray", "key b", "beginObject", "endObject", "endObject",
      ])
  }

  @Test func staysAtTheEnd() throws {
    let bytes = Array("1".utf8)
    var scanner = JSONScanner()
    _ = try scanner.next(in: bytes.span.bytes)
    #expect(try scanner.next(in: bytes.span.bytes) == .end)
    #expect(try scanner.next(in: bytes.span.bytes) == .end)
  }

  @Test func skipsAndReadsWholeValues() throws {
    let bytes = Array(#"{"skipped": {"a": [1, {}], "b": 2}, "n": 3, "kept": [4, {"c": 5}]}"#.utf8)
    let span = bytes.span.bytes
    var scanner = JSONScanner()
    #expect(try scanner.next(in: span) == .beginObject)
    for _ in 0..<2 {
      _ = try scanner.next(in: span)
      try scanner.skipValue(in: span)
      #expect(scanner.depth == 1)
    }
    guard case .key(let key) = try scanner.next(in: span) else {
      Issue.record("expected a key")
      return
    }
    #expect(try scanner.text(of: key, in: span) == "kept")
    #expect(try scanner.parseValue(in: span) == [4, ["c": 5]])
    #expect(try scanner.next(in: span) == .endObject)
    #expect(try scanner.next(in: span) == .end)
  }
}
