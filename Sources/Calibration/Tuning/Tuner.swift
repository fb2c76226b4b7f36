import Conversion
import Diagnostics
import DogeArchitecture
import DogeModel
import Gradients
import Kernels
import KibbleFormat
import ModelFile
import TensorCore

/// Tunes the codes and scales of a quantized model against the logits of the model as it was.
///
/// The loss is the mean KL divergence over some sequences; each step looks at a few of them.
final class Tuner {
  /// Sequences of a step.
  private static let batch = 4
  /// How far a code moves in a step before rounding, at most.
  private static let codeRate: Float = 0.004
  /// How far a scale moves in a step, as a part of itself, at most.
  private static let scaleRate: Float = 0.003
  /// Steps in which the rates rise to these; from there they fall to 0 at the end.
  private static let warmUp = 10

  private let reference: DogeModel
  private let model: DifferentiableModel
  private let sequences: [[Int]]
  private let compute: Compute
  private let progress: any ProgressSink
  private let matrices: [(record: Int, tensor: Int, matrix: TunedMatrix)]
  private let gradients: WeightGradients
  private let cache: KVCache

  /// A tuner of some matrices.
  ///
  /// - Parameters:
  ///   - quantized: the model that is tuned.
  ///   - plan: what it was made by.
  ///   - records: those records of the plan that are tuned.
  ///   - reference: the model as it was.
  ///   - sequences: tokens to tune with.
  ///   - compute: what computes.
  ///   - progress: where progress goes.
  init(
    _ quantized: StoredModel, plan: ConversionPlan, records: [Int], reference: StoredModel,
    sequences: [[Int]], compute: Compute, progress: any ProgressSink
  ) {
    self.reference = DogeModel(reference, compute: compute)
    model = DifferentiableModel(quantized, compute: compute)
    self.sequences = sequences
    self.compute = compute
    self.progress = progress
    let model = model
    matrices = records.map { record in
      let planned = plan.records[record]
      let band = quantized.file.tensors[record]
      let source = reference.tensors[planned.tensor]
      let matrix = TunedMatrix(
        band.geometry, names: plan.rows(of: planned), exponent: band.exponent,
        scales: band.band(in: quantized.file.region).scales,
        restored: model.weights(planned.tensor),
        source: reference.values(of: source, kernels: compute.kernels))
      return (record, planned.tensor, matrix)
    }
    gradients = WeightGradients(for: model, tensors: matrices.map(\.tensor))
    cache = self.reference.makeCache(maximum: sequences.map(\.count).max() ?? 0)
  }

  /// Takes so many steps.
  func run(steps: Int) throws {
    for step in 0..<steps {
      try progress.checkCancellation()
      let batch = (0..<min(Self.batch, sequences.count)).map {
        sequences[place(step * Self.batch + $0)]
      }
      try addGradients(of: batch)
      let rise = min(1, Float(step + 1) / Float(Self.warmUp))
      let rate = rise * (1 - Float(step) / Float(steps))
      let codes = AdamStep(step + 1, rate: rate * Self.codeRate)
      let scales = AdamStep(step + 1, rate: rate * Self.scaleRate)
      for (_, tensor, matrix) in matrices {
        guard let gradient = gradients[tensor] else {
          preconditionFailure("a tuned matrix has a gradient")
        }
        matrix.move(
          gradient, model.weights(tensor), codes: codes, scales: scales, compute.pool)
      }
      progress.report(.advanced(by: 1))
    }
  }

  /// The sequence that comes at a place of the endless order: all in turn, neighbours far apart.
  private func place(_ index: Int) -> Int {
    let count = sequences.count
    var stride = max(1, Int(Double(count) * 0.618))
    while greatestCommonDivisor(stride, count) != 1 { stride += 1 }
    return index * stride % count
  }

  /// Takes the gradients of the mean KL divergence over a batch.
  private func addGradients(of batch: [[Int]]) throws {
    gradients.clear()
    let tokens = batch.reduce(0) { $0 + $1.count }
    for sequence in batch {
      cache.truncate(to: 0)
      let hidden = try reference.forward(sequence, cache: cache)
      let divergence = try model.addGradient(
        of: sequence, scale: 1 / Float(tokens),
        targets: { rows in reference.logits(hidden, rows: rows) }, to: gradients)
      guard divergence.isFinite else {
        let head = reference.layout.tied ? TensorRole.embedding : .head
        throw CalibrationError.notFinite(tensor: head.rawValue)
      }
    }
  }

  /// What the records became, as values of their whole matrices and as scales.
  func results(
    reference: StoredModel
  ) -> [(record: Int, values: FloatMatrix, rounded: RoundedTensor)] {
    matrices.map { record, tensor, matrix in
      let values = model.weights(tensor)
      let source = reference.values(of: reference.tensors[tensor], kernels: compute.kernels)
      return (record, values, matrix.result(values, source: source))
    }
  }
}

extension StoredBand {
  /// A quantized tensor's scales without their common power of two, `[rows, groups]`.
  fileprivate var scales: FloatMatrix {
    let out = FloatMatrix(rows: geometry.rows, columns: geometry.groupsPerRow)
    for row in 0..<out.rows {
      let scales = out[row]
      for group in 0..<out.columns { scales[group] = scale(row: row, group: group) }
    }
    return out
  }
}
