import Diagnostics
import Quantization
import TensorCore
import Testing

@Suite struct RecipeFileTests {
  private func read(_ text: String) throws -> RecipeFile {
    try RecipeFile(bytes: Array(text.utf8), path: "r.json")
  }

  static let files = [
    RecipeFile(recipe: EncodingRecipe(target: .source)),
    RecipeFile(
      recipe: EncodingRecipe(
        target: .weights(.int4), groupSize: 64, method: .rtn,
        rules: [
          TensorRule(glob: Glob("a\"*\u{1}"), type: .source),
          TensorRule(glob: Glob("?"), type: .weights(.bf16)),
          TensorRule(glob: Glob("*"), type: .weights(.int8), groupSize: 128),
        ])),
    RecipeFile(
      recipe: EncodingRecipe(
        target: .mixed, method: .gptq,
        rules: [TensorRule(glob: Glob("*"), type: .weights(.int4))],
        calibration: CalibrationSummary(sequences: 3, tokens: 99, crc32: .max)),
      budget: .bitsPerWeight(5.05)),
    RecipeFile(
      recipe: EncodingRecipe(
        target: .mixed,
        rules: [
          TensorRule(
            glob: Glob("a"),
            type: .bands([
              RowBand(firstRow: 0, type: .int8s, groupSize: 32),
              RowBand(firstRow: 48, type: .int2, groupSize: 128),
            ])),
          TensorRule(
            glob: Glob("b"),
            type: .bands(
              (0..<12).map { RowBand(firstRow: 16 * $0, type: .int4, groupSize: 64) },
              .shuffled((0..<12).map { 16 * $0 }, rows: 190))),
        ])),
    RecipeFile(recipe: EncodingRecipe(target: .mixed), budget: .fileBytes(1_000_000)),
  ]

  @Test(arguments: files) func writtenAndRead(_ file: RecipeFile) throws {
    #expect(try read(file.text) == file)
    #expect(try read(file.text).text == file.text)
  }

  /// Earlier versions wrote the checksum as a number.
  @Test func theChecksumMayBeANumber() throws {
    let file = Self.files[2]
    let former = file.text.replacing("\"ffffffff\"", with: "4294967295")
    #expect(former != file.text)
    #expect(try read(former) == file)
  }

