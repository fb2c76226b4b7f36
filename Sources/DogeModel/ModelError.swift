import Diagnostics

/// Why a call cannot be made.
public enum ModelError: Error, Equatable, Sendable {
  /// A token is not in the vocabulary.
  case tokenOutOfRange(token: Int, position: Int, vocabulary: Int)
  /// A call would go beyond the cache's maximum.
  case contextFull(used: Int, added: Int, maximum: Int)
}

extension ModelError: Diagnosable {
  /// The error in words.
  public var diagnostic: Diagnostic {
    switch self {
    case .tokenOutOfRange(let token, let position, let vocabulary):
      Diagnostic(
        .badData, code: "model.token-out-of-range",
        "token \(token) at position \(position) is outside the vocabulary, 0 ... \(vocabulary - 1)",
        hint: "Use ids of the model's vocabulary.")
    case .contextFull(let used, let added, let maximum):
      Diagnostic(
        .badData, code: "model.context-full",
        "the context holds \(used) tokens and takes at most \(maximum): \(added) more do not fit",
        hint: "Shorten the input.")
    }
  }
}
