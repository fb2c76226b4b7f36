/// The different tokens of a sequence, and how often its result has them.
package struct SeenTokens: Sendable {
  private var isSeen: [Bool]
  /// Each of them once, in the order of their first occurrence.
  package private(set) var ids: [Int] = []
  /// How often each token was made; those of the prompt don't count.
  package private(set) var made: [Int: Int] = [:]

  /// None of a vocabulary of that size.
  package init(vocabulary: Int) { isSeen = Array(repeating: false, count: vocabulary) }

  /// Takes note of a token; those outside the vocabulary are left out, as they have no score.
  package mutating func insert(_ id: Int) {
    guard isSeen.indices.contains(id), !isSeen[id] else { return }
    isSeen[id] = true
    ids.append(id)
  }

  /// Takes note of a token that was made.
  package mutating func insertMade(_ id: Int) {
    insert(id)
    made[id, default: 0] += 1
  }
}
