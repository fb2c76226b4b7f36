import Foundation
import JSONCore
import TestSupport
import Testing

@Suite struct DiffTests {
  let folder: TemporaryFolder
  private let nano = Fixtures.folder("doge-nano")

  init() throws { folder = try TemporaryFolder() }

  private func converted(_ options: String..., from source: String? = nil) throws -> String {
    let path = folder.path("\(options.joined(separator: "-").filter(\.isLetter)).kibble")
    let run = try Program.run(
      ["convert", source ?? nano, "-o", path, "--force", "--quiet"] + options)
    try #require(run.code == 0, "\(run.errors)")
    return path
  }

  /// A checkpoint, what is made of it, and the copy of that.
  @Test(arguments: ["doge-nano", "cases/doge2-moe-untied", "reference/e3-oldnames-f32"])
  func same(fixture: String) throws {
    let source = Fixtures.folder(fixture)
    let file = try converted(from: source)
    for pair in [(source, source), (source, file), (file, source), (file, file)] {
      let run = try kibble("diff", pair.0, pair.1)
      #expect(run.code == 0 && run.output == "no difference\n", "\(run.output)\(run.errors)")
    }
    let json = try kibble("diff", source, file, "--json").json
    #expect(json["identical"] == true && json["schema"] == "kibble.diff/1")
    #expect(json["tensors"]?.arrayValue?.allSatisfy { $0["different_values"] == 0 } == true)
  }

  /// The figures are those that `convert` gives for what it loses.
  @Test(arguments: [1, 3]) func quantized(threads: Int) throws {
    let path = folder.path("int4.kibble")
    let report = try kibble("convert", nano, "-o", path, "--type", "int4", "--json").json
    let run = try kibble("diff", nano, path, "--json", "--threads", "\(threads)")
    #expect(run.code == 1)
    let tensors = try #require(run.json["tensors"]?.arrayValue)
    let expected = try #require(report["tensors"]?.arrayValue)
    #expect(tensors.count == expected.count)
    for (tensor, expected) in zip(tensors, expected) {
      #expect(tensor["name"] == expected["name"])
      #expect(tensor["max_abs_diff"] == expected["max_abs_error"])
      let nmse = try #require(tensor["nmse"]?.doubleValue)
      if let decibels = expected["sqnr_db"]?.doubleValue {
        #expect(abs(-10 * log10(nmse) - decibels) < 1e-6)
      } else {
        #expect(nmse == 0 && tensor["different_values"] == 0)
      }
    }
    #expect(tensors[0]["type_a"] == "bf16" && tensors[0]["type_b"] == "int4 g32")
    let text = try kibble("diff", nano, path)
    #expect(text.code == 1 && text.output.hasSuffix("\ndifferent: 62 of 62 tensors\n"))
    #expect(text.output.contains("the same values in other types: 33 tensors"))
    let quiet = try kibble("diff", nano, path, "--quiet")
    #expect(quiet.code == 1 && quiet.output == text.output && quiet.errors == "")
  }

  /// Two files: what kibble recorded is compared, too; and a tensor in bands by all its rows.
  @Test func files() throws {
    let recipe = try folder.write(
      "recipe.json",
      """
      {"schema": "kibble.recipe/1", "type": "int4", "rules": [{"pattern": "*embed*", "type": "bands",
       "bands": [{"first_row": 0, "type": "int8", "group_size": 32},
                 {"first_row": 512, "type": "int4", "group_size": 32}]}]}
      """)
    let (a, b) = (try converted("--type", "int4"), try converted("--recipe", recipe))
    let json = try kibble("diff", a, b, "--json").json
    #expect(json["metadata"]?.arrayValue?.map { $0["key"] } == ["recipe"])
    let tensors = try #require(json["tensors"]?.arrayValue)
    let different = tensors.filter { $0["identical"] == false }
    #expect(different.map { $0["name"] } == ["model.embed_tokens.weight"])
    #expect(different[0]["type_b"] == "2 bands of int8 g32, int4 g32")
    let count = try #require(different[0]["different_values"]?.intValue)
    #expect((512 * 100...512 * 128).contains(count))
  }

