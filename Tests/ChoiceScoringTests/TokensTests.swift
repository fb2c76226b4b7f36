import ChoiceScoring
import Generation
import TestSupport
import Testing
import Tokenization

/// Contexts and choices as tokens, with the tokenizer of doge-nano.
@Suite struct TokensTests {
  let tokenizer: Tokenizer

  init() throws { tokenizer = try TextFiles(path: Fixtures.folder("doge-nano")).tokenizer() }

  private func ids(_ text: String) throws -> [Int] {
    try tokenizer.encode(text, addSpecialTokens: false).map(\.id)
  }

  private func tokens(
    _ context: String, _ choices: [String], beginning: [Int]? = nil, prefix: Int? = 0,
    limit: Int = 100
  ) throws -> ChoiceTokens {
    try ChoiceTokens(
      context, choices, tokenizer, beginning: beginning ?? tokenizer.beginning, prefix: prefix,
      limit: limit)
  }

  @Test func choicesFollowTheContext() throws {
    let tokens = try tokens("In the", [" beginning", " end of days"])
    #expect(tokens.context == tokenizer.beginning + (try ids("In the")))
    #expect(tokens.choices == [try ids(" beginning"), try ids(" end of days")])
    let bare = try self.tokens("In the", [" beginning"], beginning: [])
    #expect(bare.context == (try ids("In the")))
  }

  @Test(arguments: [" ", "\n", " \t\n", "\u{A0}", "\u{3000}", "\u{1F}"])
  func spaceGoesToTheChoices(_ space: String) throws {
    let tokens = try tokens("In the" + space, ["beginning"])
    let context = try ids("In the")
    #expect(tokens.context == tokenizer.beginning + context)
    let whole = try ids("In the" + space + "beginning")
    #expect(tokens.choices == [Array(whole.dropFirst(context.count))])
  }

  @Test func aChoiceMayShareTokensWithTheContextsEnd() throws {
    // "the" and "n" are one token together, or others than apart: only how many there are counts.
    for (context, choice) in [("In the", "n"), ("In th", "e beginning"), ("I", "n the")] {
      let own = try ids(context)
      let whole = try ids(context + choice)
      guard whole.count > own.count else {
        #expect(throws: ChoiceError.noTokens(choice: 0)) { try self.tokens(context, [choice]) }
        continue
      }
      let tokens = try tokens(context, [choice])
      #expect(tokens.context == tokenizer.beginning + own)
      #expect(tokens.choices == [Array(whole.dropFirst(own.count))])
    }
    #expect(throws: ChoiceError.noTokens(choice: 1)) {
      try tokens("a", [" x", "b"])
    }
  }

  @Test(arguments: ["", "  ", "\n"]) func anEmptyContext(_ context: String) throws {
    let tokens = try tokens(context, ["In", "the"], prefix: 7)
    #expect(tokens.context == [7])
    #expect(tokens.choices == [try ids(context + "In"), try ids(context + "the")])
    #expect(throws: ChoiceError.nothingBefore) { try self.tokens(context, ["a"], prefix: nil) }
  }

  @Test func aChoiceThatSpellsTheBeginning() throws {
    let begin = try #require(tokenizer.beginning.first)
    let tokens = try tokens("", ["<|begin_of_text|>In the", "In"], prefix: begin)
    #expect(tokens.context == [begin])
    #expect(tokens.choices == [try ids("In the"), try ids("In")])
  }

  @Test func whatCannotBeScored() throws {
    #expect(throws: ChoiceError.choiceTooLong(choice: 1, tokens: 2, context: 1)) {
      try tokens("In", [" the", " the the"], limit: 1)
    }
    #expect(throws: ChoiceError.noChoices) {
      try ChoiceItem(contexts: ["a"], choices: [], answer: nil)
    }
    #expect(throws: ChoiceError.emptyChoice(1)) {
      try ChoiceItem(contexts: ["a"], choices: ["b", ""], answer: nil)
    }
    #expect(throws: ChoiceError.contextsMismatch(contexts: 2, choices: 3)) {
      try ChoiceItem(contexts: ["a", "b"], choices: ["c", "d", "e"], answer: nil)
    }
    for answer in [-1, 2] {
      #expect(throws: ChoiceError.noSuchAnswer(answer, choices: 2)) {
        try ChoiceItem(contexts: ["a"], choices: ["b", "c"], answer: answer)
      }
    }
  }
}
