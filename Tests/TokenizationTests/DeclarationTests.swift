import JSONCore
import Testing
import Tokenization

/// Files beside a `tokenizer.json`, a text, and what transformers makes of it.
private struct Case: CustomTestStringConvertible, Sendable {
  let name: String
  let files: JSON
  let text: String
  let ids: [Int]

  var testDescription: String { "\(name): \(text)" }

  static let all: [Case] = {
    let groups = (try? Samples.fixture("declarations.json"))?.arrayValue ?? []
    return groups.flatMap { group in
      (group["cases"]?.arrayValue ?? []).map { item in
        Case(
          name: group["name"]?.stringValue ?? "", files: group,
          text: item["text"]?.stringValue ?? "",
          ids: (item["ids"]?.arrayValue ?? []).compactMap(\.intValue))
      }
    }
  }()
}

@Suite struct DeclarationTests {
  @Test func fixturesAreThere() { #expect(Set(Case.all.map(\.name)).count == 16) }

  @Test(arguments: Case.all)
  private func equalsTransformers(_ item: Case) throws {
    func file(_ key: String) -> JSON? {
      guard let value = item.files[key], !value.isNull else { return Optional.none }
      return value
    }
    let config = try TokenizerConfig(
      json: item.files["config"] ?? [:], specialTokensMap: file("map"), addedTokens: file("added"))
    let json = try Samples.replacing(item.files["members"] ?? [:]).serialized()
    let tokenizer = try Tokenizer(json: Array(json.utf8), config: config)
    #expect(try tokenizer.encode(item.text).map(\.id) == item.ids)
  }

  @Test(arguments: [
    #"{"added_tokens_decoder": {"x": {"content": "a"}}}"#,
    #"{"added_tokens_decoder": {"1": {}}}"#, #"{"added_tokens_decoder": [1]}"#,
    #"{"split_special_tokens": 1}"#,
  ])
  func wrongKindsAreErrors(_ text: String) {
    #expect(throws: TokenizerError.self) { try TokenizerConfig(json: Array(text.utf8)) }
  }

  @Test func errorsNameTheFile() {
    #expect(
      throws: TokenizerError.wrongField(
        path: "added_tokens.json.<x>", expected: "an integer from 0 to 4194302", found: "'1'")
    ) {
      try TokenizerConfig(json: [:], addedTokens: ["<x>": "1"])
    }
  }
}
