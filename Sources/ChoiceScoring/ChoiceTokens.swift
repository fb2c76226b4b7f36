import Tokenization
import UnicodeText

/// The tokens of a context and the choices behind it, as lm-evaluation-harness makes them
/// (`TemplateLM._encode_pair`).
///
/// White space at the end of the context goes to the choices. A choice's tokens are those of
/// context and choice together behind as many as the context alone has, and the model is given the
/// context's own tokens before them.
package struct ChoiceTokens: Equatable, Sendable {
  /// The context's tokens, at least one.
  package let context: [Int]
  /// Each choice's, at least one.
  package let choices: [[Int]]

  package init(context: [Int], choices: [[Int]]) {
    self.context = context
    self.choices = choices
  }

  /// Tokenizes a context and the choices behind it.
  ///
  /// - Parameters:
  ///   - before: the context.
  ///   - texts: the choices.
  ///   - tokenizer: the model's.
  ///   - beginning: tokens before every text.
  ///   - prefix: the token that stands for an empty context.
  ///   - limit: the most tokens that the model is given at once.
  /// - Throws: `ChoiceError`, or what the tokenizer throws.
  package init(
    _ before: String, _ texts: [String], _ tokenizer: Tokenizer, beginning: [Int], prefix: Int?,
    limit: Int
  ) throws {
    let scalars = before.unicodeScalars
    let space = scalars.reversed().prefix(while: \.isPythonSpace).count
    let cut = scalars.index(scalars.endIndex, offsetBy: -space)
    let (text, tail) = (String(scalars[..<cut]), String(scalars[cut...]))
    func ids(_ text: String) throws -> [Int] {
      try tokenizer.encode(text, addSpecialTokens: false).map(\.id)
    }
    var context = try (text.isEmpty ? [] : beginning) + ids(text)
    var choices: [[Int]] = []
    for choice in texts {
      let whole = try (text.isEmpty ? [] : beginning) + ids(text + tail + choice)
      choices.append(Array(whole.dropFirst(context.count)))
    }
    if context.isEmpty {
      guard let prefix else { throw ChoiceError.nothingBefore }
      context = [prefix]
      // A choice that spells the token itself has it once.
      choices = choices.map { $0.first == prefix ? Array($0.dropFirst()) : $0 }
    }
    for (index, choice) in choices.enumerated() {
      guard !choice.isEmpty else { throw ChoiceError.noTokens(choice: index) }
      guard choice.count <= limit else {
        throw ChoiceError.choiceTooLong(choice: index, tokens: choice.count, context: limit)
      }
    }
    self.context = context
    self.choices = choices
  }

  /// How many tokens the model is given for the longest choice: all but its last.
  var longest: Int { context.count + (choices.map(\.count).max() ?? 0) - 1 }
}

/// A question, and what a model's tokenizer makes of it.
public struct TokenizedChoices: Sendable {
  /// The question.
  public let item: ChoiceItem
  /// For each context its tokens and those of its choices.
  let groups: [ChoiceTokens]
}
