import Diagnostics
import Safetensors
import Testing

/// A file that breaks a rule, and the code of its error.
private struct Broken: CustomTestStringConvertible, Sendable {
  let code: String
  let bytes: [UInt8]
  var tensor: String?
  /// What the message must say.
  var says: [String] = []

  init(_ code: String, _ file: RawFile, tensor: String? = nil, says: String...) {
    self.init(code, file.bytes, tensor: tensor)
    self.says = says
  }

  init(_ code: String, _ bytes: [UInt8], tensor: String? = nil) {
    self.code = code
    self.bytes = bytes
    self.tensor = tensor
  }

  /// A file whose only entry is broken.
  init(_ code: String, entry: String, data: Int = 4, says: String...) {
    self.init(code, RawFile(#"{"w":\#(entry)}"#, data: data).bytes, tensor: "w")
    self.says = says
  }

  var testDescription: String { "\(code) \(says)" }
}

private func w(dtype: String = #""F32""#, shape: String = "[1]", offsets: String = "[0,4]")
  -> String
{
  #"{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}"#
}

@Suite struct RejectionTests {
  @Test(
    arguments: [
      Broken("file-too-small", []),
      Broken("file-too-small", [1, 0, 0, 0, 0, 0, 0]),
      Broken(
        "header-too-long", RawFile("{}", length: 100_000_001), says: "100000001", "100000000"),
      Broken("header-too-long", RawFile("{}", length: .max), says: "18446744073709551615"),
      Broken("header-beyond-file", RawFile("{}", length: 3), says: "3 bytes", "only 2"),
      Broken("header-not-object", RawFile("")),
      Broken("header-not-object", RawFile(" \n")),
      Broken("header-not-object", RawFile("\u{B}{}"), says: "0xb"),
      Broken("header-not-object", RawFile(" [{}]"), says: "0x5b"),
      Broken("header-not-object", RawFile("[{}]"), says: "0x5b"),
      Broken("header-not-json", RawFile("{tensors: none}")),
      Broken("header-not-json", RawFile("{} x"), says: "something follows"),
      Broken("header-not-json", RawFile("{}\0")),
      Broken("header-not-json", RawFile(Array(#"{""#.utf8) + [0xFF, 0x22, 0x7D], data: [])),
      Broken(
        "header-not-json",
        RawFile(#"{"w":"# + String(repeating: "[", count: 200_000)), says: "deeper"),
      Broken("metadata-not-strings", RawFile(#"{"__metadata__":[]}"#), says: "an array"),
      Broken(
        "metadata-not-strings", RawFile(#"{"__metadata__":{"a":"b","step":7}}"#),
        says: "a number", "'step'"),
      Broken(
        "duplicate-name", RawFile(#"{"__metadata__":{},"__metadata__":{}}"#),
        tensor: "__metadata__"),
      Broken(
        "duplicate-name", RawFile("{\(entry("w", 0, 4)),\(entry("w", 4, 8))}", data: 8),
        tensor: "w"),
      Broken(
        "duplicate-name",
        RawFile("{\(entry("w", 0, 4)),\(entry("\\u0077", 4, 8))}", data: 8), tensor: "w"),
      Broken(
        "name-too-long",
        RawFile("{" + entry(String(repeating: "n", count: 1025), 0, 4) + "}", data: 4),
        tensor: String(repeating: "n", count: 64), says: "1025", "1024"),
    ])
  private func container(_ broken: Broken) { check(broken) }

  @Test(
    arguments: [
      Broken("entry-not-object", entry: "7", says: "a number"),
      Broken("missing-field", entry: #"{"shape":[1],"data_offsets":[0,4]}"#, says: "'dtype'"),
      Broken("missing-field", entry: #"{"dtype":"F32","data_offsets":[0,4]}"#, says: "'shape'"),
      Broken("missing-field", entry: #"{"dtype":"F32","shape":[1]}"#, says: "'data_offsets'"),
      Broken(
        "unknown-field",
        entry: #"{"dtype":"F32","shape":[1],"data_offsets":[0,4],"strides":[1]}"#,
        says: "'strides'"),
      Broken("wrong-field", entry: w(dtype: "32"), says: "'dtype'", "a string", "a number"),
      Broken("wrong-field", entry: w(shape: "1"), says: "'shape'", "a list", "a number"),
      Broken("wrong-field", entry: w(offsets: "{}"), says: "'data_offsets'", "an object"),
      Broken("unknown-type", entry: w(dtype: #""F13""#), says: "'F13'"),
      Broken("unknown-type", entry: w(dtype: #""f32""#), says: "'f32'"),
      Broken("invalid-dimension", entry: w(shape: "[1,-1]"), says: "dimension 1", "-1"),
      Broken("invalid-dimension", entry: w(shape: "[1.0]"), says: "1.0"),
      Broken("invalid-dimension", entry: w(shape: "[1e0]"), says: "1e0"),
      Broken("invalid-dimension", entry: w(shape: "[null]"), says: "null"),
      Broken("invalid-dimension", entry: w(shape: #"["1"]"#), says: "a string"),
      Broken(
        "invalid-dimension", entry: w(shape: "[1000000000000000000000000000000]"), says: "10000"),
      Broken("invalid-dimension", entry: w(shape: "[281474976710656]"), says: "281474976710655"),
      Broken("invalid-offset", entry: w(offsets: "[-4,0]"), says: "-4"),
      Broken("invalid-offset", entry: w(offsets: "[0,4.0]"), says: "4.0"),
      Broken("invalid-offset", entry: w(offsets: "[0,18446744073709551616]"), says: "18446"),
      Broken("offsets-not-pair", entry: w(offsets: "[0]"), says: "found 1"),
      Broken("offsets-not-pair", entry: w(offsets: "[0,4,0]"), says: "found 3"),
    ])
  private func entries(_ broken: Broken) { check(broken) }

  @Test(
    arguments: [
      Broken("offsets-reversed", entry: w(offsets: "[4,0]"), says: "at 4", "at 0"),
      Broken("offsets-beyond-data", entry: w(offsets: "[0,8]"), says: "0..<8", "only 4"),
      Broken(
        "offsets-beyond-data", entry: w(shape: "[536870912]", offsets: "[0,2147483648]"),
        says: "0..<2147483648"),
      Broken("size-overflow", entry: w(shape: "[4294967296,4294967296]", offsets: "[0,0]")),
      Broken("size-overflow", entry: w(shape: "[281474976710655,65536]")),
      Broken("size-overflow", entry: w(shape: "[2147483648,2147483648]", offsets: "[0,0]")),
      Broken("partial-byte", entry: w(dtype: #""F4""#, shape: "[3]", offsets: "[0,2]"), data: 2),
      Broken(
        "partial-byte", entry: w(dtype: #""F6_E2M3""#, shape: "[5]", offsets: "[0,4]")),
      Broken("size-mismatch", entry: w(shape: "[2]"), says: "8 bytes", "0..<4", "F32 [2]"),
      Broken("size-mismatch", entry: w(dtype: #""F16""#), says: "2 bytes", "F16 [1]"),
      Broken("size-mismatch", entry: w(shape: "[]", offsets: "[0,0]"), data: 0),
      Broken(
        "overlap", RawFile("{\(entry("a", 0, 8)),\(entry("b", 4, 12))}", data: 12),
        tensor: "b", says: "4..<12", "'a'", "0..<8"),
      Broken(
        "overlap", RawFile("{\(entry("b", 0, 4)),\(entry("a", 0, 4))}", data: 4), tensor: "b"),
      Broken(
        "overlap", RawFile("{\(entry("a", 0, 8)),\(entry("b", 4, 4))}", data: 8), tensor: "b"),
      Broken(
        "hole", RawFile("{\(entry("a", 0, 4)),\(entry("b", 8, 12))}", data: 12),
        tensor: "b", says: "4..<8", "8..<12"),
      Broken("hole", RawFile("{\(entry("a", 4, 8))}", data: 8), tensor: "a", says: "0..<4"),
      Broken("trailing-bytes", RawFile("{\(entry("a", 0, 4))}", data: 7), says: "4..<7"),
      Broken("trailing-bytes", RawFile("{}", data: 1), says: "0..<1"),
    ])
  private func data(_ broken: Broken) { check(broken) }

  private func check(_ broken: Broken) {
    let error = #expect(throws: SafetensorsError.self) {
      try SafetensorsHeader.parse(broken.bytes.span.bytes, path: "m.safetensors")
    }
    let diagnostic = error?.diagnostic
    #expect(diagnostic?.code == "safetensors." + broken.code)
    #expect(diagnostic?.kind == .badData)
    #expect(diagnostic?.path == "m.safetensors")
    #expect(diagnostic?.tensor == broken.tensor)
    for part in broken.says { #expect(diagnostic?.message.contains(part) == true) }
  }

  @Test func tooManyTensorsEndTheReading() {
    let entry = #"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#
    let entries = (0...65_536).map { #""\#($0)":\#(entry)"# }.joined(separator: ",")
    let error = #expect(throws: SafetensorsError.self) { try RawFile("{\(entries)}").parse() }
    #expect(error?.diagnostic.code == "safetensors.too-many-tensors")
  }

  @Test func messagesEscapeNames() {
    let error = #expect(throws: SafetensorsError.self) {
      try RawFile(#"{"a\u001b[2J\u202e":7}"#).parse()
    }
    #expect(error?.diagnostic.message.contains("'a\\u{1b}[2J\\u{202e}'") == true)
  }
}
