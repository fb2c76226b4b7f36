import Conversion
import Diagnostics
import DogeArchitecture
import ModelFile
import Quantization
import TensorCore

extension Calibrator {
  /// The most memory for the logits that are compared.
  private static let logitsBytes = 128 << 20
  /// The fewest tokens to measure with, even where their logits take more.
  private static let fewestTokens = 512
  /// The most multiplications that measuring should take, where more tokens than the fewest do.
  private static let mostWork = 6_000_000_000_000

  /// Measures what each way to store a model's tensors adds to the mean KLD.
  ///
  /// Each tensor in turn is rounded to int4, and the logits are compared with those of the model
  /// as it was, over some of the tokens. Costs of other types and group sizes follow from their
  /// errors at the tensor's outputs. For small errors the costs of several tensors add up.
  ///
  /// - Parameters:
  ///   - search: which tensors, and which ways.
  ///   - sequences: tokens to measure with, each sequence from an empty cache.
  /// - Returns: for each of the search's tensors what each of its rows adds in each of its
  ///   geometries, in nats.
  /// - Throws: what is wrong with the model or the tokens, or `Interruption`.
  package func costs(of search: MixedSearch, sequences: [[Int]]) throws -> [RowCosts] {
    let plan = try ConversionPlan(
      source: search.source, recipe: EncodingRecipe(target: .weights(.f32)), toolVersion: "")
    func run(_ sequences: [[Int]], _ weights: RowWeights?) throws -> SensitivityRun {
      try SensitivityRun(
        stream(plan, sequences), tensors: search.tensors, weights: weights, compute: compute,
        progress: progress)
    }
    let perToken = try run([[0]], nil).work
    let logitsOfToken = 4 * search.source.config.vocabularySize
    let tokens = max(
      Self.fewestTokens, min(Self.logitsBytes / logitsOfToken, Self.mostWork / perToken))
    let measured = try run(
      sample(sequences, tokens: tokens), rowWeights(plan, sequences))
    try progress.phase("measuring", total: measured.work, unit: .multiplyAdds) {
      try measured.measureAll()
    }
    return measured.costs
  }

  /// Some of the sequences, evenly spread, with about so many tokens; the last may be cut.
  private func sample(_ sequences: [[Int]], tokens: Int) -> [[Int]] {
    let total = sequences.reduce(0) { $0 + $1.count }
    let step = max(1, total / max(1, tokens))
    var sample: [[Int]] = []
    var left = tokens
    for index in stride(from: 0, to: sequences.count, by: step) where left > 0 {
      let part = Array(sequences[index].prefix(left))
      sample.append(part)
      left -= part.count
    }
    return sample
  }
}
