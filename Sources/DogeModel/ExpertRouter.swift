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

/// The experts of a token, in falling order of their scores, and their weights.
struct ExpertChoice: Sendable {
  var experts: [Int]
  var weights: [Float]
}

/// Chooses experts by product keys: expert a·K + b has the score x[a] + y[b].
struct ExpertRouter {
  let experts: MixtureOfExperts
  let routing: ExpertRouting
  /// The router's output for every token of the call, [N, 2K].
  let scores: FloatMatrix

  /// The experts of each token of the call.
  func choose(_ compute: Compute) -> [ExpertChoice] {
    let tokens = scores.rows
    let k = experts.perToken
    let empty = ExpertChoice(
      experts: [Int](repeating: 0, count: k), weights: [Float](repeating: 0, count: k))
    var choices = [ExpertChoice](repeating: empty, count: tokens)
    unsafe choices.withUnsafeMutableBufferPointer { out in
      let out = unsafe out
      compute.pool.forRanges(of: tokens) { part in
        let scratch = UnsafeMutableRawPointer.allocate(
          byteCount: kb_route_scratch(UInt32(k)), alignment: 8)
        defer { unsafe scratch.deallocate() }
        var ids = [UInt32](repeating: 0, count: k)
        for token in part {
          var weights = [Float](repeating: 0, count: k)
          let (x, y) = unsafe halves(of: token)
          unsafe kb_route(x, y, UInt32(experts.keyCount), UInt32(k), &ids, &weights, scratch)
          unsafe out[token] = ExpertChoice(experts: ids.map { Int($0) }, weights: weights)
        }
      }
    }
    return choices
  }

  /// The scores [K] of the two halves that a token uses.
  private func halves(of token: Int) -> (UnsafePointer<Float>, UnsafePointer<Float>) {
    // As half-rows of K: half h of token t is number 2t + h; `hf` takes them in sequence.
    func half(_ number: Int) -> UnsafePointer<Float> {
      unsafe UnsafePointer(scores[number / 2] + number % 2 * experts.keyCount)
    }
    return switch routing {
    case .perToken: unsafe (half(2 * token), half(2 * token + 1))
    case .hf: unsafe (half(token), half(scores.rows + token))
    }
  }
}
