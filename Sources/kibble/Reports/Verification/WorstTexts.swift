import JSONCore
import Tokenization
import Verification

/// Spells the positions at which models differ most, where there is a tokenizer.
struct WorstTexts {
  /// Tokens before the position that are shown.
  private static let context = 24

  let sequences: [[Int]]
  let tokenizer: Tokenizer?

  /// A position in words.
  struct Words {
    let position: WorstPosition
    let before: String
    let token: String
    let next: String?
    let reference: String
    let candidate: String
  }

  func words(_ position: WorstPosition) -> Words {
    let ids = sequences[position.sequence]
    let first = max(0, position.position - Self.context)
    return Words(
      position: position, before: text(ids[first..<position.position]),
      token: text([ids[position.position]]),
      next: position.position + 1 < ids.count ? text([ids[position.position + 1]]) : nil,
      reference: text([position.referenceTop.id]), candidate: text([position.candidateTop.id]))
  }

  func json(_ candidate: VerificationReport.Candidate) -> JSON {
    .array(candidate.primary.statistics.worst.map { json(words($0)) })
  }

  private func json(_ words: Words) -> JSON {
    let position = words.position
    let ids = sequences[position.sequence]
    func likely(_ token: WorstPosition.LikelyToken, _ text: String) -> JSON {
      [
        "id": JSON(token.id), "text": .string(text), "reference": JSON(token.reference),
        "candidate": JSON(token.candidate),
      ]
    }
    return [
      "kld": JSON(position.kld), "sequence": JSON(position.sequence),
      "position": JSON(position.position), "before": .string(words.before),
      "token": ["id": JSON(ids[position.position]), "text": .string(words.token)],
      "next": words.next.map { text -> JSON in
        ["id": JSON(ids[position.position + 1]), "text": .string(text)]
      } ?? nil,
      "reference_top": likely(position.referenceTop, words.reference),
      "candidate_top": likely(position.candidateTop, words.candidate),
    ]
  }

  /// The tokens in words, or as their ids.
  private func text(_ ids: some Sequence<Int>) -> String {
    tokenizer?.decode(ids) ?? ids.map { "[\($0)]" }.joined()
  }
}
