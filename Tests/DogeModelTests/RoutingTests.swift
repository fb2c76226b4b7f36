import DogeModel
import Kernels
import Parallel
import TestSupport
import Testing

/// Which experts a token is sent to.
@Suite struct RoutingTests {
  private let keys = 7
  private let count = 5

  private func scores(_ tokens: Int) -> FloatMatrix {
    var random = SplitMix(9)
    let scores = FloatMatrix(rows: tokens, columns: 2 * keys)
    for row in 0..<tokens { scores.set(row, random.normals(2 * keys)) }
    return scores
  }

  private func choices(
    _ scores: FloatMatrix, _ routing: ExpertRouting, threads: Int = 1
  ) throws -> ExpertChoices {
    let choices = ExpertChoices(tokens: scores.rows, perToken: count)
    ExpertRouter(keyCount: keys, routing: routing, scores: scores, rows: 0..<scores.rows)
      .choose(into: choices, on: try Compute(threads: threads).pool)
    return choices
  }

  /// With the published code of Doge-120M-MoE's days, an expert's number is made of the ranks of
  /// its keys; tokens, scores and weights are those of `hf`.
  @Test(arguments: [1, 2, 9]) func ranksInsteadOfKeys(tokens: Int) throws {
    let scores = scores(tokens)
    let right = try choices(scores, .hf)
    for threads in [1, 3] {
      let wrong = try choices(scores, .published120m, threads: threads)
      for token in 0..<tokens {
        #expect(wrong.weights.row(token) == right.weights.row(token))
        for rank in 0..<count {
          let (a, b) = right.expert(token, rank).quotientAndRemainder(dividingBy: keys)
          func place(_ key: Int, of half: Int) -> Int {
            let row = scores.row(half / 2)
            let values = (0..<keys).map { row[half % 2 * keys + $0] }
            return values.count { $0 > values[key] }
          }
          let expected = place(a, of: token) * keys + place(b, of: tokens + token)
          #expect(wrong.expert(token, rank) == expected)
        }
        #expect(wrong.expert(token, 0) == 0, "the best of both")
      }
    }
  }

  @Test func onlyTheMixtureIsRouted() throws {
    #expect(ExpertRouting.allCases.map(\.mixesTokens) == [true, false, true])
    let dense = try model(Fixtures.folder("doge-nano"))
    let tokens = [3, 1, 4, 1, 5]
    let bits = try run(dense, tokens).bits
    #expect(try run(dense, tokens, routing: .published120m).bits == bits)
    let mixture = try model(Fixtures.folder("reference/e6-moe"))
    let published = try run(mixture, tokens, routing: .published120m).bits
    #expect(try run(mixture, tokens).bits != published)
    #expect(try run(mixture, tokens, routing: .published120m).bits == published)
  }
}
