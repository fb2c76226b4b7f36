import DogeModel
import Gradients
import Kernels
import TestSupport

/// A checkpoint, some tokens, and targets that its logits are near to.
struct Problem {
  let subject: Subject
  let model: DifferentiableModel
  let tokens: [Int]
  let targets: FloatMatrix  // [tokens, vocabulary]
  /// Σ KL(target ‖ logits), from DogeModel's logits.
  let expectedLoss: Double

  /// - Parameters:
  ///   - name: the checkpoint's folder below `fixtures`.
  ///   - count: how many random tokens; by default the checkpoint's golden has them, and with those
  ///     no choice of experts or keys is close.
  ///   - machine: what it runs on.
  /// - Throws: what reading and running it throws.
  init(_ name: String, tokens count: Int? = nil, on machine: Machine = .best) throws {
    subject = try Subject(name, on: machine)
    model = subject.differentiable()
    var random = SplitMix(17)
    let vocabulary = model.config.vocabularySize
    if let count {
      tokens = (0..<count).map { _ in Int(random.next() % UInt64(vocabulary)) }
    } else {
      let golden = try TensorFile(Fixtures.folder(name) + "/golden.safetensors")
      tokens = try golden.values("input_ids", as: Int64.self).map { Int($0) }
    }
    let count = tokens.count
    let plain = subject.model()
    let hidden = try plain.forward(tokens, cache: plain.makeCache(maximum: count))
    let logits = plain.logits(hidden, rows: 0..<count)
    let targets = matrix(
      (0..<count).map { row in logits.row(row).map { $0 + 0.5 * random.normal() } })
    let kernels = subject.compute.kernels
    expectedLoss = (0..<count).reduce(0) { sum, row in
      sum
        + LogitDifference(
          reference: targets, row: row, candidate: logits, row: row, kernels: kernels
        ).kld
    }
    self.targets = targets
  }

  func gradients(_ tensors: [Int]? = nil) throws -> WeightGradients {
    let gradients = WeightGradients(for: model, tensors: tensors ?? subject.matrices)
    _ = try add(to: gradients)
    return gradients
  }

  func add(to gradients: WeightGradients, first part: Int? = nil) throws -> Double {
    try model.addGradient(
      of: Array(tokens.prefix(part ?? tokens.count)), scale: 1, targets: { targets.copy($0) },
      to: gradients)
  }

  func loss() throws -> Double { try add(to: WeightGradients(for: model, tensors: [])) }

  /// The loss's slope along a direction of a matrix, by central differences.
  func slope(_ number: Int, along direction: [Float], step: Float) throws -> Double {
    let weights = model.weights(number)
    let original = weights.copy(0..<weights.rows)
    defer { for row in 0..<weights.rows { weights.copy(original, row: row, to: row) } }
    var losses: [Double] = []
    for sign in [Float(1), -1] {
      for row in 0..<weights.rows {
        let first = row * weights.columns
        weights.set(
          row,
          (0..<weights.columns).map {
            original.value(row, $0) + sign * step * direction[first + $0]
          })
      }
      losses.append(try loss())
    }
    return (losses[0] - losses[1]) / (2 * Double(step))
  }
}
