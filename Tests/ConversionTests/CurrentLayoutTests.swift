import ByteIO
import Conversion
import DogeModel
import JSONCore
import Kernels
import ModelFile
import Quantization
import Safetensors
import TensorCore
import TestSupport
import Testing

/// Exports in transformers' own layout.
@Suite struct CurrentLayoutTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func stored(_ path: String, _ type: String = "source") throws -> StoredModel {
    try converter().load(plan(path, recipe(type))).model
  }

  /// Logits of tokens without a pattern.
  private func logits(of model: StoredModel, tokens count: Int = 48) throws -> [[Float]] {
    let model = DogeModel(model, compute: try Compute(threads: 1))
    let tokens = (0..<count).map { ($0 * $0 * 7 + $0 * 31 + 5) % model.config.vocabularySize }
    let hidden = try model.forward(tokens, cache: model.makeCache(maximum: count))
    let logits = model.logits(hidden, rows: 0..<count)
    return (0..<count).map(logits.row)
  }

  private func difference(_ left: [[Float]], _ right: [[Float]]) -> Float {
    zip(left.joined(), right.joined()).map { abs($0 - $1) }.max() ?? .infinity
  }

  /// Exports a model, reads it again and expects the same logits.
  private func expectSame(_ model: StoredModel, type: WeightType = .f32, within limit: Float) throws
  {
    let report = try converter().export(
      model, to: folder.path("out"), layout: .current, type: type, overwrite: true)
    let again = try stored(folder.path("out"))
    #expect(again.layout.name == "current" && again.layout.naming == .current)
    #expect(again.config.family == .doge && again.config.unknownKeys == model.config.unknownKeys)
    #expect(again.layout.tied == model.layout.tied)
    #expect(again.parameterCount == report.parameterCount)
    let difference = try difference(logits(of: model), logits(of: again))
    #expect(difference <= limit)
  }

  /// Every checkpoint but those that the layout cannot express.
  @Test(arguments: Fixtures.checkpoints.filter { !$0.contains("router-bias") })
  func fixtures(name: String) throws {
    try expectSame(stored(Fixtures.folder(name)), within: 5e-4)
  }

  @Test(arguments: ["cases/router-bias", "cases/router-bias-oldnames"])
  func routerBias(name: String) throws {
    let model = try stored(Fixtures.folder(name))
    let error = try diagnostic {
      _ = try converter().export(model, to: folder.path("out"), layout: .current)
    }
    #expect(error.code == "conversion.not-in-current-layout" && error.kind == .unsupported)
    #expect(error.message.contains("router"))
    #expect(try folder.names() == [])
  }

  /// A legacy checkpoint of a fixture, with more tensors and other keys.
  private func legacy(
    _ fixture: String, config changes: [String: JSON] = [:], biases: Bool = false,
    head: Bool = false
  ) throws -> String {
    let checkpoint = try CheckpointFolder(path: Fixtures.folder(fixture))
    var random = SplitMix64(state: 3)
    var tensors = checkpoint.tensors.map { tensor in
      let file = checkpoint.file(of: tensor)
      let bytes = file.withBytes(of: tensor.entry) { $0.bytes(0..<$0.byteCount) ?? [] }
      return (name: tensor.name, type: tensor.entry.type, shape: tensor.entry.shape, bytes: bytes)
    }
    func add(_ name: String, _ shape: [Int], scale: Float) {
      let values = random.normals(shape.reduce(1, *), scale: scale)
      let bytes = values.flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
      }
      tensors.append((name, .f32, shape, bytes))
    }
    for tensor in checkpoint.tensors where biases && tensor.name.hasSuffix("_proj.weight") {
      let name = tensor.name.dropLast("weight".count) + "bias"
      add(String(name), [tensor.entry.shape[0]], scale: 0.5)
    }
    var config = try #require(try JSON.parse(checkpoint.configBytes).objectValue)
    if biases { config["hidden_bias"] = true }
    if head {
      let sizes = ["vocab_size", "hidden_size"].compactMap { config[$0]?.intValue }
      add("lm_head.weight", sizes, scale: 0.2)
      config["tie_word_embeddings"] = false
    }
    for (key, value) in changes { config[key] = value }
    if biases { (config["attention_bias"], config["mlp_bias"]) = (nil, nil) }

    let writer = try SafetensorsWriter(
      tensors: tensors.map { .init(name: $0.name, type: $0.type, shape: $0.shape) })
    let buffer = try MemoryBuffer(count: writer.fileSize)
    try writer.writeHeader(to: buffer)
    for (tensor, range) in zip(tensors, writer.byteRanges) {
      try buffer.write(tensor.bytes, at: range.lowerBound)
    }
    try folder.write("in/model.safetensors", buffer.bytes(0..<buffer.count))
    try folder.write("in/config.json", JSON.object(config).serialized())
    return folder.path("in")
  }

  /// Biases stay in the places of their channels, beside those that calm the norms.
  @Test(arguments: [
    "reference/e3-oldnames-f32", "reference/e3-moe-oldnames", "reference/e4-newnames-bf16",
    "cases/qknorm-per-query-head",
  ])
  func biases(fixture: String) throws {
    let model = try stored(legacy(fixture, biases: true))
    #expect(model.config.attentionBias && model.config.mlpBias)
    try expectSame(model, within: 5e-4)
  }

  @Test(arguments: ["reference/e3-oldnames-f32", "reference/e4-keepwindow"])
  func untied(fixture: String) throws {
    let model = try stored(legacy(fixture, head: true))
    #expect(!model.layout.tied)
    try expectSame(model, within: 5e-4)
  }

  @Test(
    arguments: [
      ["rope_type": "linear", "factor": 3.0],
      ["type": "dynamic", "factor": 2.0],
      ["rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512],
      ["rope_type": "yarn", "factor": 4.0, "beta_fast": 2.5, "truncate": false],
      [
        "rope_type": "longrope", "factor": 2.0, "original_max_position_embeddings": 16,
        "short_factor": [1.0, 1.5, 2.0, 4.0], "long_factor": [1.0, 3.0, 5.0, 7.0],
      ],
      [
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64,
      ],
    ] as [JSON])
  func scaledRope(rope: JSON) throws {
    for key in ["rope_scaling", "rope_parameters"] {
      let path = try legacy(
        "reference/e4-newnames-bf16",
        config: ["rope_theta": 500.0, "sliding_window": 24].merging([key: rope]) { $1 })
      let model = try stored(path)
      #expect(model.config.rope.scaling != .none)
      let own = try logits(of: model)
      try expectSame(model, within: 5e-4)
      // The scaling matters.
      let plain = try stored(
        legacy("reference/e4-newnames-bf16", config: ["rope_theta": 500.0, "sliding_window": 24]))
      if rope["type"] == nil { #expect(try difference(logits(of: plain), own) > 5e-3) }
    }
  }

  /// With more channels the ramp would end elsewhere.
  @Test func yarnUpToTheLastChannel() throws {
    let model = try stored(
      legacy(
        "reference/e4-newnames-bf16",
        config: ["rope_scaling": ["rope_type": "yarn", "factor": 4.0], "rope_theta": 4.0]))
    let error = try diagnostic {
      _ = try converter().export(model, to: folder.path("out"), layout: .current)
    }
    #expect(error.code == "conversion.not-in-current-layout")
    #expect(error.message.contains("yarn"))
  }

  /// Quantized weights are laid out as the floats that they stand for.
  @Test(arguments: ["int8", "int4"]) func quantized(type: String) throws {
    try expectSame(stored(Fixtures.folder("reference/e3-moe-oldnames"), type), within: 5e-4)
  }

  /// Types of 16 bits round in this layout about as much as in the model's own.
  @Test(arguments: [WeightType.bf16, .f16]) func sixteenBits(type: WeightType) throws {
    let model = try stored(Fixtures.folder("reference/e3-oldnames-f32"))
    _ = try converter().export(model, to: folder.path("own"), type: type)
    let rounded = try difference(logits(of: model), logits(of: stored(folder.path("own"))))
    try expectSame(model, type: type, within: 1.5 * rounded)
  }

  /// What the construction adds is not rounded: weights of 16 bits stay the same model in bf16.
  @Test func sixteenBitsStay() throws {
    let model = try stored(Fixtures.folder("reference/e4-newnames-bf16"))
    try expectSame(model, type: .bf16, within: 5e-4)
  }

  @Test func enginesAgree() throws {
    let model = try stored(Fixtures.folder("reference/e3-oldnames-f32"), "int4")
    var first: [UInt8]?
    for (index, engine) in Engine.all.enumerated() {
      let out = folder.path("out\(index)")
      _ = try engine.converter().export(model, to: out, layout: .current)
      let bytes = try fileBytes(out + "/model.safetensors")
      #expect(bytes == first ?? bytes, "\(engine.testDescription)")
      first = first ?? bytes
    }
  }

  /// The config says all that transformers needs, and what the result is not.
  @Test func config() throws {
    let model = try stored(Fixtures.folder("reference/e3-oldnames-f32"))
    let report = try converter().export(
      model, to: folder.path("out"), layout: .current, type: .bf16)
    let config = try JSON.parse(fileBytes(folder.path("out/config.json")))
    let expected: JSONObject = [
      ("model_type", "doge"), ("head_dim", 16), ("num_attention_heads", 4),
      ("num_key_value_heads", 4), ("attention_bias", true), ("mlp_bias", false),
      ("keep_window_size", 1_073_741_824), ("tie_word_embeddings", true),
      ("torch_dtype", "bfloat16"), ("hidden_size", 48), ("architectures", ["DogeForCausalLM"]),
    ].reduce(into: JSONObject()) { $0[$1.0] = $1.1 as JSON }
    for member in expected.members { #expect(config[member.key] == member.value, "\(member.key)") }
    for key in ["auto_map", "hidden_bias", "dynamic_mask_ratio", "rope_parameters"] {
      #expect(config[key] == nil)
    }
    let theta = try #require(config["rope_theta"]?.doubleValue)
    #expect(abs(theta / 215443.469003188372 - 1) < 1e-14)
    #expect(config["rope_scaling"]?["rope_type"] == "dynamic")
    #expect(report.notes.count == 2)
    #expect(report.notes[0].contains("up to 2048 positions"))
    #expect(report.notes[1].contains("float16"))
  }

  /// The type of the weights is said also where the source's config does not.
  @Test func typeInConfig() throws {
    let path = try legacy("reference/e4-newnames-bf16")
    var config = try #require(try JSON.parse(fileBytes(path + "/config.json")).objectValue)
    (config["torch_dtype"], config["dtype"]) = (nil, nil)
    try folder.write("in/config.json", JSON.object(config).serialized())
    _ = try converter().export(
      stored(path), to: folder.path("out"), layout: .current, type: .bf16)
    let exported = try JSON.parse(fileBytes(folder.path("out/config.json")))
    #expect(exported["torch_dtype"] == "bfloat16" && exported["dtype"] == nil)
  }

  /// A model of the current layout changes nothing but names.
  @Test func currentStaysAsItIs() throws {
    let model = try stored(Fixtures.folder("cases/residual-weight"))
    let report = try converter().export(model, to: folder.path("out"), layout: .current)
    #expect(report.notes == [] && report.parameterCount == model.parameterCount)
    let names = try SafetensorsFile(path: folder.path("out/model.safetensors")).tensors.map(\.name)
    #expect(names.contains("model.layers.0.input_residual"))
  }

  @Test func fourSquares() {
    for width in stride(from: 8, through: 2048, by: 8) {
      let sides = NeutralNorm.sides(ofSquaresAddingUpTo: width)
      #expect(sides.count == 4 && sides == sides.sorted(by: >))
      #expect(sides.reduce(0) { $0 + $1 * $1 } == width)
    }
    #expect(NeutralNorm.sides(ofSquaresAddingUpTo: 136) == [8, 6, 6, 0])
  }
}
