import CKernels
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
}

/// The experts of the tokens of a call, each token's in falling order of their scores.
@safe package final class ExpertChoices: @unchecked Sendable {
  let ids: UnsafeMutableBufferPointer<UInt32>  // [tokens, k]
  package let weights: FloatMatrix  // [tokens, k]
  package let perToken: Int

  package init(tokens: Int, perToken: Int) {
    self.perToken = perToken
    unsafe ids = .allocate(capacity: tokens * perToken)
    unsafe ids.initialize(repeating: 0)
    weights = FloatMatrix(rows: tokens, columns: perToken)
  }

  deinit { unsafe ids.deallocate() }

  /// The expert of a token with the given rank.
  package func expert(_ token: Int, _ rank: Int) -> Int { unsafe Int(ids[token * perToken + rank]) }
}

/// Chooses experts by product keys: expert a·K + b has the score x[a] + y[b].
package struct ExpertRouter {
  let experts: MixtureOfExperts
  let routing: ExpertRouting
  /// The router's output for every token of the call, [N, 2K], and perhaps more rows.
  let scores: FloatMatrix
  /// N.
  let tokens: Int

  package init(
    experts: MixtureOfExperts, routing: ExpertRouting, scores: FloatMatrix, tokens: Int
  ) {
    self.experts = experts
    self.routing = routing
    self.scores = scores
    self.tokens = tokens
  }

  /// Finds the experts of each token of the call.
  package func choose(into choices: ExpertChoices, on pool: ThreadPool) {
    let k = experts.perToken
    pool.forRanges(of: tokens) { part in
      let scratch = UnsafeMutableRawPointer.allocate(
        byteCount: kb_route_scratch(UInt32(k)), alignment: 8)
      defer { unsafe scratch.deallocate() }
      guard let ids = unsafe choices.ids.baseAddress else { return }
      for token in part {
        let (x, y) = unsafe halves(of: token)
        unsafe kb_route(
          x, y, UInt32(experts.keyCount), UInt32(k), ids + token * k, choices.weights[token],
          scratch)
      }
    }
  }

  /// The scores [K] of the two halves that a token uses.
  private func halves(of token: Int) -> (UnsafePointer<Float>, UnsafePointer<Float>) {
    // As half-rows of K: half h of token t is number 2t + h; `hf` takes them in sequence.
    func half(_ number: Int) -> UnsafePointer<Float> {
      unsafe UnsafePointer(scores[number / 2] + number % 2 * experts.keyCount)
    }
    return switch routing {
    case .perToken: unsafe (half(2 * token), half(2 * token + 1))
    case .hf: unsafe (half(token), half(tokens + token))
    }
  }
}
