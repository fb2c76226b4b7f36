import Diagnostics
import Testing
import Verification

@Suite struct TokenSequencesTests {
  @Test(arguments: [
    ("[1, 2, 3]", [[1, 2, 3]]), (" [0]\n", [[0]]), ("[[1, 2], [3]]", [[1, 2], [3]]),
    ("[[7]]", [[7]]), ("[9223372036854775807]", [[Int.max]]),
  ])
  func good(_ text: String, _ expected: [[Int]]) throws {
    #expect(try TokenSequences.parse(Array(text.utf8), path: "t.json") == expected)
  }

  @Test(arguments: [
    ("", "value"), ("[1, 2", "line 1"), ("nonsense", "line 1"), ("{\"ids\": [1]}", "an object"),
    ("3", "a number"), ("[]", "empty"), ("[[]]", "empty"), ("[[1], []]", "empty"),
    ("[1, -2]", "element 1 of sequence 0"), ("[[1], [2, 1.5]]", "element 1 of sequence 1"),
    ("[1.0]", "element 0"), ("[1e3]", "element 0"), ("[\"1\"]", "element 0"),
    ("[null]", "element 0"), ("[9223372036854775808]", "element 0"),
    ("[[1], 2]", "element 1 is a number"), ("[1, [2]]", "element 0 is a number"),
    ("[[[1]]]", "element 0 of sequence 0"), ("[1] [2]", "line 1"),
  ])
  func bad(_ text: String, _ mentioned: String) throws {
    do {
      _ = try TokenSequences.parse(Array(text.utf8), path: "t.json")
      Issue.record("no error")
    } catch let error as VerificationError {
      #expect(error.diagnostic.path == "t.json" && error.diagnostic.kind == .badData)
      #expect(error.diagnostic.message.contains(mentioned), "\(error.diagnostic.message)")
    }
  }

  @Test func tooManySequences() throws {
    let limit = Limits.tokenSequences
    let most = "[[0]" + String(repeating: ",[0]", count: limit - 1)
    #expect(try TokenSequences.parse(Array((most + "]").utf8), path: "t.json").count == limit)
    #expect(throws: VerificationError.self) {
      try TokenSequences.parse(Array((most + ",[0]]").utf8), path: "t.json")
    }
  }

  @Test func randomTokens() {
    let all = TokenSequences.random(1100, seed: 7, vocabulary: 50)
    #expect(all.map(\.count) == [512, 512, 76])
    #expect(all.joined().allSatisfy { (0..<50).contains($0) })
    #expect(Set(all.joined()).count == 50)
    #expect(TokenSequences.random(1100, seed: 7, vocabulary: 50) == all)
    #expect(TokenSequences.random(1100, seed: 8, vocabulary: 50) != all)
    // The first tokens do not depend on how many there are.
    #expect(TokenSequences.random(3, seed: 7, vocabulary: 50)[0] == Array(all[0].prefix(3)))
  }

  /// The high half of the generator's number times the vocabulary's size.
  @Test func pinnedTokens() {
    let tokens = TokenSequences.random(5, seed: 1_234_567, vocabulary: 1000)
    #expect(tokens == [[350, 173, 532, 249, 889]])
    #expect(TokenSequences.random(3, seed: 0, vocabulary: 1) == [[0, 0, 0]])
  }

  @Test func theBuiltInSet() {
    let sequences = TokenSequences.builtIn(vocabulary: 32768)
    #expect(sequences.map(\.count) == [128, 128, 128, 128])
    #expect(sequences.flatMap { $0 } == TokenSequences.random(512, seed: 0, vocabulary: 32768)[0])
  }
}
