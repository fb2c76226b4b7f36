import DogeArchitecture

// Where it makes a difference how a sequence is split into calls.

extension DogeModel {
  /// Whether a call of so many tokens has other RoPE frequencies than shorter ones.
  package func frequenciesDependOnLength(upTo tokens: Int) -> Bool {
    let embedding = RotaryEmbedding(config)
    let set = embedding.sharedFrequencies(length: tokens)
    return set == nil || set != embedding.sharedFrequencies(length: 1)
  }

  /// Whether the experts of a token depend on the call's other tokens.
  package func mixesTokens(under routing: ExpertRouting) -> Bool {
    config.experts != nil && routing.mixesTokens
  }
}
