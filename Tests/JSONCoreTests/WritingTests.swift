import JSONCore
import Testing

@Suite struct WritingTests {
  private let sample: JSON = [
    "z": 1, "a": [1, 2.5, nil, true], "nested": ["list": [[1], []], "empty": [:]], "text": "hé",
  ]

  @Test func writesCompactly() {
    #expect(
      sample.serialized()
        == #"{"z":1,"a":[1,2.5,null,true],"nested":{"list":[[1],[]],"empty":{}},"text":"hé"}"#)
  }

  @Test func writesForReaders() {
    #expect(
      sample.serialized(pretty: true) == """
        {
          "z": 1,
          "a": [1, 2.5, null, true],
          "nested": {
            "list": [
              [1],
              []
            ],
            "empty": {}
          },
          "text": "hé"
        }
        """)
  }

  @Test(arguments: [true, false])
  func readsBackWhatItWrote(pretty: Bool) throws {
    #expect(try JSON.parse(sample.serialized(pretty: pretty)) == sample)
  }

  @Test(
    arguments: [
      ("\"\\/", #""\"\\/""#), ("\n\r\t", #""\n\r\t""#), ("\u{0}\u{1B}", #""\u0000\u001b""#),
      ("\u{7F}\u{9B}", #""\u007f\u009b""#), ("\u{A9}😀", "\"\u{A9}😀\""),
    ])
  func escapesStrings(text: String, expected: String) throws {
    let written = JSON.string(text).serialized()
    #expect(written == expected)
    #expect(try JSON.parse(written) == .string(text))
  }

  @Test(
    arguments: [
      0.1, -0.0, 1e-7, 1e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 123456789.125,
      1.0 / 3, 1e16,
    ])
  func doublesReadBackExactly(value: Double) throws {
    let read = try JSON.parse(JSON(value).serialized()).doubleValue
    #expect(read?.bitPattern == value.bitPattern)
  }

  @Test func floatsAreShortest() {
    #expect(JSON(Float(0.1)).serialized() == "0.1")
  }

  @Test func whatHasNoSpellingIsNull() {
    #expect(JSON(Double.nan) == .null)
    #expect(JSON(Double.infinity) == .null)
    #expect(JSON(-Float.infinity) == .null)
    #expect(JSON(Int?.none) == .null)
    #expect(JSON(String?.none) == .null)
  }

  @Test func buildsFromValues() {
    let shape = [2, 3]
    let json: JSON = ["shape": JSON(shape), "names": JSON(["a"]), "n": JSON(4), "ok": JSON(true)]
    #expect(json.serialized() == #"{"shape":[2,3],"names":["a"],"n":4,"ok":true}"#)
  }
}

@Suite struct ObjectTests {
  @Test func settingReplacesAppendsAndRemoves() {
    var object = JSONObject([("a", 1), ("b", 2), ("a", 3)])
    #expect(object == JSONObject([("a", 3), ("b", 2)]))
    object["c"] = 4
    object["a"] = nil
    object["absent"] = nil
    #expect(object.keys == ["b", "c"])
    #expect(object.count == 2)
  }

  @Test func orderCounts() {
    #expect(JSONObject([("a", 1), ("b", 2)]) != JSONObject([("b", 2), ("a", 1)]))
  }

  @Test func removalKeepsLongObjectsConsistent() {
    var object = JSONObject((0..<40).map { ("\($0)", JSON($0)) })
    for key in stride(from: 0, to: 40, by: 2) { object["\(key)"] = nil }
    object["new"] = true
    #expect(object.count == 21)
    #expect(object["1"] == 1)
    #expect(object["39"] == 39)
    #expect(object["2"] == nil)
    #expect(object["new"] == true)
  }
}
