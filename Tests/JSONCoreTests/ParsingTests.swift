import Diagnostics
import JSONCore
import Testing

@Suite struct ParsingTests {
  @Test func readsEveryKindOfValue() throws {
    let text = """
       { "null" : null, "yes":true,"no":false, "n": -12, "x": 1.5e3,\t"s":"a b",
        "list": [ 1 , [ ] , { } ] }\r\n
      """
    let json = try JSON.parse(text)
    #expect(json.objectValue?.keys == ["null", "yes", "no", "n", "x", "s", "list"])
    #expect(json["null"]?.isNull == true)
    #expect(json["yes"]?.boolValue == true)
    #expect(json["no"]?.boolValue == false)
    #expect(json["n"]?.intValue == -12)
    #expect(json["x"]?.doubleValue == 1500)
    #expect(json["s"]?.stringValue == "a b")
    #expect(json["list"] == [1, [], [:]])
    #expect(json["absent"] == nil)
  }

  @Test(
    arguments: ["0", "-0", "7", "123456789012345678901234567890", "0.5", "1e9", "1E+9", "2.5e-3"]
  )
  func keepsTheSpellingOfNumbers(text: String) throws {
    #expect(try JSON.parse(text).numberValue?.text == text)
  }

  @Test func readsWhatPythonReads() throws {
    let text = #"{"a": Infinity, "b": [-Infinity, NaN], "c": 1, "a": 2, "d": -1}"#
    let json = try JSON.parse(text, dialect: .python)
    #expect(json.objectValue?.keys == ["a", "b", "c", "d"])
    #expect(json["a"]?.intValue == 2)
    let named = try #require(json["b"]?.arrayValue)
    #expect(named.map { $0.numberValue?.text } == ["-Infinity", "NaN"])
    #expect(named.allSatisfy { $0.doubleValue == nil && $0.intValue == nil })
    // What is written stays JSON.
    #expect(json["b"]?.serialized() == "[null,null]")
    #expect(try JSON.parse("NaN", dialect: .python).numberValue?.text == "NaN")
    for text in ["Infinit", "-Inf", "nan", "+Infinity", "Infinityx", "--Infinity", "N"] {
      #expect(throws: JSONError.self) { try JSON.parse(text, dialect: .python) }
    }
    for text in ["NaN", "-Infinity", "[Infinity]", #"{"a": 1, "a": 1}"#] {
      #expect(throws: JSONError.self) { try JSON.parse(text) }
    }
  }

  @Test func integersAreExact() throws {
    #expect(try JSON.parse("9223372036854775807").intValue == .max)
    #expect(try JSON.parse("-9223372036854775808").intValue == .min)
    #expect(try JSON.parse("9223372036854775808").intValue == nil)
    #expect(try JSON.parse("1.0").intValue == nil)
    #expect(try JSON.parse("1e3").intValue == nil)
    #expect(try JSON.parse("1e999").doubleValue == nil)
    #expect(try JSON.parse("0.1").doubleValue == 0.1)
  }

  @Test(
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
      (#""a\u00e9b""#, "aéb"),
      (#""\u0000""#, "\0"),
      (#""\ud83d\uDE00!""#, "😀!"),
      (#""\uFFFF""#, "\u{FFFF}"),
      (
        #""long enough for words, then é and 😀 and \"more\" after""#,
        "long enough for words, then é and 😀 and \"more\" after"
      ),
      (#""""#, ""),
    ])
  func decodesStrings(text: String, expected: String) throws {
    let value = try #require(try JSON.parse(text).stringValue)
    #expect(Array(value.utf8) == Array(expected.utf8))
  }

  /// Strings of every length up to three words, with a quotation mark in every place.
  @Test func findsTheEndOfAStringAnywhere() throws {
    for length in 0..<24 {
      let content = String(repeating: "x", count: length)
      #expect(try JSON.parse("[\"\(content)\",1]") == [.string(content), 1])
      let escaped = content + "\\n" + content
      #expect(try JSON.parse("\"\(escaped)\"") == .string(content + "\n" + content))
    }
  }

  @Test func equivalentButDifferentKeysAreTwo() throws {
    let json = try JSON.parse("{\"\u{E9}\": 1, \"e\u{301}\": 2}")
    #expect(json["\u{E9}"]?.intValue == 1)
    #expect(json["e\u{301}"]?.intValue == 2)
  }

  @Test func longObjectsFindTheirMembers() throws {
    let members = (0..<500).map { "\"key\($0)\": \($0)" }.joined(separator: ",")
    let json = try JSON.parse("{\(members)}")
    #expect((0..<500).allSatisfy { (n: Int) in json["key\(n)"]?.intValue == n })
    #expect(json["key500"] == nil)
  }

  @Test func nestsUpToTheLimit() throws {
    let deepest = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    _ = try JSON.parse(deepest)
    let error = #expect(throws: JSONError.self) { try JSON.parse("[" + deepest + "]") }
    guard case .tooDeep(limit: 128, let position) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(position.offset == 128)
  }

  @Test(arguments: ["0", #""":0"#])
  func holdsValuesAndKeysUpToTheLimit(element: String) throws {
    let isKey = element != "0"
    // The array itself is a value; each small object is one, with a key and a number in it.
    let most = isKey ? (Limits.jsonValues - 1) / 3 : Limits.jsonValues - 1
    func text(_ count: Int) -> String {
      let element = isKey ? "{\(element)}" : element
      return "[" + element + String(repeating: "," + element, count: count - 1) + "]"
    }
    #expect(try JSON.parse(text(most)).arrayValue?.count == most)
    let error = #expect(throws: JSONError.self) { try JSON.parse(text(most + 1)) }
    guard case .tooManyValues(limit: 524_288, _) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
  }

  @Test func hostileNestingEndsEarly() {
    let text = "{\"a\":" + String(repeating: "[", count: 200_000)
    #expect(throws: JSONError.self) { try JSON.parse(text) }
    #expect(throws: JSONError.self) { try JSON.parse(String(repeating: "{\"a\":", count: 9_999)) }
  }

  @Test func readsFromAByteBuffer() throws {
    let bytes: [UInt8] = Array(#"{"a":[1,2]}"#.utf8)
    #expect(try JSON.parse(bytes) == ["a": [1, 2]])
  }
}
