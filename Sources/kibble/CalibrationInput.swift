import ByteIO
import Calibration
import Conversion
import Diagnostics
import DogeArchitecture
import DogeModel
import Generation
import Kernels
import ModelFile
import Quantization
import TensorCore
import ToolSupport
import Verification

extension ParsedArguments {
  /// The tokens of `--calibration`, or of what stands for it; nil for other methods than `gptq`.
  func calibration(
    of model: String, for method: QuantizationMethod, _ context: CommandContext
  ) throws -> [[Int]]? {
    let given = value(.calibration)
    guard method == .gptq else {
      guard let given else { return nil }
      throw invalid(.calibration, given, expected: "for --method gptq alone")
    }
    let source = try ModelSource.open(path: model)
    if given ?? "self" == "self", let beginning = source.beginningOfText {
      // Only how much it is counts for what is not carried out; a search is.
      if context.dryRun, value(QuantizeCommand.type) != TargetType.mixed.name {
        return SelfWrittenText.placeholder(beginning, config: source.config)
      }
      return try Runtime(context).selfWrittenText(source, beginning: beginning, context)
    }
    switch given {
    case "self"?:
      throw invalid(
        .calibration, "self",
        expected: "a file or built-in: neither tokenizer nor config name a token that begins a "
          + "text")
    case nil, "built-in"?:
      return try windows(BuiltInText.bytes, path: BuiltInText.name, source)
    case let path? where path.hasSuffix(".json"):
      return try TokenSequences.parse(FileSystem.read(path, limit: Limits.tokenFile), path: path)
    case let path?:
      return try windows(FileSystem.read(path, limit: Limits.textFile), path: path, source)
    }
  }

  private func windows(
    _ bytes: [UInt8], path: String, _ source: ModelSource
  ) throws -> [[Int]] {
    do {
      return try TextFiles(of: source).windows(bytes, path: path, config: source.config)
    } catch let error as VerificationError {
      var diagnostic = error.diagnostic
      diagnostic.hint = "Give a longer text."  // There is no --context here.
      throw diagnostic
    }
  }
}

extension ModelSource {
  /// The token that begins a text: the tokenizer's, else the config's.
  fileprivate var beginningOfText: Int? {
    let files = TextFiles(of: self)
    let known = (try? files.tokenizer()).flatMap { try? files.beginningOfText($0, config) }
    return [known, config.bosTokenIDs.first].lazy.compactMap { $0 }
      .first { (0..<config.vocabularySize).contains($0) }
  }
}

extension Runtime {
  /// Text of a model in eight bits: how likely its tokens are then is close enough, and it comes
  /// several times as fast.
  fileprivate func selfWrittenText(
    _ source: ModelSource, beginning: Int, _ context: CommandContext
  ) throws -> [[Int]] {
    let plan = try ConversionPlan(
      source: source, recipe: EncodingRecipe(target: .weights(.int8)), toolVersion: toolVersion,
      compressesBlobs: false)
    let model = model(try converter.load(plan).model, mode: .fast)
    return try SelfWrittenText.write(by: model, beginning: beginning, progress: context.progress)
  }
}