  /// Without values; of models that have little in common.
  @Test func headers() throws {
    let other = Fixtures.folder("cases/act-gelu-new")
    let run = try kibble("diff", nano, other, "--headers")
    #expect(run.code == 1)
    for text in ["hidden_act", "\"gelu_new\"", "tokenizer.json", "bf16 2048 × 128", "bf16 96 × 40"]
    {
      #expect(run.output.contains(text), "\(text)")
    }
    let json = try kibble("diff", other, nano, "--headers", "--json").json
    let tensors = try #require(json["tensors"]?.arrayValue)
    #expect(json["values_compared"] == false)
    #expect(tensors.allSatisfy { $0["max_abs_diff"]?.isNull == true })
    let missing = tensors.filter { $0["shape_a"]?.isNull == true }
    #expect(missing.contains { $0["name"] == "model.layers.3.mlp.up_proj.weight" })
    let same = try kibble("diff", nano, nano, "--headers")
    #expect(same.code == 0 && same.output == "no difference, values aside\n")
  }

  /// A weight that is no number is a difference, unless both have none there.
  @Test func noNumbers() throws {
    let copy = folder.path("copy")
    try FileManager.default.copyItem(atPath: nano, toPath: copy)
    let weights = copy + "/model.safetensors"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: weights))
    bytes.replaceSubrange(bytes.count - 2..<bytes.count, with: [0xC0, 0x7F])
    try bytes.write(to: URL(fileURLWithPath: weights))
    let run = try kibble("diff", nano, copy, "--json")
    let different = try run.json["tensors"]?.arrayValue?.filter { $0["identical"] == false } ?? []
    #expect(run.code == 1 && different.count == 1)
    #expect(different.first?["different_values"] == 1)
    #expect(different.first?["max_abs_diff"]?.isNull == true)
    #expect(try kibble("diff", copy, copy).code == 0)
  }

  /// Files of weights without a config, by the names that checkpoints give them.
  @Test(arguments: ["doge-nano", "reference/e3-oldnames-f32"])
  func weightsAlone(fixture: String) throws {
    let source = Fixtures.folder(fixture)
    let weights = source + "/model.safetensors"
    let file = try converted("--type", "int8", from: source)
    #expect(try kibble("diff", weights, weights).code == 0)
    #expect(try kibble("diff", weights, source).output == "no difference\n")
    let expected = try kibble("diff", source, file, "--json").json["tensors"]?.arrayValue ?? []
    let found = try kibble("diff", weights, file, "--json").json["tensors"]?.arrayValue ?? []
    let errors = Set(expected.compactMap { $0["nmse"]?.doubleValue })
    #expect(found.count == expected.count && errors.count > 5)
    #expect(Set(found.compactMap { $0["nmse"]?.doubleValue }) == errors)
  }

  /// Values of other types than floats cannot be compared, and what header and shapes say can.
  @Test func otherWeights() throws {
    func file(
      _ name: String, type: String, _ shape: String, bytes: Int, filled: UInt8 = 0
    ) throws -> String {
      let header =
        #"{"x": {"dtype": "\#(type)", "shape": \#(shape), "data_offsets": [0, \#(bytes)]}}"#
      var content = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
      content += Array(header.utf8) + [UInt8](repeating: filled, count: bytes)
      return try folder.write(name, content)
    }
    let ids = try file("ids.safetensors", type: "I64", "[2]", bytes: 16)
    let others = try file("others.safetensors", type: "I64", "[2]", bytes: 16, filled: 1)
    expectRefusal(try kibble("diff", ids, others), 69, "I64")
    #expect(try kibble("diff", ids, others, "--headers").code == 0)
    #expect(try kibble("diff", ids, ids).code == 0)
    let cube = try file("cube.safetensors", type: "F32", "[2, 3, 4]", bytes: 96)
    let scalar = try file("scalar.safetensors", type: "F32", "[]", bytes: 4)
    let empty = try file("empty.safetensors", type: "F32", "[0, 4]", bytes: 0)
    for path in [cube, scalar, empty] {
      #expect(try kibble("diff", path, path).code == 0, "\(path)")
      #expect(try kibble("diff", path, ids).code == 1)
      #expect(try kibble("inspect", path, "--stats").code == 0)
    }
  }

  @Test func refused() throws {
    expectRefusal(try kibble("diff", nano), 64, "B")
    expectRefusal(try kibble("diff", nano, folder.path("none")), 66, "none")
    let path = try converted()
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count - 100] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    expectRefusal(try kibble("diff", nano, path), 65, path)
  }
}
