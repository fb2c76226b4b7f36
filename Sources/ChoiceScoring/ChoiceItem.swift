/// A question with choices, one of which may be known to be right.
public struct ChoiceItem: Equatable, Sendable {
  /// The text before the choices, which may be empty; or one for each of them.
  public let contexts: [String]
  /// What may follow it, at least one; each with the space that belongs between.
  public let choices: [String]
  /// The index of the right choice.
  public let answer: Int?

  /// A question.
  ///
  /// - Parameters:
  ///   - contexts: the text before the choices, or one for each.
  ///   - choices: what may follow it.
  ///   - answer: the index of the right choice, if it is known.
  /// - Throws: `ChoiceError` where there is no choice, an empty one, an answer that is none of
  ///   them, or another number of contexts.
  public init(contexts: [String], choices: [String], answer: Int?) throws(ChoiceError) {
    guard !choices.isEmpty else { throw .noChoices }
    if let empty = choices.firstIndex(of: "") { throw .emptyChoice(empty) }
    if let answer, !choices.indices.contains(answer) {
      throw .noSuchAnswer(answer, choices: choices.count)
    }
    guard contexts.count == 1 || contexts.count == choices.count else {
      throw .contextsMismatch(contexts: contexts.count, choices: choices.count)
    }
    self.contexts = contexts
    self.choices = choices
    self.answer = answer
  }

  /// The choices that share a context, for each context.
  package var groups: [(context: String, choices: [String])] {
    contexts.count == 1
      ? [(contexts[0], choices)] : zip(contexts, choices).map { ($0, [$1]) }
  }
}
