import JSONCore
import Testing
import Tokenization

/// A text, and what the `tokenizers` library makes of it.
private struct Case: CustomTestStringConvertible, Sendable {
  let name: String
  let members: JSON
  let text: String
  let ids: [Int]
  let decoded: String
  let skipped: String

  var testDescription: String { "\(name): \(text.debugDescription.prefix(40))" }

  static let all: [Case] = ["cases-1.json", "cases-2.json"].flatMap { file in
    let groups = (try? Samples.fixture(file))?.arrayValue ?? []
    return groups.flatMap { group in
      (group["cases"]?.arrayValue ?? []).map { item in
        Case(
          name: group["name"]?.stringValue ?? "", members: group["members"] ?? nil,
          text: item["text"]?.stringValue ?? "",
          ids: (item["ids"]?.arrayValue ?? []).compactMap(\.intValue),
          decoded: item["decoded"]?.stringValue ?? "",
          skipped: item["skipped"]?.stringValue ?? "")
      }
    }
  }
}

@Suite struct LibraryTests {
  @Test func fixturesAreThere() {
    #expect(Set(Case.all.map(\.name)).count == 44)
  }

  @Test(arguments: Case.all)
  private func equalsTheLibrary(_ item: Case) throws {
    let tokenizer = try Samples.tokenizer(item.members)
    let ids = try tokenizer.encode(item.text).map(\.id)
    #expect(ids == item.ids)
    #expect(try tokenizer.encode(item.text).map(\.id) == item.ids, "from the cache of words")
    #expect(Array(tokenizer.decode(ids).utf8) == Array(item.decoded.utf8))
    let skipped = tokenizer.decode(ids, skipSpecialTokens: true)
    #expect(Array(skipped.utf8) == Array(item.skipped.utf8))

    var stream = tokenizer.stream()
    var streamed = ""
    for id in ids { streamed += stream.append(id) }
    #expect(Array((streamed + stream.finish()).utf8) == Array(item.decoded.utf8))
  }
}
