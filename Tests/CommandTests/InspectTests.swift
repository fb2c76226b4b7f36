import Foundation
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

  /// What takes how much stands before the list.
  @Test func total() throws {
    let path = try bench.convert("a.kibble", "--type", "int4")
    let text = try kibble("inspect", path).output
    #expect(text.contains("\n62 tensors, 601.7 kB: int4 589.8 kB, f32 11.8 kB\n"), "\(text)")
    let json = try kibble("inspect", path, "--json").json
    let bytes = json["tensors"]?.arrayValue?.compactMap { $0["bytes"]?.intValue } ?? []
    #expect((601_600..<601_800).contains(bytes.reduce(0, +)))
  }

  /// The same for equal models, whatever they lie in; and a line for what differs.
  @Test func plain() throws {
    let (a, b) = (try bench.convert("a.kibble"), try bench.convert("b.kibble", "--blobs", "raw"))
    func lines(_ path: String) throws -> [Substring] {
      try kibble("inspect", path, "--plain").output.split(separator: "\n")
    }
    let plain = try lines(a)
    #expect(Set(plain).subtracting(try lines(b)) == [#"metadata.format_version: "1.1""#])
    #expect(plain.contains("config.hidden_size: 128"))
    #expect(plain.contains { $0.hasPrefix("tensor model.norm.weight: bf16 [128] crc32 ") })
    let names = plain.filter { $0.hasPrefix("tensor ") }
    #expect(names.count == 62 && names == names.sorted())
    #expect(try kibble("inspect", a, "--plain", "--json").code == 64)
  }

  /// As `sha256sum` has it; that of the tensors does not depend on what lies beside them.
  @Test func digests() throws {
    let known = "55b99aed95361a36f344ba23ff1179b9dd4747935508491cbe7ada5250c5b455"
    let checkpoint = try kibble("inspect", bench.checkpoint, "--sha256", "--json").json
    let files = try #require(checkpoint["files"]?.arrayValue)
    #expect(files.map { $0["name"] } == ["config.json", "model.safetensors"])
    #expect(files[1]["sha256"]?.stringValue == known)
    let alone = try kibble(
      "inspect", bench.checkpoint + "/model.safetensors", "--sha256", "--json"
    ).json
    #expect(alone["payload_sha256"] == checkpoint["payload_sha256"])
    let (a, b) = (try bench.convert("a.kibble"), try bench.convert("b.kibble", "--blobs", "raw"))
    let (one, two) = (
      try kibble("inspect", a, "--sha256", "--json").json,
      try kibble("inspect", b, "--sha256", "--json").json
    )
    #expect(one["payload_sha256"] == two["payload_sha256"] && one["files"] != two["files"])
    #expect(
      try kibble("inspect", a, "--sha256").output.contains(
        one["payload_sha256"]?.stringValue ?? "?"))
  }

  /// Weights without a config: by their own names, with the statistics that the model has.
  @Test func weightsAlone() throws {
    let weights = bench.checkpoint + "/model.safetensors"
    let json = try kibble("inspect", weights, "--stats", "--json").json
    #expect(json["architecture"] == .null && json["metadata"] == ["format": "pt"])
    #expect(json["parameters"] == 1_051_528)
    func values(_ json: JSON) -> [String: JSON] {
      Dictionary(
        uniqueKeysWithValues: (json["tensors"]?.arrayValue ?? []).map {
          ($0["name"]?.stringValue ?? "", $0["stats"] ?? .null)
        })
    }
    let model = try kibble("inspect", bench.checkpoint, "--stats", "--json").json
    let (found, expected) = (values(json), values(model))
    #expect(found.count == 62 && Set(found.keys) == Set(expected.keys))
    for (name, value) in found {
      for key in ["min", "max", "zeros"] { #expect(value[key] == expected[name]?[key], "\(name)") }
    }
  }

  /// Where a model comes from is what the hub's cache calls it, and stays with it.
  @Test func repository() throws {
    let cache = bench.folder.path("models--SmallDoge--Doge--nano")
    let commit = "0123abcd"
    let snapshot = cache + "/snapshots/" + commit
    try FileManager.default.createDirectory(
      atPath: cache + "/snapshots", withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: bench.checkpoint, toPath: snapshot)
    let file = bench.path("hub.kibble")
    #expect(try kibble("convert", cache, "-o", file).code == 0)
    for path in [cache, snapshot, file] {
      let json = try kibble("inspect", path, "--json").json
      #expect(json["repository"] == "SmallDoge/Doge--nano" && json["commit"] == "0123abcd")
      let text = try kibble("inspect", path).output
      #expect(text.contains("\nrepository SmallDoge/Doge--nano, commit 0123abcd\n"))
    }
  }
}
