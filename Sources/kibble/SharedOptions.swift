import DogeModel
import Kernels
import Quantization
import ToolSupport

extension PositionalSpec {
  static let model = required(
    "MODEL", "a checkpoint folder, a .kibble file, or ORG/NAME in the Hugging Face cache")
}

extension OptionSpec {
  /// What types are called elsewhere, by GGUF's names, PyTorch's and those of papers.
  static let otherTypeNames = [
    "q2": "int2", "q3": "int3", "q4": "int4", "q5": "int5", "q6": "int6", "q8": "int8",
    "iq1": "int2", "iq2": "int2", "iq3": "int3", "iq4": "int4", "iq5": "int5", "iq6": "int6",
    "tq": "int2", "i2": "int2", "i4": "int4", "i8": "int8", "w4": "int4", "w8": "int8",
    "2": "int2", "3": "int3", "4": "int4", "5": "int5", "6": "int6", "8": "int8",
    "nf4": "int4", "fp4": "int4", "mxfp4": "int4", "nvfp4": "int4", "fp8": "int8", "f8": "int8",
    "uint4": "int4", "uint8": "int8", "fp16": "f16", "float16": "f16", "half": "f16",
    "fp32": "f32", "float32": "f32", "float": "f32", "full": "f32", "bfloat16": "bf16",
    "brain": "bf16", "auto": "source", "keep": "source",
  ]
}

extension OptionSpec {
  static let output = value("output", short: "o", "FILE", "the file to write", required: true)
  static let groupSize = value(
    "group-size", "N", "columns that share a scale", choices: ["32", "64", "128"], default: "32")
  static let method = value(
    "method", "METHOD", "how scales are chosen",
    choices: QuantizationMethod.allCases.map(\.rawValue), default: "search")
  static let calibration = value(
    "calibration", "FILE",
    "for gptq: a text, or a .json file with an array (of arrays) of ids; self for a text that the "
      + "model writes (the default where it has a token that begins a text), built-in for another")
  static let tune = value(
    "tune", "STEPS", "for gptq: tune codes and scales against the model's logits", default: "0")
  static let state = value(
    "state", "FILE",
    "for gptq: keep each rounded matrix in a file, and continue from there when the same command "
      + "is run again; kept until the run is done")
  static let tensor = repeated(
    "tensor", "GLOB=T[:N]",
    "the type, and the group size, of the tensors whose names match; the first match wins")
  static let recipe = value(
    "recipe", "FILE", "types, groups and method from a recipe instead of the options for them")
  static let saveRecipe = value(
    "save-recipe", "FILE", "write the recipe, which makes the same file again with --recipe")
  static let blobs = value(
    "blobs", "FORM",
    "whether tokenizer, card and templates are compressed; raw is for readers of format 1.0",
    choices: ["raw", "zlib"], default: "zlib")
  static let maxSize = value(
    "max-size", "BYTES", "for mixed and packed: the largest file, such as 750000, 750k or 12MiB")
  static let targetBitsPerWeight = value(
    "target-bpw", "X", "for mixed and packed: bytes of all tensors in bits per weight, at most")
  static let tokens = value(
    "tokens", "FILE", "a JSON array of token ids, or an array of such arrays")
  static let text = value("text", "FILE", "a text, cut into windows of --context tokens")
  static let context = value(
    "context", "N", "tokens of a window over a text", default: "512")
  static let jsonLines = value(
    "jsonl", "FILE", "one JSON object in each line; - is stdin")
  static let routing = value(
    "moe-routing", "RULE",
    "how experts are chosen: as the published code does, per token, or as the code did when "
      + "Doge-120M-MoE was published (unproven: compare perplexities)",
    choices: ExpertRouting.allCases.map(\.rawValue), default: "hf")
  static let mode = value(
    "mode", "MODE", "float32, or int8 activations and integer products",
    choices: ComputeMode.allCases.map(\.rawValue))
  static let cache = value(
    "kv", "TYPE",
    "what keys and values are kept in: by default int8 in fast mode with quantized weights, else "
      + "f32", choices: KVCacheType.allCases.map(\.rawValue))
  static let verifyChecksums = flag(
    "verify-checksums", "verify a .kibble file's checksums before it is used")
  static let stepwise = flag("stepwise", "one token at a time instead of all in one call")
}

extension ParsedArguments {
  /// `--tune`, which goes with `gptq` and with nothing else.
  func tuningSteps(for method: QuantizationMethod) throws -> Int {
    let steps = try integer(.tune, in: EncodingRecipe.tuningStepsRange) ?? 0
    guard steps == 0 || method == .gptq else {
      throw invalid(.tune, String(steps), expected: "for --method gptq alone")
    }
    return steps
  }

  /// `--mode`, where it is given.
  func mode() -> ComputeMode? { value(.mode).flatMap(ComputeMode.init(rawValue:)) }

  /// `--kv`, where it is given.
  func cacheType() -> KVCacheType? { value(.cache).flatMap(KVCacheType.init(rawValue:)) }

  /// `--moe-routing`.
  func routing() -> ExpertRouting {
    value(.routing).flatMap(ExpertRouting.init(rawValue:)) ?? .hf
  }

  /// A recipe from `--group-size`, `--tensor` and a type.
  func recipe(target: TargetType, method: QuantizationMethod) throws -> EncodingRecipe {
    EncodingRecipe(
      target: target, groupSize: try integer(.groupSize, in: 32...128) ?? 32, method: method,
      rules: try values(.tensor).map(rule))
  }

  private func rule(_ text: String) throws -> TensorRule {
    let parts = text.lastIndex(of: "=").map { split in
      (pattern: String(text[..<split]), type: text[text.index(after: split)...].lowercased())
    }
    let words =
      parts?.type.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false) ?? []
    let names = TargetType.ruleNames
    guard let pattern = parts?.pattern, !pattern.isEmpty, let name = words.first.map(String.init),
      names.contains(name), let type = TargetType(name: name)
    else {
      let list = names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
      throw invalid(.tensor, text, expected: "a pattern, `=` and \(list)")
    }
    var rule = TensorRule(glob: Glob(pattern), type: type)
    guard words.count == 2 else { return rule }
    guard type.isQuantized else {
      throw invalid(
        .tensor, text, expected: "a pattern, `=` and \(name) without `:`, as it has no groups")
    }
    guard let size = Int(words[1]), EncodingRecipe.groupSizes.contains(size) else {
      throw invalid(
        .tensor, text, expected: "a pattern, `=`, a type, and behind `:` 32, 64 or 128")
    }
    rule.groupSize = size
    return rule
  }
}
