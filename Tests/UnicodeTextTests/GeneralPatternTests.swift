import Testing
import UnicodeText

@Suite struct GeneralPatternTests {
  /// A pattern and texts: the text, bounds of its pieces with the matches isolated, and with the
  /// matches removed, by Oniguruma.
  struct Case: Decodable, CustomTestStringConvertible, Sendable {
    struct Text: Decodable, Sendable {
      let text: String
      let isolated: [Int]
      let removed: [Int]

      init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        text = try values.decode(String.self)
        isolated = try values.decode([Int].self)
        removed = try values.decode([Int].self)
      }
    }
    let pattern: String
    let texts: [Text]
    var testDescription: String { pattern }
  }

  private struct Fixture: Decodable {
    let cases: [Case]
  }

  static let cases = (try? fixture("patterns.json", as: Fixture.self).cases) ?? []

  @Test func thereAreCases() { #expect(Self.cases.count > 40) }

  @Test(arguments: cases)
  func matchesEqualOnigurumas(_ test: Case) throws {
    let pattern = try SplitPattern(regex: test.pattern)
    for text in test.texts {
      let bytes = Array(text.text.utf8)
      var isolated: [Int] = []
      var removed: [Int] = []
      var end = 0
      func cut(at offset: Int, _ pieces: inout [Int]) {
        if offset > end { pieces += [end, offset] }
      }
      for match in try pattern.matches(in: bytes) {
        cut(at: match.lowerBound, &isolated)
        cut(at: match.lowerBound, &removed)
        end = match.lowerBound
        cut(at: match.upperBound, &isolated)
        end = match.upperBound
      }
      cut(at: bytes.count, &isolated)
      cut(at: bytes.count, &removed)
      #expect(isolated == text.isolated, "\(text.text.debugDescription)")
      #expect(removed == text.removed, "\(text.text.debugDescription)")
    }
  }
}
