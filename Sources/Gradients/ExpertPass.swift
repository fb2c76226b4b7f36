import CKernels
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
  let engine: Engine
  let weights: DenseExperts
  let mixture: MixtureOfExperts
  let tape: ExpertTape
  let scratch: Scratch
  let ones: FloatMatrix  // [at least k]
  let tokens: Int

  private var count: Int { mixture.perToken }

  /// y += Σ_e act(s_e) w_e up_e for h `[tokens, d]`.
  func forward(_ h: MatrixView, addingTo y: MatrixView) {
    engine.forward(weights.router, h, into: scratch.routerScores.first(tokens))
    ExpertRouter(
      experts: mixture, routing: .hf, scores: scratch.routerScores, tokens: tokens
    ).choose(into: tape.choices, on: engine.pool)
    let table = unsafe engine.kernels.table
    let kind = engine.config.activation.kernelCode
    let d = h.columns
    engine.forRows(tokens) { token in
      let outputs = unsafe scratch.expertOutputs[token]
      for rank in 0..<count {
        let down = unsafe weights.downEmbed.values[tape.choices.expert(token, rank)]
        unsafe tape.scores[token][rank] = table.pointee.dot(down, h[token], UInt32(d))
      }
      unsafe outputs.update(from: tape.scores[token], count: count)
      unsafe table.pointee.activate(kind, outputs, tape.choices.weights[token], UInt32(count))
      // The backward pass has d of h here, which nobody needs yet.
      let sum = unsafe scratch.dNormed[token]
      unsafe sum.update(repeating: 0, count: d)
      for rank in 0..<count {
        let up = unsafe weights.upEmbed.values[tape.choices.expert(token, rank)]
        unsafe table.pointee.axpy(outputs[rank], up, UInt32(d), sum)
      }
      unsafe table.pointee.add(y[token], sum, UInt32(d))
    }
  }

  /// dh += what comes back through the experts and the router.
  func backward(dy: MatrixView, _ h: MatrixView, dh: MatrixView, _ gradients: WeightGradients) {
    let dRouter = scratch.routerScores
    dRouter.zero(rows: tokens)
    engine.forRows(tokens) { token in
      unsafe backward(token, dy: dy[token], dh: dh[token])
    }
    if let dUp = gradients[weights.upEmbed.number] {
      addRows(scratch.expertOutputs, dy, to: dUp)
    }
    if let dDown = gradients[weights.downEmbed.number] {
      addRows(scratch.dExpertScores, h, to: dDown)
    }
    engine.backward(
      weights.router, dy: dRouter.first(tokens), x: h, dx: dh, adding: true, gradients)
  }

  /// Of one token: act(s) w and ds of its experts, d of its router scores, and dh.
  private func backward(
    _ token: Int, dy: UnsafePointer<Float>, dh: UnsafeMutablePointer<Float>
  ) {
    let table = unsafe engine.kernels.table
    let d = UInt32(engine.config.hiddenSize)
    let (scores, w) = unsafe (tape.scores[token], tape.choices.weights[token])
    let (outputs, dScores) = unsafe (
      scratch.expertOutputs[token], scratch.dExpertScores[token]
    )
    unsafe engine.activate(scores, count: count, ones: ones[0], into: outputs)
    var dWeights = [Float](repeating: 0, count: count)
    var mean: Float = 0
    for rank in 0..<count {
      let expert = tape.choices.expert(token, rank)
      let dOutput = unsafe table.pointee.dot(dy, weights.upEmbed.values[expert], d)
      let slope = unsafe engine.config.activation.slope(at: scores[rank], value: outputs[rank])
      unsafe dScores[rank] = dOutput * w[rank] * slope
      unsafe table.pointee.axpy(dScores[rank], weights.downEmbed.values[expert], d, dh)
      dWeights[rank] = unsafe dOutput * outputs[rank]
      unsafe mean += w[rank] * dWeights[rank]
      unsafe outputs[rank] *= w[rank]
    }
    // Behind the softmax; each half of r belongs to one token alone.
    let (x, y) = unsafe (dHalf(token), dHalf(tokens + token))
    for rank in 0..<count {
      let (a, b) = tape.choices.expert(token, rank).quotientAndRemainder(
        dividingBy: mixture.keyCount)
      let dScore = unsafe w[rank] * (dWeights[rank] - mean)
      unsafe x[a] += dScore
      unsafe y[b] += dScore
    }
  }

  /// A half-row of d of the router's output, as `hf` routing counts them.
  private func dHalf(_ number: Int) -> UnsafeMutablePointer<Float> {
    unsafe scratch.routerScores[number / 2] + number % 2 * mixture.keyCount
  }

  /// Adds a token's row times a factor to each of its experts' rows of a table.
  ///
  /// - Parameters:
  ///   - factors: `[tokens, k]`.
  ///   - rows: `[tokens, d]`.
  ///   - table: `[E, d]`.
  private func addRows(_ factors: FloatMatrix, _ rows: MatrixView, to table: FloatMatrix) {
    let uses = usesByExpert()
    engine.pool.forRanges(of: uses.starts.count - 1, pieces: 4) { experts in
      for expert in experts {
        for use in uses.order[uses.starts[expert]..<uses.starts[expert + 1]] {
          let (token, rank) = use.quotientAndRemainder(dividingBy: count)
          unsafe engine.kernels.table.pointee.axpy(
            factors[token][rank], rows[token], UInt32(rows.columns), table[expert])
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
