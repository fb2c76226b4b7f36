import ByteIO
import Conversion
import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import Parallel
import Quantization
import TensorCore

/// One calibration: the model in memory, whose matrices are overwritten as they are rounded.
final class CalibrationRun {
  private static let damping = 0.01
  private static let sweeps = 4

  private let plan: ConversionPlan
  private let file: KibbleFile
  private let memory: MemoryBuffer
  private let model: DogeModel
  private let tap: InputTap
  private let sequences: [[Int]]
  private let kernels: KernelSet
  private let pool: ThreadPool
  private let progress: any ProgressSink
  private let cache: KVCache
  /// What the matrices were rounded to, by their number in the plan.
  private(set) var rounded: [Int: RoundedTensor] = [:]
  private(set) var warnings: [String] = []

  init(
    plan: ConversionPlan, file: KibbleFile, memory: MemoryBuffer, model: DogeModel, tap: InputTap,
    sequences: [[Int]], kernels: KernelSet, pool: ThreadPool, progress: any ProgressSink
  ) {
    self.plan = plan
    self.file = file
    self.memory = memory
    self.model = model
    self.tap = tap
    self.sequences = sequences
    self.kernels = kernels
    self.pool = pool
    self.progress = progress
    cache = model.makeCache(maximum: sequences.map(\.count).max() ?? 0)
  }

  /// Rounds the head, and then block after block.
  func roundAll() throws {
    try roundHead()
    var hidden = try sequences.map { try model.embedding(of: $0) }
    for layer in 0..<model.config.layerCount {
      try roundAttention(layer, &hidden)
      try roundFeedForward(layer, &hidden)
    }
  }

  /// The head's inputs are those of the model as it was; a tied embedding has only that use here.
  private func roundHead() throws {
    let head = matrices([.embedding, .head], layer: nil)
    guard !head.isEmpty else { return }
    let moments = makeMoments(model.config.hiddenSize)
    for tokens in sequences {
      try progress.checkCancellation()
      cache.truncate(to: 0)
      let x = try model.forward(tokens, cache: cache)
      moments.add(model.normed(x, for: .head), count: x.rows)
    }
    try round(head, moments)
  }

  private func roundAttention(_ layer: Int, _ hidden: inout [FloatMatrix]) throws {
    let inputs = matrices([.q, .k, .v], layer: layer)
    if !inputs.isEmpty {
      let moments = makeMoments(model.config.hiddenSize)
      for x in hidden {
        moments.add(model.normed(x, for: .attention(layer: layer)), count: x.rows)
      }
      try round(inputs, moments)
    }
    let output = matrices([.o], layer: layer)
    if let first = output.first {
      let moments = makeMoments(plan.tensors[first].geometry.columns)
      try tap.watch(file.matrix(of: file.tensors[first])) { x, tokens in
        moments.add(x, count: tokens)
      } during: {
        for x in hidden {
          try progress.checkCancellation()
          try model.attend(x.copy(), layer: layer, cache: cache)
        }
      }
      try round(output, moments)
    }
    for x in hidden {
      try progress.checkCancellation()
      try model.attend(x, layer: layer, cache: cache)
      progress.report(.advanced(by: x.rows))
    }
  }

  private func roundFeedForward(_ layer: Int, _ hidden: inout [FloatMatrix]) throws {
    let inputs = matrices([.gate, .up, .router], layer: layer)
    if !inputs.isEmpty {
      let moments = makeMoments(model.config.hiddenSize)
      for x in hidden {
        moments.add(model.normed(x, for: .feedForward(layer: layer)), count: x.rows)
      }
      try round(inputs, moments)
    }
    let output = matrices([.down], layer: layer)
    if let first = output.first {
      let moments = makeMoments(plan.tensors[first].geometry.columns)
      try tap.watch(file.matrix(of: file.tensors[first])) { x, tokens in
        moments.add(x, count: tokens)
      } during: {
        for x in hidden {
          try progress.checkCancellation()
          model.feed(x.copy(), layer: layer, cache: cache)
        }
      }
      try round(output, moments)
    }
    for x in hidden {
      try progress.checkCancellation()
      model.feed(x, layer: layer, cache: cache)
      progress.report(.advanced(by: x.rows))
    }
  }

  private func makeMoments(_ inputs: Int) -> SecondMoments {
    SecondMoments(inputs: inputs, kernels: kernels, pool: pool)
  }

  /// The quantized matrices of those roles, by their numbers in the plan.
  private func matrices(_ roles: Set<TensorRole>, layer: Int?) -> [Int] {
    plan.tensors.indices.filter { index in
      let tensor = plan.tensors[index]
      return roles.contains(tensor.spec.role) && tensor.spec.layer == layer
        && tensor.geometry.type.isQuantized && tensor.geometry.arrangement == .tiles
    }
  }

  /// Rounds matrices that have the same inputs.
  private func round(_ indices: [Int], _ moments: SecondMoments) throws {
    let sum = moments.sum()
    let factor = InverseFactor(sum, damping: Self.damping, pool: pool)
    if factor.damping > Self.damping, let first = indices.first {
      warnings.append(
        "the inputs of \(plan.tensors[first].name) do not determine its outputs: damping was "
          + "raised to \(factor.damping)")
    }
    let metric = RoundingMetric(sum, factor: factor)
    for index in indices {
      try progress.checkCancellation()
      rounded[index] = round(index, metric)
    }
  }

  private func round(_ index: Int, _ metric: RoundingMetric) -> RoundedTensor {
    let geometry = plan.tensors[index].geometry
    let record = file.tensors[index]
    let matrix = unsafe MatrixRounding(
      geometry, values: record.geometry, metric: metric,
      base: memory.mutablePointer(at: record.planes[0].lowerBound))
    return matrix.round(sweeps: Self.sweeps, pool: pool)
  }
}

extension FloatMatrix {
  /// The same values in memory of their own.
  fileprivate func copy() -> FloatMatrix {
    let copy = FloatMatrix(rows: rows, columns: columns)
    for row in 0..<rows { copy.copy(self, row: row, to: row) }
    return copy
  }
}
