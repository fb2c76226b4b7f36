import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels

/// Text that a model writes by itself, to calibrate its quantization with.
///
/// Each sequence begins with the token that begins a text. Every other one is drawn from the
/// model's own distribution: temperature 1, nothing cut off, and on behind tokens that end a text.
/// So sequences look like windows of what the model was trained on, in its own proportions.
public enum SelfWrittenText {
  /// Sequences of a text.
  public static let sequences = 96
  /// Tokens of a sequence, if the model was trained for as many.
  public static let length = 512
  /// Sequences that are written at a time.
  private static let batch = 32

  /// As many tokens as a model would write, all of them its first one.
  public static func placeholder(_ beginning: Int, config: DogeConfig) -> [[Int]] {
    let tokens = Array(repeating: beginning, count: min(length, config.maxPositions))
    return Array(repeating: tokens, count: sequences)
  }

  /// Lets a model write.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - beginning: the token that begins a text.
  ///   - sequences: how many sequences.
  ///   - length: tokens of each, the first of them `beginning`; fewer where the model was trained
  ///     for fewer.
  ///   - seed: where the random numbers begin: sequence i draws with `seed` + i.
  ///   - progress: hears of tokens.
  /// - Returns: the sequences; the same for any number of threads and any kernel set.
  /// - Throws: `GenerationError` where logits are not finite, or `Interruption`.
  public static func write(
    by model: DogeModel, beginning: Int, sequences: Int = sequences, length: Int = length,
    seed: UInt64 = 0, progress: any ProgressSink = NoProgress()
  ) throws -> [[Int]] {
    let length = min(length, model.config.maxPositions)
    guard length > 1 else { return Array(repeating: [beginning], count: sequences) }
    var config = GenerationConfig()
    config.sampling.samples = true
    config.sampling.topK = 0
    config.ignoresEndTokens = true
    config.maxNewTokens = length - 1
    var written = [[Int]](repeating: [beginning], count: sequences)
    let generator = BatchGenerator(model: model, sequences: min(batch, sequences))
    let total = sequences * (length - 1)
    try progress.phase("writing text to calibrate with", total: total, unit: .tokens) {
      try generator.generate(
        Array(repeating: [beginning], count: sequences), config: config,
        sampler: { Sampler(seed: seed &+ UInt64($0)) },
        observe: { _, event in
          if case .token = event { progress.report(.advanced(by: 1)) }
        }, isCancelled: { progress.isCancelled }
      ) { index, result in
        written[index] += result.ids
      }
      try progress.checkCancellation()
    }
    return written
  }
}
