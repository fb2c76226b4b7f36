import Conversion
import ModelFile
import Quantization

extension Calibrator {
  /// Chooses the type and group size of every large matrix: what fits a budget and costs least.
  ///
  /// - Parameters:
  ///   - source: the model; it must not be quantized.
  ///   - base: method, calibration and the rules that fix some tensors.
  ///   - budget: what the file may take.
  ///   - groupSizes: the group sizes to choose from.
  ///   - sequences: tokens to measure with, each sequence from an empty cache.
  ///   - toolVersion: the version of the program, for the metadata.
  ///   - compressesBlobs: whether tokenizer, card and templates are compressed in the file.
  /// - Returns: the recipe, as a plan with a rule for each large matrix, and how it was found.
  /// - Throws: what is wrong with the model, the rules, the tokens or the budget, or
  ///   `Interruption`.
  public func mixedRecipe(
    for source: ModelSource, base: EncodingRecipe, under budget: SizeBudget,
    groupSizes: [Int] = EncodingRecipe.groupSizes, sequences: [[Int]], toolVersion: String,
    compressesBlobs: Bool = true
  ) throws -> MixedRecipe {
    try mixedRecipes(
      for: source, base: base, under: [budget], groupSizes: groupSizes, sequences: sequences,
      toolVersion: toolVersion, compressesBlobs: compressesBlobs)[0]
  }

  /// The same for several budgets, measured once.
  package func mixedRecipes(
    for source: ModelSource, base: EncodingRecipe, under budgets: [SizeBudget],
    groupSizes: [Int] = EncodingRecipe.groupSizes, sequences: [[Int]], toolVersion: String,
    compressesBlobs: Bool = true
  ) throws -> [MixedRecipe] {
    let search = try MixedSearch(
      source: source, base: base, groupSizes: groupSizes, toolVersion: toolVersion,
      compressesBlobs: compressesBlobs)
    // Measuring takes long, and would be in vain.
    for budget in budgets { try search.check(budget) }
    let costs = try costs(of: search, sequences: sequences)
    return try budgets.map { try search.recipe(under: $0, costs: costs) }
  }
}
