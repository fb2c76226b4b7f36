import Diagnostics

/// What is wrong with a question.
public enum ChoiceError: Error, Equatable, Sendable {
  /// There is nothing to choose from.
  case noChoices
  /// A choice has no text.
  case emptyChoice(Int)
  /// The right answer is none of the choices.
  case noSuchAnswer(Int, choices: Int)
  /// There are several contexts, but not one for each choice.
  case contextsMismatch(contexts: Int, choices: Int)
  /// A choice's tokens are all in the context's, so that nothing of it is predicted.
  case noTokens(choice: Int)
  /// A choice does not fit the context by itself.
  case choiceTooLong(choice: Int, tokens: Int, context: Int)
  /// There is neither a context nor a token that begins a text.
  case nothingBefore
  /// A logit of the model at that path is no number, or infinite.
  case notFinite(path: String)
}

extension ChoiceError: Diagnosable {
  /// The error in words.
  public var diagnostic: Diagnostic {
    switch self {
    case .noChoices:
      Diagnostic(.badData, code: "score.no-choices", "\"choices\" is empty")
    case .emptyChoice(let index):
      Diagnostic(.badData, code: "score.empty-choice", "choice \(index) is an empty text")
    case .noSuchAnswer(let answer, let choices):
      Diagnostic(
        .badData, code: "score.no-such-answer",
        "\"answer\" is \(answer), which is not the index of one of the \(choices) choices",
        hint: "Count from 0.")
    case .contextsMismatch(let contexts, let choices):
      Diagnostic(
        .badData, code: "score.contexts-mismatch",
        "\"context\" has \(contexts) texts for \(choices) choices",
        hint: "Give one text, or one for each choice.")
    case .noTokens(let choice):
      Diagnostic(
        .badData, code: "score.no-tokens",
        "choice \(choice) has no token of its own: the tokenizer joins all of it with the context",
        hint: "Move the end of the context into the choices.")
    case .choiceTooLong(let choice, let tokens, let context):
      Diagnostic(
        .badData, code: "score.choice-too-long",
        "choice \(choice) has \(tokens) tokens, and the model's context \(context)",
        hint: "Shorten the choice.")
    case .nothingBefore:
      Diagnostic(
        .badData, code: "score.nothing-before",
        "the context is empty, and the model has no beginning-of-text token to stand for it",
        hint: "Give a context.")
    case .notFinite(let path):
      Diagnostic(
        .badData, code: "score.not-finite", "the model's logits are not finite numbers",
        path: path,
        hint: "`check` finds damaged files, `verify` shows where values run away.")
    }
  }
}
