import Conversion
import Foundation
import JSONCore
import Kernels
import KibbleFormat
import ModelFile
import Quantization
import Safetensors
import TensorCore
import TestSupport
import Testing

/// Exports.
@Suite struct ExportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func stored(_ path: String, _ type: String) throws -> StoredModel {
    let output = folder.path("\(type)-\(UUID()).kibble")
    _ = try converter().write(plan(path, recipe(type)), to: output)
    return try opened(output)
  }

  private func opened(_ path: String) throws -> StoredModel {
    guard case .kibble(let model) = try ModelSource.open(path: path) else {
      throw CocoaError(.fileReadUnknown)
    }
    return model
  }

  /// The bytes of all tensors of a checkpoint by their names.
  private func values(_ path: String) throws -> [String: [UInt8]] {
    let checkpoint = try CheckpointFolder(path: path)
    return Dictionary(
      uniqueKeysWithValues: checkpoint.tensors.map { tensor in
        let file = checkpoint.file(of: tensor)
        return (tensor.name, file.withBytes(of: tensor.entry) { $0.bytes(0..<$0.byteCount) ?? [] })
      })
  }

  /// A checkpoint in f32 comes back bit for bit, under its own names.
  @Test(arguments: [
    "reference/e6-mha-untied-f32", "reference/e3-oldnames-f32", "reference/e6-sharded-f32",
  ])
  func roundTrip(fixture: String) throws {
    let path = Fixtures.folder(fixture)
    let report = try converter().export(stored(path, "source"), to: folder.path("out"))
    #expect(try values(folder.path("out")) == values(path))
    #expect(report.files == ["model.safetensors", "config.json", "README.md"])
    #expect(try fileBytes(folder.path("out/config.json")) == fileBytes(path + "/config.json"))
  }

  /// 16-bit checkpoints come back in their own type.
  @Test(arguments: [
    ("reference/e6-gqa-tied-bf16", WeightType.bf16), ("reference/e6-bias-f16", .f16),
    ("cases/odd-shapes", .bf16),
  ])
  func sixteenBits(fixture: String, type: WeightType) throws {
    let path = Fixtures.folder(fixture)
    _ = try converter().export(stored(path, "source"), to: folder.path("out"), type: type)
    #expect(try values(folder.path("out")) == values(path))
  }

  /// An export of quantized weights is converted to the values that the file stands for.
  @Test(arguments: ["int8", "int6", "int5", "int4", "int3", "int2", "int6s", "int2s"])
  func quantized(type: String) throws {
    let model = try stored(Fixtures.folder("cases/doge2-keepwindow"), type)
    _ = try converter().export(model, to: folder.path("out"))
    let again = try converter().load(plan(folder.path("out"), recipe("source"))).model.file
    let values = try values(folder.path("out"))
    for tensor in model.tensors {
      let expected = model.file.decoded(tensor.bands[0])
      let exported = try #require(values[tensor.sourceName])
      #expect(exported == expected.flatMap { bytes(of: $0) }, "\(tensor.name)")
    }
    #expect(again.tensors.allSatisfy { $0.type == .f32 })
  }

  /// A tensor that is read in several parts.
  @Test(arguments: ["int8", "int4s"]) func manyChunks(type: String) throws {
    let model = try stored(Fixtures.folder("doge-nano"), type)
    let embedding = try #require(model.file.tensors.first)
    try #require(embedding.geometry.elementCount >= 4 * 64 << 10)
    _ = try converter().export(model, to: folder.path("out"))
    let values = try values(folder.path("out"))[embedding.name]
    #expect(values == model.file.decoded(embedding).flatMap { bytes(of: $0) })
  }

  private func bytes(of value: Float) -> [UInt8] {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { [UInt8]($0) }
  }

  /// Threads and kernels change nothing.
  @Test(arguments: [WeightType.f32, .bf16])
  func enginesAgree(type: WeightType) throws {
    let model = try stored(Fixtures.folder("cases/odd-shapes"), "int4")
    var first: [UInt8]?
    for (index, engine) in Engine.all.enumerated() {
      let name = "out\(index)"
      _ = try engine.converter().export(model, to: folder.path(name), type: type)
      let bytes = try fileBytes(folder.path(name + "/model.safetensors"))
      #expect(bytes == first ?? bytes, "\(engine.testDescription)")
      first = first ?? bytes
    }
  }

  /// f16 that overflows is refused and leaves nothing.
  @Test func overflow() throws {
    let path = try folder.copy(fixture: "reference/e6-mha-untied-f32")
    var bytes = try fileBytes(path + "/model.safetensors")
    let file = try SafetensorsFile(path: path + "/model.safetensors")
    let up = try #require(file["model.layers.0.mlp.up_proj.weight"])
    let place = up.byteRange.lowerBound + 4 * (7 * up.shape[1] + 3)
    bytes.replaceSubrange(place..<place + 4, with: self.bytes(of: -65520))
    try folder.write("checkpoint/model.safetensors", bytes)
    let model = try stored(path, "source")
    let error = try diagnostic {
      _ = try converter().export(model, to: folder.path("out"), type: .f16)
    }
    #expect(error.code == "conversion.overflow")
    #expect(error.message.contains("-65520.0 at [7, 3]"))
    #expect(try folder.names().allSatisfy { $0 == "checkpoint" || $0.hasSuffix(".kibble") })
  }

  /// Quantized types are no export types.
  @Test func quantizedType() throws {
    let model = try stored(Fixtures.folder("cases/odd-shapes"), "source")
    let error = try diagnostic {
      _ = try converter().export(model, to: folder.path("out"), type: .int8)
    }
    #expect(error.kind == .usage)
  }

  /// A folder is replaced only when asked, and only if an export wrote it.
  @Test func existing() throws {
    let model = try stored(Fixtures.folder("doge-nano"), "int8")
    let out = folder.path("out")
    _ = try converter().export(model, to: out, type: .bf16)
    #expect(
      try diagnostic { _ = try converter().export(model, to: out) }.code
        == "conversion.folder-exists")
    _ = try converter().export(model, to: out + "/", overwrite: true)
    let config = try JSON.parse(fileBytes(out + "/config.json"))
    #expect(config["torch_dtype"] == "float32")
    #expect(try folder.names().filter { !$0.hasSuffix(".kibble") } == ["out"])
    #expect(
      try folder.names(in: "out") == [
        "README.md", "chat_template.jinja", "config.json", "generation_config.json",
        "model.safetensors", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
      ])

    try folder.write("out/thesis.tex", "years of work")
    let error = try diagnostic { _ = try converter().export(model, to: out, overwrite: true) }
    #expect(error.code == "conversion.folder-holds-others")
    #expect(try folder.names(in: "out").contains("thesis.tex"))
    try folder.write("file", "text")
    #expect(
      try diagnostic { _ = try converter().export(model, to: folder.path("file")) }.code
        == "conversion.output-not-folder")
    #expect(
      try diagnostic { _ = try converter().export(model, to: folder.path("no/out")) }.code
        == "file.missing-folder")
  }

  /// Only the type's name changes in config.json.
  @Test(arguments: [
    (
      #"{"a": 1.50, "torch_dtype" : "bfloat16","b":[]}"#,
      #"{"a": 1.50, "torch_dtype" : "float16","b":[]}"#
    ),
    (#"{"dtype":null}"#, #"{"dtype":"float16"}"#),
    (#"{"torch_dtype":"x","dtype":"y"}"#, #"{"torch_dtype":"float16","dtype":"float16"}"#),
    (#"{"x":{"dtype":"y"}, "torch_dtype": 7}"#, #"{"x":{"dtype":"y"}, "torch_dtype": 7}"#),
    (#"{"é":"dtype"}"#, #"{"é":"dtype"}"#),
  ])
  func config(text: String, expected: String) throws {
    let bytes = try ExportedConfig.bytes(Array(text.utf8), type: .f16)
    #expect(String(decoding: bytes, as: UTF8.self) == expected)
  }
}
