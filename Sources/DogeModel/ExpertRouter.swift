import DogeArchitecture
import Kernels
import Parallel

/// Which router scores a token's experts are chosen by.
public enum ExpertRouting: String, CaseIterable, Sendable {
  /// The published implementation's: the router's output `[N, 2K]` of a call of N tokens is read
  /// as `[2, N, K]`, so that in a call of several tokens each takes scores of others.
  case hf
  /// Each token's own scores, whatever the call: what `hf` gives token by token.
  case perToken = "per-token"
  /// That of the code when Doge-120M-MoE was published, whose experts have the wrong numbers:
  /// those of the places of their keys among the keys by falling scores. Scores, and which tokens
  /// they are of, are as in `hf`.
  ///
  /// Whether these weights were trained with it is not known.
  case published120m = "published-120m"

  /// Whether, in a call of several tokens, what comes out for one depends on the others.
  public var mixesTokens: Bool { self != .perToken }
}

/// Chooses experts by product keys: expert a·K + b has the score x[a] + y[b].
package struct ExpertRouter {
  /// K.
  let keyCount: Int
  let routing: ExpertRouting
  /// The router's output, [any rows, 2K].
  let scores: FloatMatrix
  /// Those of the N tokens that a sequence has in the call.
  let rows: Range<Int>
  /// The halves of the last token that was asked for, where they are copies.
  private let ordered: FloatMatrix?

  package init(keyCount: Int, routing: ExpertRouting, scores: FloatMatrix, rows: Range<Int>) {
    self.keyCount = keyCount
    self.routing = routing
    self.scores = scores
    self.rows = rows
    ordered = routing == .published120m ? FloatMatrix(rows: 2, columns: keyCount) : nil
  }

  /// Finds the experts of each token of the call.
  package func choose(into choices: ExpertChoices, on pool: ThreadPool) {
    pool.forRanges(of: rows.count) { part in
      let router = ExpertRouter(
        keyCount: keyCount, routing: routing, scores: scores, rows: rows)
      choices.choose(part) { router.halves(of: $0) }
    }
  }

  /// The scores [K] of the two halves that a token uses; of a matrix like the router's output, the
  /// places that they have there, but for `published120m`: copies, until the next call.
  package func halves(of token: Int, in scores: FloatMatrix? = nil) -> (x: FloatRow, y: FloatRow) {
    // As half-rows of K: half h of token t is number 2t + h; `hf` takes them in sequence.
    func half(_ number: Int) -> FloatRow {
      let first = number % 2 * keyCount
      return (scores ?? self.scores)[rows.lowerBound + number / 2].part(first..<first + keyCount)
    }
    return switch routing {
    case .perToken: (half(2 * token), half(2 * token + 1))
    case .hf: (half(token), half(rows.count + token))
    case .published120m: inOrder(half(token), half(rows.count + token))
    }
  }

  /// Copies of scores in falling order, where the place of a key is its rank.
  private func inOrder(_ x: FloatRow, _ y: FloatRow) -> (x: FloatRow, y: FloatRow) {
    guard let ordered else { return (x, y) }
    for (row, half) in [x, y].enumerated() {
      ordered.set(row, (0..<keyCount).map { half[$0] }.sorted(by: >))
    }
    return (ordered[0], ordered[1])
  }
}
