import Kernels

/// How much the model's distribution moves with each output of its matrices: the second moments of
/// the gradients of -log p(y) there, y drawn from the distribution itself.
///
/// These are the diagonal of the Fisher information of the outputs: small errors ε of independent
/// outputs cost Σ E[g²] ε² / 2 of Kullback-Leibler divergence a token, to second order.
package final class OutputMoments {
  /// Tokens that were looked at.
  package private(set) var tokens = 0
  /// The sum over tokens of the mean g² of an element of the embedding's output.
  private var embedding = 0.0
  private var sums: [Int: [Double]] = [:]

  package init() {}

  /// E[g²] of each output of a matrix, a token: for the head p(1 − p), for an expert's row what comes
  /// of the tokens that were sent to it; nil for a tensor that no pass multiplies by.
  package func outputs(of tensor: Int) -> [Double]? {
    sums[tensor].map { sums in sums.map { $0 / Double(max(1, tokens)) } }
  }

  /// E[g²] of an element of the embedding's output.
  package var embeddingOutput: Double { embedding / Double(max(1, tokens)) }

  func add(tokens count: Int) { tokens += count }

  func addEmbedding(_ meanSquare: Double) { embedding += meanSquare }

  /// Adds the squares of dy `[tokens, outputs]`.
  func add(_ dy: MatrixView, to tensor: Int) {
    change(tensor, dy.columns) { sum in
      for token in 0..<dy.rows {
        let row = dy[token]
        for output in 0..<row.count { sum[output] += Double(row[output]) * Double(row[output]) }
      }
    }
  }

  /// Adds to one output.
  func add(_ square: Double, to tensor: Int, output: Int, of count: Int) {
    change(tensor, count) { $0[output] += square }
  }

  /// Adds to all outputs.
  func add(_ squares: [Double], to tensor: Int) {
    change(tensor, squares.count) { sum in
      for output in squares.indices { sum[output] += squares[output] }
    }
  }

  private func change(_ tensor: Int, _ outputs: Int, _ body: (inout [Double]) -> Void) {
    // Taken out, so that it is not copied.
    var sum = sums.removeValue(forKey: tensor) ?? [Double](repeating: 0, count: outputs)
    body(&sum)
    sums[tensor] = sum
  }
}

extension FloatRow {
  /// The mean of the squares.
  var meanSquare: Double {
    (0..<count).reduce(0.0) { $0 + Double(self[$1]) * Double(self[$1]) } / Double(max(1, count))
  }
}
