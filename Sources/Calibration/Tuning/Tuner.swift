import ByteIO
import CKernels
import Conversion
import Diagnostics
import DogeModel
import Gradients
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import Quantization
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
  private let pool: ThreadPool
  private let progress: any ProgressSink
  private let matrices: [Int: TunedMatrix]
  private let gradients: WeightGradients
  private let cache: KVCache

  /// A tuner of the matrices `numbers` of `quantized`, beside `reference`: the model as it was.
  init(
    _ quantized: StoredModel, numbers: [Int], reference: StoredModel, sequences: [[Int]],
    kernels: KernelSet, pool: ThreadPool, progress: any ProgressSink
  ) {
    self.reference = DogeModel(reference, kernels: kernels, pool: pool)
    model = DifferentiableModel(quantized, kernels: kernels, pool: pool)
    self.sequences = sequences
    self.pool = pool
    self.progress = progress
    var matrices: [Int: TunedMatrix] = [:]
    for number in numbers {
      let record = quantized.tensors[number].record
      matrices[number] = TunedMatrix(
        record.geometry, exponent: record.exponent, scales: quantized.file.scales(of: record),
        restored: model.weights(number),
        source: reference.values(of: reference.tensors[number], kernels: kernels))
    }
    self.matrices = matrices
    gradients = WeightGradients(for: model, numbers: numbers)
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
      for (number, matrix) in matrices {
        guard let gradient = gradients[number] else { continue }
        matrix.move(gradient, model.weights(number), codes: codes, scales: scales, pool)
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
      _ = try model.addGradient(
        of: sequence, scale: 1 / Float(tokens),
        targets: { rows in reference.logits(hidden, rows: rows) }, to: gradients)
    }
  }

  /// What the matrices became, as values and as codes and scales.
  func results(
    reference: StoredModel, kernels: KernelSet
  ) -> [(number: Int, values: FloatMatrix, rounded: RoundedTensor)] {
    matrices.keys.sorted().compactMap { number in
      let values = model.weights(number)
      let source = reference.values(of: reference.tensors[number], kernels: kernels)
      return matrices[number].map { (number, values, $0.result(values, source: source)) }
    }
  }
}

extension KibbleFile {
  /// A quantized tensor's scales without their common power of two, `[rows, groups]`.
  fileprivate func scales(of record: TensorRecord) -> FloatMatrix {
    let geometry = record.geometry
    let out = FloatMatrix(rows: geometry.rows, columns: geometry.groupsPerRow)
    let halves = unsafe region.pointer(at: record.planes[1].lowerBound)
      .assumingMemoryBound(to: UInt16.self)
    for row in 0..<geometry.rows {
      for group in 0..<geometry.groupsPerRow {
        let place = geometry.scalePlace(row: row, group: group)
        unsafe out[row][group] = kb_f32_from_f16(UInt16(littleEndian: halves[place]))
      }
    }
    return out
  }
}
