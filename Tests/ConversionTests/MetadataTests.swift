import ByteIO
import Conversion
import Foundation
import JSONCore
import KibbleFormat
import ModelFile
import Quantization
import TestSupport
import Testing

/// kibble.json and the blobs.
@Suite struct MetadataTests {
  private func file(_ path: String, _ type: String = "source") throws -> KibbleFile {
    try converter().load(plan(path, recipe(type))).model.file
  }

  /// The metadata say what was made of what.
  @Test func content() throws {
    let path = Fixtures.folder("doge-nano")
    let metadata = try file(path, "int4").metadata
    #expect(
      metadata.objectValue?.keys == [
        "schema", "format_version", "tool", "family", "layout", "parameters", "recipe", "sources",
        "card", "tensors",
      ])
    #expect(metadata["schema"] == "kibble.metadata/1")
    #expect(metadata["format_version"] == "1.1")
    #expect(metadata["tool"] == ["name": "kibble", "version": "1.2.3"])
    #expect(metadata["family"] == "doge")
    #expect(
      metadata["layout"] == [
        "name": "current", "naming": "current", "tied": true, "router_bias": false, "prunes": true,
      ])
    #expect(
      metadata["recipe"] == [
        "type": "int4", "group_size": 32, "method": "search", "rules": [],
      ])
    #expect(
      metadata["card"] == [
        "license": "apache-2.0", "datasets": ["wordnet-3.0", "king-james-bible"],
        "language": ["en"], "tags": ["doge", "sft"],
      ])
  }

  /// The format's version is that of the header; without blobs to compress, the types decide.
  @Test(arguments: [("int4", "1.0"), ("int3", "1.1"), ("int2", "1.1"), ("int4s", "1.1")])
  func formatVersion(type: String, version: String) throws {
    let file = try file(Fixtures.folder("cases/odd-shapes"), type)
    #expect(file.metadata["format_version"]?.stringValue == version)
    #expect("1.\(file.bytes[10])" == version)
  }

  /// Sources are the checkpoint's files with their sizes and checksums.
  @Test func sources() throws {
    let path = Fixtures.folder("reference/e6-sharded-f32")
    let sources = try #require(try file(path).metadata["sources"]?.arrayValue)
    let names = sources.compactMap { $0["name"]?.stringValue }
    #expect(names.count == 4)
    #expect(names.first == "config.json")
    for source in sources {
      let bytes = try fileBytes(path + "/" + (source["name"]?.stringValue ?? ""))
      #expect(source["bytes"]?.intValue == bytes.count)
      let expected = String(CRC32.checksum(bytes), radix: 16)
      #expect(
        source["crc32"]?.stringValue
          == String(repeating: "0", count: 8 - expected.count) + expected)
    }
  }

  /// Tensors have their types, notes and the checkpoint's spelling.
  @Test func tensors() throws {
    let file = try file(Fixtures.folder("reference/e3-oldnames-f32"), "int8")
    #expect(
      file.metadata(of: "model.embed_tokens.weight") == [
        "name": "model.embed_tokens.weight", "type": "int8", "group_size": 32,
        "source_name": "model.word_embed.weight", "source_type": "F32",
      ])
    #expect(
      file.metadata(of: "model.layers.1.self_attn.A") == [
        "name": "model.layers.1.self_attn.A", "type": "f32", "note": "kept f32: A",
        "source_type": "F32",
      ])
    #expect(file.metadata["layout"]?["name"] == "per-query-head-old-names")
    #expect(file.metadata["layout"]?["prunes"] == false)
  }

  /// Rules are recorded, with the group sizes that they have.
  @Test func rules() throws {
    var recipe = try recipe("int8")
    recipe.rules = [
      TensorRule(glob: Glob("*.q_proj.weight"), type: .weights(.int4), groupSize: 64),
      TensorRule(glob: Glob("*norm*"), type: .source),
    ]
    let plan = try plan(Fixtures.folder("reference/e6-gqa-tied-bf16"), recipe)
    let file = try converter().load(plan).model.file
    #expect(
      file.metadata["recipe"]?["rules"] == [
        ["pattern": "*.q_proj.weight", "type": "int4", "group_size": 64],
        ["pattern": "*norm*", "type": "source"],
      ])
    let q = try #require(file.metadata(of: "model.layers.0.self_attn.q_proj.weight"))
    #expect(q["group_size"] == 64)
    let record = file.tensors.first { $0.name == "model.layers.0.self_attn.q_proj.weight" }
    #expect(record?.geometry.groupSize == 64)
  }

  /// A float recipe names neither group size nor method.
  @Test func floatRecipe() throws {
    let metadata = try file(Fixtures.folder("reference/e6-moe"), "bf16").metadata
    #expect(metadata["recipe"] == ["type": "bf16", "rules": []])
  }

  /// A lossy file in between is recorded.
  @Test(arguments: [("f16", true), ("bf16", false)])
  func through(middle: String, isLossy: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a.kibble")
    let fixture = Fixtures.folder("reference/e6-gqa-tied-bf16")
    _ = try converter().write(plan(fixture, recipe(middle)), to: path)
    let file = try file(path, "int8")
    let entry = try #require(file.metadata(of: "model.embed_tokens.weight"))
    #expect(entry["through"] == (isLossy ? ["f16"] : nil))
    #expect(entry["source_type"] == "BF16")
    #expect(file.metadata["sources"] == (try self.file(fixture).metadata["sources"]))
    #expect(file.metadata(of: "model.norm.weight")?["through"] == nil)
  }

  /// Blobs are carried as they are, the model card among them.
  @Test func blobs() throws {
    let folder = try TemporaryFolder()
    let path = try folder.copy(fixture: "doge-nano")
    try folder.write("checkpoint/LICENSE", "free\r\n")
    try folder.write("checkpoint/notes.txt", "mine")
    let file = try file(path)
    #expect(
      file.blobs.map(\.name) == [
        "kibble.json", "config.json", "generation_config.json", "tokenizer.json",
        "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja", "README.md",
        "LICENSE",
      ])
    for blob in file.blobs.dropFirst() {
      #expect(try file.checkedBytes(of: blob) == fileBytes(path + "/" + blob.name))
    }
  }

  /// The commit of a cache snapshot is recorded.
  @Test func commit() throws {
    let folder = try TemporaryFolder()
    let cache = "models--SmallDoge--Doge"
    let snapshots = URL(fileURLWithPath: folder.path(cache + "/snapshots"))
    try FileManager.default.createDirectory(at: snapshots, withIntermediateDirectories: true)
    _ = try folder.copy(fixture: "cases/odd-shapes", as: cache + "/snapshots/0123abcd")
    let file = try file(folder.path(cache))
    #expect(file.metadata["commit"] == "0123abcd")
    let sources = file.metadata["sources"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
    #expect(sources == ["config.json", "model.safetensors"])
  }

  /// A file's layout and config come back when it is opened.
  @Test(arguments: Fixtures.checkpoints)
  func reopening(fixture: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a.kibble")
    let source = try ModelSource.open(path: Fixtures.folder(fixture))
    _ = try converter().write(plan(Fixtures.folder(fixture), recipe("source")), to: path)
    let stored = try ModelSource.open(path: path)
    #expect(stored.layout == source.layout)
    #expect(stored.config == source.config)
    #expect(stored.parameterCount == source.parameterCount)
    guard case .checkpoint(_, let resolved) = source, case .kibble(let model) = stored else {
      Issue.record("opened as something else")
      return
    }
    #expect(model.tensors.map(\.sourceName) == resolved.tensors.map(\.sourceName))
    #expect(model.tensors.map(\.sourceType) == resolved.tensors.map(\.sourceType))
  }
}
