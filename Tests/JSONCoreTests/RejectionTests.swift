import Diagnostics
import JSONCore
import Testing

/// A broken text, the code of its error, and where the error is.
private struct Broken: CustomTestStringConvertible, Sendable {
  let bytes: [UInt8]
  let code: String
  let offset: Int

  init(_ text: String, _ code: String, at offset: Int) {
    self.init(Array(text.utf8), code, at: offset)
  }

  init(_ bytes: [UInt8], _ code: String, at offset: Int) {
    self.bytes = bytes
    self.code = "json." + code
    self.offset = offset
  }

  var testDescription: String { String(decoding: bytes, as: UTF8.self) + " " + code }
}

private func inString(_ bytes: [UInt8]) -> [UInt8] { [0x22] + bytes + [0x22] }

@Suite struct RejectionTests {
  @Test(
    arguments: [
      Broken("", "unexpected-end", at: 0),
      Broken("  ", "unexpected-end", at: 2),
      Broken("{", "unexpected-end", at: 1),
      Broken("[1", "unexpected-end", at: 2),
      Broken("\"abc", "unexpected-end", at: 4),
      Broken("\"abc\\", "unexpected-end", at: 5),
      Broken("tru", "unexpected-end", at: 3),
      Broken("nulL", "unexpected-byte", at: 3),
      Broken("falſe", "unexpected-byte", at: 3),
      Broken("[1,]", "unexpected-byte", at: 3),
      Broken("[,1]", "unexpected-byte", at: 1),
      Broken("[1 2]", "unexpected-byte", at: 3),
      Broken("[1}", "unexpected-byte", at: 2),
      Broken("{]", "unexpected-byte", at: 1),
      Broken("{\"a\":1,}", "unexpected-byte", at: 7),
      Broken("{\"a\" 1}", "unexpected-byte", at: 5),
      Broken("{\"a\":}", "unexpected-byte", at: 5),
      Broken("{a:1}", "unexpected-byte", at: 1),
      Broken("{1:1}", "unexpected-byte", at: 1),
      Broken("'a'", "unexpected-byte", at: 0),
      Broken("NaN", "unexpected-byte", at: 0),
      Broken("+1", "unexpected-byte", at: 0),
      Broken(".5", "unexpected-byte", at: 0),
      Broken("// c\n1", "unexpected-byte", at: 0),
      Broken("\u{FEFF}1", "unexpected-byte", at: 0),
      Broken("\u{A0}1", "unexpected-byte", at: 0),
      Broken("1 1", "trailing-content", at: 2),
      Broken("{}]", "trailing-content", at: 2),
      Broken("1\0", "trailing-content", at: 1),
      Broken("{\"a\":1,\"b\":2,\"a\":3}", "duplicate-key", at: 13),
      Broken("[{\"a\":1,\"\\u0061\":3}]", "duplicate-key", at: 8),
    ])
  private func rejectsBrokenGrammar(_ broken: Broken) { check(broken) }

  @Test(
    arguments: [
      Broken("01", "invalid-number", at: 1),
      Broken("-", "invalid-number", at: 1),
      Broken("-a", "invalid-number", at: 1),
      Broken("1.", "invalid-number", at: 2),
      Broken("1.e5", "invalid-number", at: 2),
      Broken("1e", "invalid-number", at: 2),
      Broken("1e+", "invalid-number", at: 3),
      Broken("0x10", "trailing-content", at: 1),
      Broken("1_000", "trailing-content", at: 1),
    ])
  private func rejectsMisspelledNumbers(_ broken: Broken) { check(broken) }

  @Test(
    arguments: [
      Broken("\"a\nb\"", "control-character", at: 2),
      Broken("\"12345678\u{1}\"", "control-character", at: 9),
      Broken("\"\\x41\"", "invalid-escape", at: 1),
      Broken("\"\\u12G4\"", "invalid-escape", at: 1),
      Broken("\"\\u12\"", "invalid-escape", at: 1),
      Broken("\"a\\ud800\"", "lone-surrogate", at: 2),
      Broken("\"a\\ud800\\n\"", "lone-surrogate", at: 2),
      Broken("\"a\\ud800\\ud800\"", "lone-surrogate", at: 2),
      Broken("\"a\\udc00\"", "lone-surrogate", at: 2),
      Broken(inString([0xFF]), "invalid-utf8", at: 1),
      Broken(inString([0x80]), "invalid-utf8", at: 1),
      Broken(inString([0xC3]), "invalid-utf8", at: 1),
      Broken([0x22, 0xC3], "invalid-utf8", at: 1),
      Broken([0x22, 0xF0, 0x9F], "invalid-utf8", at: 1),
      Broken(inString([0xC0, 0xAF]), "invalid-utf8", at: 1),  // overlong
      Broken(inString([0xE0, 0x80, 0xAF]), "invalid-utf8", at: 1),  // overlong
      Broken(inString([0xED, 0xA0, 0x80]), "invalid-utf8", at: 1),  // a surrogate
      Broken(inString([0xF4, 0x90, 0x80, 0x80]), "invalid-utf8", at: 1),  // above U+10FFFF
      Broken(inString([0xF0, 0x9F, 0x98, 0x41]), "invalid-utf8", at: 1),
    ])
  private func rejectsBrokenStrings(_ broken: Broken) { check(broken) }

  private func check(_ broken: Broken) {
    let error = #expect(throws: JSONError.self) { try JSON.parse(broken.bytes) }
    #expect(error?.diagnostic.code == broken.code)
    #expect(error?.position.offset == broken.offset)
  }

  /// The scanner takes words of eight bytes: a control character must stop it in every place.
  @Test(arguments: 0..<17)
  func findsControlCharactersAnywhere(place: Int) {
    for control in UInt8(0)..<0x20 {
      var bytes = inString([UInt8](repeating: 0x78, count: 17))
      bytes[1 + place] = control
      let error = #expect(throws: JSONError.self) { try JSON.parse(bytes) }
      #expect(error?.diagnostic.code == "json.control-character")
      #expect(error?.position.offset == 1 + place)
    }
  }

  @Test func countsLinesAndColumnsInCharacters() {
    let error = #expect(throws: JSONError.self) { try JSON.parse("{\n  \"é😀\": x}") }
    #expect(error?.position.line == 2)
    #expect(error?.position.column == 9)
  }

  @Test func saysWhatWasExpectedAndFound() {
    let error = #expect(throws: JSONError.self) { try JSON.parse("[1;2]") }
    let diagnostic = error?.diagnostic(path: "config.json")
    #expect(
      diagnostic?.message
        == "invalid JSON: expected ',' or ']', found ';' (line 1, column 3, byte 2)")
    #expect(diagnostic?.path == "config.json")
    #expect(diagnostic?.kind == .badData)
  }

  @Test func escapesKeysInMessages() {
    let text = #"{"\u001b[31m":1,"\u001b[31m":2}"#
    let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
    #expect(error?.diagnostic.message.contains("'\\u{1b}[31m' occurs twice") == true)
  }
}
