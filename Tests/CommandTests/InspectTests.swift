import JSONCore
import TestSupport
import Testing

/// What `inspect` says of a model beside its tensors.
@Suite struct InspectTests {
  private let bench: Workbench

  init() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "doge-nano")
    let card = String(decoding: try folder.read("checkpoint/README.md"), as: UTF8.self)
    try folder.write(
      "checkpoint/README.md", card + "\n## Citation\n\n@misc{nano,\n  title={Nano}\n}\n")
    bench = try Workbench(checkpoint: path, folder: folder)
  }

  @Test(arguments: [true, false]) func whatCounts(isConverted: Bool) throws {
    let path =
      isConverted ? try bench.convert("a.kibble", "--type", "int4") : bench.checkpoint
    let json = try kibble("inspect", path, "--json").json
    #expect(
      json["card"] == [
        "license": "apache-2.0", "datasets": ["wordnet-3.0", "king-james-bible"],
        "language": ["en"], "tags": ["doge", "sft"], "citation": "@misc{nano,\n  title={Nano}\n}",
      ])
    #expect(json["tokenizer"]?["size"] == 2048 && json["tokenizer"]?["special"] == 8)
    #expect(
      json["tokenizer"]?["special_tokens"]?["eos_token"]
        == ["token": "<|end_of_text|>", "id": 1])
    #expect(json["chat_templates"] == ["default"])
    #expect(json["generation_config"]?["eos_token_id"] == 1)
    let bits = try #require(json["bits_per_weight"]?.doubleValue)
    #expect(isConverted ? abs(bits - 4.577) < 0.001 : bits == 16)
    #expect(json["recipe"]?["method"] == (isConverted ? "search" : nil))

    let text = try kibble("inspect", path).output
    for line in [
      "license apache-2.0; datasets wordnet-3.0, king-james-bible", "citation @misc{nano,",
      "tokenizer of 2,048 tokens, 8 special", "chat template default", "generation: ",
      isConverted ? "4.577 bits per weight, recipe: int4, groups of 32, search" : "16.000 bits",
    ] {
      #expect(text.contains(line), "\(line)")
    }
  }

  /// A checkpoint without any of that.
  @Test func nothing() throws {
    let json = try kibble("inspect", Fixtures.folder("cases/odd-shapes"), "--json").json
    for key in ["card", "tokenizer", "generation_config", "recipe"] {
      #expect(json[key] == .null, "\(key)")
    }
    #expect(json["chat_templates"] == [])
  }
}
