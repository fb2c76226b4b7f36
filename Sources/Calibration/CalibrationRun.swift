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
    checkTokenCount()
    try roundHead()
    let hidden = try sequences.map { try model.embedding(of: $0) }
    for layer in 0..<model.config.layerCount {
      try roundAttention(layer, hidden)
      try roundFeedForward(layer, hidden)
    }
  }

  /// The head's inputs are those of the model as it was; a tied embedding has only that use here.
  private func roundHead() throws {
    let head = matrices([.embedding, .head], layer: nil)
    guard !head.isEmpty else { return }
    let moments = makeMoments(model.config.hiddenSize)
    let uncertainty = TokenUncertainty(model, kernels: kernels, pool: pool)
    for tokens in sequences {
      try progress.checkCancellation()
      cache.truncate(to: 0)
      let x = try model.forward(tokens, cache: cache)
      let normed = model.normed(x, for: .head)
      moments.add(normed, count: x.rows)
      uncertainty.add(tokens, hidden: x, normed: normed)
    }
    try round(head, moments, uncertainty)
  }

  private func roundAttention(_ layer: Int, _ hidden: [FloatMatrix]) throws {
    try round(
      inputs: matrices([.q, .k, .v], layer: layer), output: matrices([.o], layer: layer),
      norm: .attention(layer: layer), hidden
    ) { x in try model.attend(x, layer: layer, cache: cache) }
  }

  private func roundFeedForward(_ layer: Int, _ hidden: [FloatMatrix]) throws {
    try round(
      inputs: matrices([.gate, .up, .router], layer: layer),
      output: matrices([.down], layer: layer), norm: .feedForward(layer: layer), hidden
    ) { x in model.feed(x, layer: layer, cache: cache) }
  }

  /// Rounds the matrices of one half of a block, then runs it: `hidden` holds its results.
  private func round(
    inputs: [Int], output: [Int], norm: DogeModel.NormedInput, _ hidden: [FloatMatrix],
    run: (FloatMatrix) throws -> Void
  ) throws {
    if !inputs.isEmpty {
      let moments = makeMoments(model.config.hiddenSize)
      for x in hidden { moments.add(model.normed(x, for: norm), count: x.rows) }
      try round(inputs, moments)
    }
    if let first = output.first {
      let moments = makeMoments(plan.tensors[first].geometry.columns)
      try tap.watch(file.matrix(of: file.tensors[first])) { x, tokens in
        moments.add(x, count: tokens)
      } during: {
        for x in hidden {
          try progress.checkCancellation()
          try run(x.copy())
        }
      }
      try round(output, moments)
    }
    for x in hidden {
      try progress.checkCancellation()
      try run(x)
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

  /// A layer of many inputs wants more tokens than one of few.
  private func checkTokenCount() {
    let tokens = sequences.reduce(0) { $0 + $1.count }
    let calibrated = plan.tensors.filter {
      $0.geometry.type.isQuantized && $0.geometry.arrangement == .tiles
    }
    let inputs = calibrated.map(\.geometry.columns).max() ?? 0
    guard tokens < 8 * inputs else { return }
    warnings.append(
      "the calibration has \(tokens) tokens; for layers of \(inputs) inputs, \(8 * inputs) or "
        + "more are wanted")
  }

  /// Rounds matrices that have the same inputs.
  private func round(
    _ indices: [Int], _ moments: SecondMoments, _ uncertainty: TokenUncertainty? = nil
  ) throws {
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
      let isInput = plan.tensors[index].spec.role == .embedding
      let meanSquare = sum.meanDiagonal / Double(max(1, moments.count))
      rounded[index] = round(
        index, metric,
        rowMoments: uncertainty.map { uncertainty in
          { row in
            uncertainty.moments(
              row: row, common: metric.moments, meanSquare: meanSquare, isInput: isInput)
          }
        })
    }
  }

  private func round(
    _ index: Int, _ metric: RoundingMetric, rowMoments: ((_ row: Int) -> FloatMatrix)?
  ) -> RoundedTensor {
    let record = file.tensors[index]
    let matrix = unsafe MatrixRounding(
      plan.tensors[index].geometry, values: record.geometry, metric: metric,
      base: memory.mutablePointer(at: record.planes[0].lowerBound))
    return matrix.round(sweeps: Self.sweeps, rowMoments: rowMoments, pool: pool)
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
