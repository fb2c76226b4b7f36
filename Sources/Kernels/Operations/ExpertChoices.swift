import CKernels

/// The experts of the tokens of a call, each token's in falling order of their scores.
@safe package final class ExpertChoices: @unchecked Sendable {
  private let ids: UnsafeMutableBufferPointer<UInt32>  // [tokens, k]
  package let weights: FloatMatrix  // [tokens, k]
  package let perToken: Int

  /// Room for some tokens of k experts each.
  package init(tokens: Int, perToken: Int) {
    self.perToken = perToken
    unsafe ids = .allocate(capacity: tokens * perToken)
    unsafe ids.initialize(repeating: 0)
    weights = FloatMatrix(rows: tokens, columns: perToken)
  }

  deinit { unsafe ids.deallocate() }

  /// The expert of a token with the given rank.
  package func expert(_ token: Int, _ rank: Int) -> Int {
    assert(rank >= 0 && rank < perToken, "no such rank")
    return unsafe Int(ids[token * perToken + rank])
  }

  /// Chooses the experts of some tokens by product keys: expert a · K + b has the score x[a] + y[b],
  /// and the weights are the softmax of the chosen scores.
  ///
  /// - Parameters:
  ///   - tokens: which.
  ///   - halves: the scores x and y of a token, `[K]` each.
  package func choose(
    _ tokens: Range<Int>, halves: (_ token: Int) -> (x: FloatRow, y: FloatRow)
  ) {
    precondition(tokens.upperBound <= weights.rows, "no such token")
    guard let ids = unsafe ids.baseAddress else { return }
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: kb_route_scratch(UInt32(perToken)), alignment: 8)
    defer { unsafe scratch.deallocate() }
    for token in tokens {
      let (x, y) = halves(token)
      precondition(x.count == y.count && perToken <= x.count * x.count, "too few keys")
      unsafe kb_route(
        x.base, y.base, UInt32(x.count), UInt32(perToken), ids + token * perToken,
        weights[token].base, scratch)
    }
  }
}
