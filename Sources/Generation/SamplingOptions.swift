/// How the next token is chosen, with the names, meanings and defaults of transformers 5.23.
public struct SamplingOptions: Equatable, Sendable {
  /// Whether tokens are drawn (`do_sample`); otherwise the most likely one is taken.
  public var samples = false
  /// What scores are divided by (`temperature`); above 0.
  public var temperature = 1.0
  /// How many tokens with the largest scores stay (`top_k`); 0 for all.
  ///
  /// Tokens with a score equal to the last of them stay too.
  public var topK = 50
  /// The share of probability that stays (`top_p`), from 0 to 1: the fewest of the most likely
  /// tokens that have more of it together than this leaves over.
  public var topP = 1.0
  /// The least probability of a token, as a share of the most likely one's (`min_p`), from 0 to 1.
  public var minP: Double?
  /// What positive scores of tokens that have occurred are divided by, and negative ones
  /// multiplied by (`repetition_penalty`); above 0.
  ///
  /// It acts without sampling, too.
  public var repetitionPenalty = 1.0
  /// What is added to the scores of tokens, by id (transformers' `sequence_bias` of single tokens,
  /// vLLM's `logit_bias`); finite.
  ///
  /// It acts before any penalty, and without sampling, too.
  public var logitBias: [Int: Double] = [:]
  /// What is taken from the scores of tokens once for every time that the result has them
  /// (`frequency_penalty` of OpenAI and vLLM; transformers has none).
  ///
  /// It acts without sampling, too.
  public var frequencyPenalty = 0.0
  /// What is taken from the scores of tokens that the result has, however often
  /// (`presence_penalty` of OpenAI and vLLM; transformers has none).
  ///
  /// It acts without sampling, too.
  public var presencePenalty = 0.0

  /// The defaults: the most likely token.
  public init() {}
}