  @Test func theTextIsFixed() {
    #expect(
      Self.files[2].text == """
        {
          "schema": "kibble.recipe/1",
          "type": "mixed",
          "target_bits_per_weight": 5.05,
          "group_size": 32,
          "method": "gptq",
          "calibration": {
            "sequences": 3,
            "tokens": 99,
            "crc32": "ffffffff"
          },
          "rules": [
            {
              "pattern": "*",
              "type": "int4"
            }
          ]
        }

        """)
  }

  @Test func theShortestRecipe() throws {
    let file = try read(#"{"schema": "kibble.recipe/1", "type": "int8", "rules": []}"#)
    #expect(file == RecipeFile(recipe: EncodingRecipe(target: .weights(.int8))))
  }

  /// What follows the schema, the place that the message names, and what it expects there.
  @Test(arguments: [
    (#""rules": []"#, "type is missing", #""mixed""#),
    (#""type": "int1", "rules": []"#, #"type is "int1""#, #""source", "f32""#),
    (#""type": 4, "rules": []"#, "type is 4", #""int4""#),
    (#""type": "int4""#, "rules is missing", "an array"),
    (#""type": "int4", "rules": {}"#, "rules is an object", "an array"),
    (#""type": "int4", "rules": [], "group_size": 48"#, "group_size is 48", "32, 64 or 128"),
    (#""type": "int4", "rules": [], "group_size": "32""#, "group_size is", "32, 64 or 128"),
    (#""type": "int4", "rules": [], "method": "best""#, "method is", #""rtn", "search", "gptq""#),
    (#""type": "int4", "rules": [], "comment": """#, "a member 'comment'", "group_size"),
    (#""type": "int4", "rules": [3]"#, "rules[0] is a number", "an object"),
    (#""type": "int4", "rules": [{"type": "f16"}]"#, "rules[0].pattern is missing", "pattern"),
    (
      #""type": "int4", "rules": [{"pattern": "", "type": "f16"}]"#, "rules[0].pattern is",
      "pattern"
    ),
    (
      #""type": "int4", "rules": [{"pattern": "a", "type": "f16"}, {"pattern": "a"}]"#,
      "rules[1].type is missing", #""f16""#
    ),
    (
      #""type": "int4", "rules": [{"pattern": "a", "type": "mixed"}]"#, "rules[0].type is",
      #""f16""#
    ),
    (
      #""type": "int4", "rules": [{"pattern": "a", "type": "int4", "group_size": 1}]"#,
      "rules[0].group_size is 1", "32, 64 or 128"
    ),
    (
      #""type": "int4", "rules": [{"pattern": "a", "type": "f16", "group_size": 32}]"#,
      "rules[0].group_size is 32", "f16 has no groups"
    ),
    (
      #""type": "int4", "rules": [{"pattern": "a", "type": "f16", "groups": 32}]"#,
      "rules[0] has a member 'groups'", "pattern, type, group_size"
    ),
    (
      #""type": "int4", "rules": [], "calibration": {"sequences": 1, "tokens": 1, "crc32": 1}"#,
      "calibration is an object", #""gptq""#
    ),
    (
      #""type": "int4", "method": "gptq", "rules": [], "calibration": {"sequences": 1, "tokens": 0}"#,
      "calibration.tokens is 0", "above 0"
    ),
    (
      #""type": "int4", "method": "gptq", "rules": [], "calibration": {"sequences": 1, "tokens": 1, "crc32": -1}"#,
      "calibration.crc32 is -1", "32 bits"
    ),
    (#""type": "packed", "max_size": 9, "rules": []"#, "method is missing", #""packed""#),
    (bands(""), "rules[0].bands is missing", "two bands"),
    (bands(#","bands":[{}]"#), "rules[0].bands is an array", "two bands"),
    (bands(#","group_size":32"#), "rules[0].group_size is 32", "its own"),
    (bands(#","bands":[{},{}]"#), "rules[0].bands[0].first_row is missing", "a row"),
    (bands(first: 16, 32), "rules[0].bands[0].first_row is 16", "0"),
    (bands(first: 0, 24), "rules[0].bands[1].first_row is 24", "a multiple of 16 above 0"),
    (bands(first: 0, 0), "rules[0].bands[1].first_row is 0", "a multiple of 16 above 0"),
    (bands(first: 0, 16, type: "f16"), #"rules[0].bands[0].type is "f16""#, #""int4s""#),
    (bands(first: 0, 16, group: "48"), "rules[0].bands[0].group_size is 48", "32, 64 or 128"),
    (bands(first: 0, 16, group: "null"), "rules[0].bands[0].group_size is", "32, 64 or 128"),
    (
      bands(first: 0, 16, rows: "null"), "rules[0].rows is null",
      "16 of band 0, all others of band 1"
    ),
    (bands(first: 0, 16, rows: #""0101""#), #"rules[0].rows is "0101""#, "16 of band 0"),
    (
      bands(first: 0, 16, rows: #""00000000000000001_""#),
      #"rules[0].rows is "00000000000000001_""#, "base 36"
    ),
    (
      bands(first: 0, 16, rows: #""0000000000000000""#),
      #"rules[0].rows is "0000000000000000""#, "all others of band 1"
    ),
    (
      #""type": "int4", "rules": [{"pattern": "a", "type": "int4", "rows": "0"}]"#,
      #"rules[0].rows is "0""#, #""type" is not "bands""#
    ),
    (
      #""type": "int4", "rules": [{"pattern": "a", "type": "int4", "bands": []}]"#,
      "rules[0].bands is an array", #""type" is not "bands""#
    ),
    (#""type": "int4", "rules": [], "max_size": 9"#, "max_size is 9", #""mixed""#),
    (#""type": "mixed", "rules": [], "max_size": 0.5"#, "max_size is 0.5", "bytes"),
    (
      #""type": "mixed", "rules": [], "target_bits_per_weight": 0"#,
      "target_bits_per_weight is 0", "above 0"
    ),
    (
      #""type": "mixed", "rules": [], "target_bits_per_weight": 5, "max_size": 9"#,
      "target_bits_per_weight is 5", "beside max_size"
    ),
  ])
  func refused(_ members: String, _ place: String, _ expected: String) throws {
    let text = #"{"schema": "kibble.recipe/1", "# + members + "}"
    let error = try #require(throws: QuantizationError.self) { try read(text) }
    let diagnostic = error.diagnostic
    #expect(diagnostic.kind == .badData && diagnostic.path == "r.json")
    #expect(diagnostic.message.contains(place), "\(diagnostic.message)")
    #expect(diagnostic.message.contains(expected), "\(diagnostic.message)")
  }

  /// A recipe with one rule of type bands.
  private static func bands(_ members: String) -> String {
    #""type": "int4", "rules": [{"pattern": "a", "type": "bands"\#(members)}]"#
  }

  private static func bands(
    first firstRows: Int..., type: String = "int4", group: String = "32", rows: String? = nil
  ) -> String {
    let bands = firstRows.map { #"{"first_row":\#($0),"type":"\#(type)","group_size":\#(group)}"# }
    return Self.bands(
      #","bands":[\#(bands.joined(separator: ","))]"# + (rows.map { #","rows":\#($0)"# } ?? ""))
  }

  @Test(arguments: [
    ("[]", "the recipe is an array, expected an object"), ("{", "line 1"),
    (#"{"type": "int4"}"#, "schema is missing"),
    (#"{"schema": "kibble.recipe/2", "new": 1}"#, #"schema is "kibble.recipe/2""#),
    (#"{"schema": 1}"#, #"schema is 1, expected "kibble.recipe/1""#),
    (#"{"schema": "kibble.recipe/1", "type": "int4", "type": "int8"}"#, "'type' occurs twice"),
  ])
  func otherFiles(_ text: String, _ mentioned: String) throws {
    let error = try #require(throws: QuantizationError.self) { try read(text) }
    #expect(error.diagnostic.message.contains(mentioned), "\(error.diagnostic.message)")
    #expect(error.diagnostic.path == "r.json")
  }
}
