import DogeModel
import Foundation
import Gradients
import TensorCore
import TestSupport
import Testing

/// The squared length of a row.
private func square(_ row: [Float]) -> Double { row.reduce(0) { $0 + Double($1) * Double($1) } }

@Suite struct OutputMomentsTests {
  /// A layout of each kind.
  static let checkpoints = ["doge-nano", "reference/e6-moe"]

  private func moments(_ model: DifferentiableModel, _ sequences: [[Int]], seed: UInt64) throws
    -> OutputMoments
  {
    let moments = OutputMoments()
    var random = SplitMix64(state: seed)
    for sequence in sequences { try model.addMoments(of: sequence, &random, to: moments) }
    return moments
  }

  /// Of one token a matrix's gradient is dy xᵀ: the squares of its rows are those of dy, times a
  /// number that all rows share.
  @Test(arguments: checkpoints) func squaresOfOutputs(_ name: String) throws {
    let problem = try Problem(name, tokens: 12)
    let token = [problem.tokens[0]]
    let moments = try moments(problem.model, [token], seed: 5)
    // The same draw from the model's own logits.
    let plain = problem.subject.model()
    let logits = plain.logits(
      try plain.forward(token, cache: plain.makeCache(maximum: 1)), rows: 0..<1
    ).row(0).map(Double.init)
    let peak = try #require(logits.max())
    let sum = logits.reduce(0) { $0 + exp($1 - peak) }
    var random = SplitMix64(state: 5)
    var left = Double(Float.random(in: 0..<1, using: &random))
    let drawn = try #require(
      logits.firstIndex { value in
        left -= exp(value - peak) / sum
        return left < 0
      })
    let target = matrix([logits.indices.map { $0 == drawn ? 0 : -1e4 }])
    let gradients = WeightGradients(for: problem.model, tensors: problem.subject.matrices)
    _ = try problem.model.addGradient(
      of: token, scale: 1, targets: { _ in target }, to: gradients)
    for number in problem.subject.matrices {
      let tensor = problem.subject.stored.tensors[number]
      let label = tensor.name
      guard let found = moments.outputs(of: number) else {
        #expect(tensor.spec.role == .embedding && !plain.layout.tied, "\(label)")
        continue
      }
      if number == problem.subject.stored.index(of: plain.layout.tied ? .embedding : .head) {
        for (value, logit) in zip(found, logits) {
          let p = exp(logit - peak) / sum
          #expect(abs(value - p * (1 - p)) <= 1e-5 * p + 1e-9, "\(label)")
        }
        continue
      }
      let gradient = try #require(gradients[number])
      let squares = (0..<gradient.rows).map { square(gradient.row($0)) }
      let share = squares.reduce(0, +) / max(found.reduce(0, +), 1e-300)
      #expect((squares.max() ?? 0 > 0) == (found.max() ?? 0 > 0), "\(label)")
      let scale = share * (found.max() ?? 0)
      for (value, expected) in zip(found, squares) {
        #expect(abs(value * share - expected) <= 1e-4 * expected + 1e-7 * scale, "\(label)")
      }
      // What comes out of up_embed's row is the row times a number.
      if tensor.spec.role == .upEmbed {
        #expect(abs(share / Double(gradient.columns) - 1) < 1e-4, "\(label)")
      }
    }
  }

  /// Sums over sequences are means over tokens, and nothing depends on kernels and threads.
  @Test(arguments: checkpoints) func sums(_ name: String) throws {
    let problem = try Problem(name, tokens: 12)
    let sequences = [Array(problem.tokens.prefix(5)), Array(problem.tokens.suffix(7))]
    let both = try moments(problem.model, sequences, seed: 1)
    #expect(both.tokens == 12)
    #expect(both.embeddingOutput > 0)
    for machine in Machine.all {
      let other = try moments(Problem(name, tokens: 12, on: machine).model, sequences, seed: 1)
      for number in problem.subject.matrices {
        #expect(other.outputs(of: number) == both.outputs(of: number), "\(machine)")
      }
      #expect(other.embeddingOutput == both.embeddingOutput, "\(machine)")
    }
  }
}
