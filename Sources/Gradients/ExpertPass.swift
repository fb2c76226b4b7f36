import DogeArchitecture
import DogeModel
import Kernels
import Parallel

/// The experts of a block and their gradient.
///
///     r = W_router h      w = softmax over the chosen e = a K + b of (x[a] + y[b])
///     s_e = down_e · h    y = Σ_e act(s_e) w_e up_e
///
/// where x and y are the halves of r that `hf` routing reads for a token. Which experts it is sent
/// to counts as a constant.
struct ExpertPass {
  let compute: GradientCompute
  let weights: DenseExperts
  let mixture: MixtureOfExperts
  let tape: ExpertTape
  let scratch: Scratch
  let ones: FloatMatrix  // [at least k]
  let tokens: Int

  private var count: Int { mixture.perToken }

  private var router: ExpertRouter {
    ExpertRouter(
      keyCount: mixture.keyCount, routing: .hf, scores: scratch.routerScores, rows: 0..<tokens)
  }

  /// y += Σ_e act(s_e) w_e up_e for h `[tokens, d]`.
  func forward(_ h: MatrixView, addingTo y: MatrixView) {
    compute.forward(weights.router, h, into: scratch.routerScores.first(tokens))
    router.choose(into: tape.choices, on: compute.pool)
    let kernels = compute.kernels
    let function = compute.config.activation.function
    compute.forRows(tokens) { token in
      let (scores, outputs) = (tape.scores[token], scratch.expertOutputs[token])
      for rank in 0..<count {
        let expert = tape.choices.expert(token, rank)
        scores[rank] = kernels.dot(weights.downEmbed.values[expert], h[token])
      }
      outputs.copy(scores)
      kernels.activate(outputs, function, times: tape.choices.weights[token])
      // The backward pass has d of h here, which nobody needs yet.
      let sum = scratch.dNormed[token]
      sum.fill(0)
      for rank in 0..<count {
        let expert = tape.choices.expert(token, rank)
        kernels.axpy(outputs[rank], weights.upEmbed.values[expert], into: sum)
      }
      kernels.add(sum, to: y[token])
    }
  }

  /// dh += what comes back through the experts and the router.
  func backward(dy: MatrixView, _ h: MatrixView, dh: MatrixView, _ gradients: WeightGradients) {
    let dRouter = scratch.routerScores
    dRouter.clear(rows: tokens)
    compute.forRows(tokens) { token in
      backward(token, dy: dy[token], dh: dh[token], dRouter)
    }
    if let dUp = gradients[weights.upEmbed.tensor] {
      addRows(scratch.expertOutputs, dy, to: dUp)
    }
    if let dDown = gradients[weights.downEmbed.tensor] {
      addRows(scratch.dExpertScores, h, to: dDown)
    }
    if let outputs = gradients.outputs { note(dy, in: outputs) }
    compute.backward(
      weights.router, dy: dRouter.first(tokens), x: h, dx: dh, adding: true, gradients)
  }

  /// An expert has two rows: s is the output of the first, and an error of the second comes out
  /// times act(s) w.
  private func note(_ dy: MatrixView, in outputs: OutputMoments) {
    for token in 0..<tokens {
      let square = dy[token].meanSquare
      for rank in 0..<count {
        let expert = tape.choices.expert(token, rank)
        let (ds, factor) = (
          Double(scratch.dExpertScores[token][rank]), Double(scratch.expertOutputs[token][rank])
        )
        outputs.add(
          ds * ds, to: weights.downEmbed.tensor, output: expert, of: mixture.count)
        outputs.add(
          factor * factor * square, to: weights.upEmbed.tensor, output: expert, of: mixture.count)
      }
    }
  }

  /// Of one token: act(s) w and ds of its experts, d of its router scores, and dh.
  private func backward(_ token: Int, dy: FloatRow, dh: FloatRow, _ dRouter: FloatMatrix) {
    let kernels = compute.kernels
    let (scores, w) = (tape.scores[token], tape.choices.weights[token])
    let (outputs, dScores) = (scratch.expertOutputs[token], scratch.dExpertScores[token])
    compute.activate(scores, ones: ones[0], into: outputs)
    var dWeights = [Float](repeating: 0, count: count)
    var mean: Float = 0
    for rank in 0..<count {
      let expert = tape.choices.expert(token, rank)
      let dOutput = kernels.dot(dy, weights.upEmbed.values[expert])
      let slope = compute.config.activation.slope(at: scores[rank], value: outputs[rank])
      dScores[rank] = dOutput * w[rank] * slope
      kernels.axpy(dScores[rank], weights.downEmbed.values[expert], into: dh)
      dWeights[rank] = dOutput * outputs[rank]
      mean += w[rank] * dWeights[rank]
      outputs[rank] *= w[rank]
    }
    // Behind the softmax; each half of r belongs to one token alone.
    let (x, y) = router.halves(of: token, in: dRouter)
    for rank in 0..<count {
      let (a, b) = tape.choices.expert(token, rank).quotientAndRemainder(
        dividingBy: mixture.keyCount)
      let dScore = w[rank] * (dWeights[rank] - mean)
      x[a] += dScore
      y[b] += dScore
    }
  }

  /// Adds a token's row times a factor to each of its experts' rows of a table.
  ///
  /// - Parameters:
  ///   - factors: `[tokens, k]`.
  ///   - rows: `[tokens, d]`.
  ///   - table: `[E, d]`.
  private func addRows(_ factors: FloatMatrix, _ rows: MatrixView, to table: FloatMatrix) {
    let uses = usesByExpert()
    compute.pool.forRanges(of: uses.starts.count - 1, pieces: 4) { experts in
      for expert in experts {
        for use in uses.order[uses.starts[expert]..<uses.starts[expert + 1]] {
          let (token, rank) = use.quotientAndRemainder(dividingBy: count)
          compute.kernels.axpy(factors[token][rank], rows[token], into: table[expert])
        }
      }
    }
  }

  /// Numbers token · k + rank of all uses, ordered by expert and then by token.
  private func usesByExpert() -> (starts: [Int], order: [Int]) {
    let uses = tokens * count
    func expert(_ use: Int) -> Int { tape.choices.expert(use / count, use % count) }
    var starts = [Int](repeating: 0, count: mixture.count + 1)
    for use in 0..<uses { starts[expert(use) + 1] += 1 }
    for expert in 0..<mixture.count { starts[expert + 1] += starts[expert] }
    var next = starts
    var order = [Int](repeating: 0, count: uses)
    for use in 0..<uses {
      order[next[expert(use)]] = use
      next[expert(use)] += 1
    }
    return (starts, order)
  }
}
