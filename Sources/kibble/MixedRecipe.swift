import Calibration
import Conversion
import Diagnostics
import ModelFile
import Quantization
import ToolSupport

/// Searches the recipe of `--type mixed`.
///
/// - Parameters:
///   - source: the model.
///   - file: method, calibration, the rules of `--tensor`, and the budget.
///   - groupSizes: the group sizes to choose from.
///   - calibration: the tokens to measure with.
///   - context: where progress goes.
/// - Returns: the recipe, with a rule for each large matrix, and how it was found.
/// - Throws: what is wrong with the model, the rules, the tokens or the budget.
func mixedRecipe(
  for source: ModelSource, _ file: RecipeFile, groupSizes: [Int], calibration: [[Int]],
  _ context: CommandContext
) throws -> MixedRecipe {
  guard let budget = file.budget else { preconditionFailure("mixed has a budget") }
  let search = try MixedSearch(
    source: source, base: file.recipe, groupSizes: groupSizes, toolVersion: toolVersion)
  // Measuring takes long, and would be in vain.
  try search.check(budget)
  let runtime = try Runtime(context)
  let costs = try runtime.calibrator(context).costs(of: search, sequences: calibration)
  return try search.recipe(under: budget, costs: costs)
}

extension ParsedArguments {
  /// `--max-size` or `--target-bpw`: one of them with `mixed`, none with another type.
  func sizeBudget(for target: TargetType) throws -> SizeBudget? {
    try refuse(.maxSize, with: .targetBitsPerWeight)
    let bytes = try byteCount(.maxSize)
    let bits = try number(.targetBitsPerWeight, in: 1...32)
    guard target == .mixed else {
      for option in [OptionSpec.maxSize, .targetBitsPerWeight] {
        if let text = value(option) {
          throw invalid(option, text, expected: "for --type mixed alone")
        }
      }
      return nil
    }
    guard let budget = bytes.map(SizeBudget.fileBytes) ?? bits.map(SizeBudget.bitsPerWeight) else {
      throw UsageError.missingOption(
        "\(OptionSpec.maxSize.synopsis) or \(OptionSpec.targetBitsPerWeight.synopsis) with "
          + "--type mixed", command: command.name)
    }
    return budget
  }

  /// `--method`, which is always gptq with `mixed`.
  func method(for target: TargetType) throws -> QuantizationMethod {
    guard target == .mixed else {
      return value(.method).flatMap(QuantizationMethod.init(rawValue:)) ?? .search
    }
    if has(.method), let text = value(.method), text != QuantizationMethod.gptq.rawValue {
      throw invalid(.method, text, expected: "gptq with --type mixed")
    }
    return .gptq
  }

  /// The group sizes that `mixed` chooses from: that of `--group-size`, else all.
  func searchedGroupSizes() throws -> [Int] {
    guard has(.groupSize), let size = try integer(.groupSize) else {
      return EncodingRecipe.groupSizes
    }
    return [size]
  }
}
