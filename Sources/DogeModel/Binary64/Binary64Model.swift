import DogeArchitecture
import Kernels
import ModelFile
import Parallel
import TensorCore

/// The forward pass in binary64, one plain sum after the other: what rounding in float32 and in int8
/// is measured against.
///
/// It shares no arithmetic with `DogeModel` but the decoding of weights and the angles of RoPE.
/// Choices (keys that are kept, experts) are made by the numbers rounded to binary32.
package struct Binary64Model {
  /// The hidden states of a sequence, `[tokens][d]`.
  package typealias States = [[Double]]

  let config: DogeConfig
  let layout: CheckpointLayout
  let compute: Compute
  private let weights: ModelWeights<Linear>

  /// Takes a model's weights where they lie.
  package init(_ stored: StoredModel, compute: Compute) {
    config = stored.config
    layout = stored.layout
    self.compute = compute
    weights = ModelWeights(stored, kernels: compute.kernels) { index, bias in
      Linear(weight: stored.matrix(of: stored.tensors[index]), bias: bias)
    }
  }

  /// Runs a sequence from an empty cache, in one call.
  ///
  /// - Parameters:
  ///   - tokens: ids, each below the vocabulary's size.
  ///   - routing: how experts are chosen.
  /// - Returns: the logits `[tokens][vocabulary]`.
  package func logits(of tokens: [Int], routing: ExpertRouting) -> States {
    var x = tokens.map { row($0, of: weights.embedding) }
    let rotation = RotaryEmbedding(config).table(for: 0..<tokens.count)
    for block in weights.blocks {
      let attention = Binary64Attention(model: self, weights: block.attention, rotation: rotation)
      x = residual(x, gate: block.inputResidual, attention.run(normed(x, block.inputNorm)))
      let h = normed(x, block.postNorm)
      var y = mlp(h, block.mlp)
      if let experts = block.experts {
        y = zip(y, mixture(h, experts, routing)).map { zip($0, $1).map(+) }
      }
      x = residual(x, gate: block.postResidual, y)
    }
    return product(normed(x, weights.finalNorm), weights.head)
  }

  // MARK: steps

  /// w ⊙ x / √(mean(x²) + ε) of each row.
  private func normed(_ x: States, _ weight: FloatMatrix) -> States {
    x.map { rmsNorm($0[...], weight) }
  }

  func rmsNorm(_ x: ArraySlice<Double>, _ weight: FloatMatrix) -> [Double] {
    let mean = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
    let scale = 1 / (mean + Double(config.rmsNormEpsilon)).squareRoot()
    return x.enumerated().map { Double(weight[0][$0]) * ($1 * scale) }
  }

  private func residual(_ x: States, gate: FloatMatrix, _ y: States) -> States {
    zip(x, y).map { x, y in x.indices.map { Double(gate[0][$0]) * x[$0] + y[$0] } }
  }

  private func mlp(_ h: States, _ weights: MLPWeights<Linear>) -> States {
    let gated = zip(product(h, weights.gate), product(h, weights.up)).map { gate, up in
      zip(gate, up).map { activated($0) * $1 }
    }
    return product(gated, weights.down)
  }

  /// Σ_e act(down_e · h) · w_e · up_e, w the softmax of the chosen scores.
  private func mixture(
    _ h: States, _ weights: ExpertWeights<Linear>, _ routing: ExpertRouting
  ) -> States {
    guard let sizes = config.experts else { return h }
    let scores = product(h, weights.router)
    let rounded = FloatMatrix(rows: h.count, columns: 2 * sizes.keyCount)
    for (row, values) in scores.enumerated() { rounded.set(row, values.map { Float($0) }) }
    let choices = ExpertChoices(tokens: h.count, perToken: sizes.perToken)
    let router = ExpertRouter(
      keyCount: sizes.keyCount, routing: routing, scores: rounded, rows: 0..<h.count)
    router.choose(into: choices, on: compute.pool)
    return h.indices.map { token in
      let (left, right) = router.halves(of: token)
      let experts = (0..<sizes.perToken).map { choices.expert(token, $0) }
      let sums = experts.map { id in
        let (a, b) = id.quotientAndRemainder(dividingBy: sizes.keyCount)
        return Double(left[a]) + Double(right[b])
      }
      var y = [Double](repeating: 0, count: config.hiddenSize)
      for (expert, w) in zip(experts, softmax(sums)) {
        let score = activated(dot(row(expert, of: weights.downEmbed), h[token])) * w
        for (i, up) in row(expert, of: weights.upEmbed).enumerated() { y[i] += score * up }
      }
      return y
    }
  }

  // MARK: arithmetic

  /// x Wᵀ + b.
  func product(_ x: States, _ linear: Linear) -> States {
    let columns = linear.weight.columns
    // Eight rows of x share a pass over a row of W.
    let lanes = SIMD8<Double>.scalarCount
    let packed = stride(from: 0, to: x.count, by: lanes).map { first in
      (0..<columns).map { column in
        var lane = SIMD8<Double>()
        for row in first..<min(first + lanes, x.count) { lane[row - first] = x[row][column] }
        return lane
      }
    }
    let outputs = compute.pool.map(linear.weight.rows) { output in
      let weight = row(output, of: linear)
      let bias = linear.bias.map { Double($0[0][output]) } ?? 0
      return packed.map { group in
        var sum = SIMD8<Double>()
        for column in 0..<columns { sum += weight[column] * group[column] }
        return sum + bias
      }
    }
    return x.indices.map { row in outputs.map { $0[row / lanes][row % lanes] } }
  }

  func row(_ index: Int, of linear: Linear) -> [Double] {
    let out = FloatMatrix(rows: 1, columns: linear.weight.columns)
    compute.kernels.row(index, of: linear.weight, into: out[0])
    return out.row(0).map { Double($0) }
  }

  func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  func softmax(_ scores: [Double]) -> [Double] {
    let most = scores.max() ?? 0
    let parts = scores.map { deterministicExp($0 - most) }
    let sum = parts.reduce(0, +)
    return parts.map { $0 / sum }
  }

  private func activated(_ x: Double) -> Double {
    switch config.activation {
    case .silu: x / (1 + deterministicExp(-x))
    case .gelu: 0.5 * x * (1 + deterministicErf(x * 0.5.squareRoot()))
    case .geluTanh:
      0.5 * x * (1 + deterministicTanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .relu: max(x, 0)
    }
  }
}
