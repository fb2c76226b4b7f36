import DogeArchitecture
import DogeModel
import Generation
import JSONCore
import Kernels
import NumPyFormat
import Parallel
import Verification

@testable import Charts
@testable import Conversion
@testable import KibbleTool
@testable import Quantization
@testable import Safetensors

/// Every parser that meets a file, by the name that run.sh knows it by.
let targets: [String: @Sendable ([UInt8]) throws -> Void] = [
  "json": { try json($0) },
  "jsonl": { try JSONLines.forEach(ScratchFile.path(holding: $0)) { _ in } },

  // Checkpoints.
  "safetensors": { _ = try SafetensorsFile(path: ScratchFile.path(holding: $0)) },
  "index": { try index($0) },
  "config": { try config($0) },
  "generation_config": { _ = try GenerationConfig(json: JSON.parse($0)).warnings },
  "card": { _ = ModelCard(String(decoding: $0, as: UTF8.self))?.json.serialized() },

  // Text.
  "tokenizer": { try tokenizer($0) },
  "text": { try text($0) },
  "pattern": { try pattern($0) },
  "tokenizer_config": { try tokenizerConfig($0) },
  "template": { try template($0) },
  "conversation": { try conversation($0) },

  // kibble's own files; "sealed" puts the checksums right first, to get behind them.
  "kibble": { try checkKibble($0) },
  "kibble_sealed": { try checkKibble(sealedKibble($0)) },
  "packed": { try checkPacked($0) },
  "packed_sealed": { try checkPacked(sealedPacked($0)) },
  "state": { try state($0) },
  "state_sealed": { try state(sealedState($0)) },
  "recipe": { try recipe($0) },

  // Measurements.
  "tokens": { _ = try TokenSequences.parse($0, path: "input") },
  "golden": { try golden($0) },
  "numpy": { try numpy($0) },
  "gate": { _ = try Gate.parse($0, path: "input") },
  "points": { try points($0) },
]

/// What is read is written so that it is read again.
private func json(_ input: [UInt8]) throws {
  let value = try JSON.parse(input)
  for pretty in [false, true] {
    let again = try JSON.parse(value.serialized(pretty: pretty))
    precondition(again == value, "not the same again")
  }
}

private func index(_ input: [UInt8]) throws {
  let index = try ShardIndex(input, path: "input")
  _ = index.warnings([])
  try index.check([])
}

private func config(_ input: [UInt8]) throws {
  let config = try DogeConfig(json: JSON.parse(input))
  _ = try resolve(config: config, tensors: [])
}

private func recipe(_ input: [UInt8]) throws {
  let file = try RecipeFile(bytes: input, path: "input")
  let again = try RecipeFile(bytes: Array(file.text.utf8), path: "written")
  precondition(again == file, "not the same again")
  for rule in file.recipe.rules { _ = rule.glob.matches("model.layers.10.self_attn.q_proj.weight") }
}

private let goldenConfig = Result {
  try DogeConfig(
    json: JSON.parse(
      """
      {"model_type": "doge", "vocab_size": 3, "hidden_size": 4, "intermediate_size": 4,
       "num_hidden_layers": 1, "num_attention_heads": 2}
      """))
}

/// All that is in a golden file, read.
private func golden(_ input: [UInt8]) throws {
  let path = ScratchFile.path(holding: input)
  let golden: Golden
  do {
    golden = try Golden(path: path)
  } catch VerificationError.goldenTokens {
    golden = try Golden(path: path, tokens: [[0, 1]])
  }
  let (config, compute) = try (goldenConfig.get(), Compute(threads: 1))
  try golden.check(config)
  for sequence in golden.sequences {
    _ = try sequence.logits(config, compute: compute)
    _ = try sequence.stepwiseLogits(config, compute: compute)
    for state in [HiddenState.embedding, .attention(layer: 0), .feedForward(layer: 0)] {
      _ = try sequence.hidden(state, config, compute: compute)
    }
  }
}

private func numpy(_ input: [UInt8]) throws {
  let file = try NumPyFile(path: ScratchFile.path(holding: input))
  for name in file.isArchive ? ["logits", "input_ids"] : [nil] {
    guard let array = try file.array(name) else { continue }
    let (region, range) = try file.elements(of: array)
    precondition(region.withBytes { $0.bytes(range)?.count } == range.count, "not all there")
  }
}

private func points(_ input: [UInt8]) throws {
  let chart = try QualityPoints.chart(of: input, path: "input", title: "fuzz")
  _ = ScatterLayout(chart).svg
}
