import Conversion
import Diagnostics
import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import TensorCore

/// Measures what each way to store a tensor adds to the mean KLD.
///
/// One tensor at a time is rounded to int4, and the model's distribution compared with that of the
/// model as it was. What other types and group sizes cost, and what part of that each row has,
/// follows from what they cost at the tensor's outputs and what these are worth, since the KLD grows
/// with the square of small errors.
final class SensitivityRun {
  /// What every tensor is rounded to when it is measured.
  private static let reference = (type: WeightType.int4, groupSize: 32)

  private let stream: StreamedModel
  /// The tensors to measure: their indices in the plan.
  private let order: [Int]
  /// The geometries of each, by its index.
  private let wanted: [Int: [TensorGeometry]]
  /// What errors of rows cost; nil where all count alike.
  private let weights: RowWeights?
  private let compute: Compute
  private let progress: any ProgressSink
  /// Σ KLD over the tokens for int4, by index.
  private var divergences: [Int: Double] = [:]
  /// What each of a tensor's rows costs at its outputs in each of its geometries, beside the whole
  /// tensor in int4; by index.
  private var relativeCosts: [Int: RowCosts] = [:]
  /// The logits of the model as it was, `[tokens, vocabulary]` for each sequence.
  private var reference: [FloatMatrix] = []

  /// The model with one tensor rounded, at some point of its blocks.
  private struct Variant {
    let tensor: Int
    let hidden: [FloatMatrix]
  }

  init(
    _ stream: StreamedModel, tensors: [MixedSearch.Tensor], weights: RowWeights?,
    compute: Compute, progress: any ProgressSink
  ) {
    self.stream = stream
    self.weights = weights
    self.compute = compute
    self.progress = progress
    order = tensors.map(\.index)
    wanted = Dictionary(uniqueKeysWithValues: zip(order, tensors.map(\.geometries)))
  }

  /// The mean KLD, in nats, that each row of each tensor adds in each of its geometries.
  var costs: [RowCosts] {
    order.map { index in
      guard let divergence = divergences[index], let relative = relativeCosts[index] else {
        preconditionFailure("a tensor was not measured")
      }
      return relative.map { $0.map { $0 * divergence / Double(stream.tokenCount) } }
    }
  }

  /// The tensors of those roles that are to be measured.
  private func wantedTensors(
    _ roles: Set<TensorRole>, layer: Int? = nil
  ) -> [(index: Int, geometries: [TensorGeometry])] {
    stream.tensors(roles, layer: layer).compactMap { index in wanted[index].map { (index, $0) } }
  }

  /// The multiplications that will be reported as progress.
  var work: Int {
    let layers = 0..<stream.model.config.layerCount
    let halves = layers.flatMap { layer in
      [StreamedModel.Half.attention, .feedForward].map { (half: $0, layer: layer) }
    }
    let weights = halves.map { stream.weights(of: $0.half, layer: $0.layer) }
    // The model as it was runs twice.
    var passes = 2 * weights.reduce(0, +) + headWeights
    for index in wanted.keys {
      let spec = stream.plan.tensors[index].spec
      let first = halves.firstIndex { $0.layer == spec.layer && $0.half.roles.contains(spec.role) }
      passes += weights[(first ?? 0)...].reduce(0, +) + headWeights
    }
    return passes * stream.tokenCount
  }

  /// Measures all tensors.
  func measureAll() throws {
    let layers = 0..<stream.model.config.layerCount
    let hidden = try stream.withTensors([.embedding]) { try stream.embeddings() }
    try measureEnds(hidden.map { $0.copy() })
    for layer in layers {
      var variants: [Variant] = []
      try stream.withTensors(layer: layer) {
        variants = try self.variants(of: .attention, layer, hidden)
        for variant in variants { try stream.run(.feedForward, layer: layer, variant.hidden) }
        variants += try self.variants(of: .feedForward, layer, hidden)
      }
      for variant in variants where layer + 1 < layers.upperBound {
        try stream.run(layers: layer + 1..<layers.upperBound, variant.hidden)
      }
      try stream.withTensors(stream.headRoles) {
        for variant in variants { try compare(variant.hidden, tensor: variant.tensor) }
      }
    }
  }

  private var headWeights: Int {
    stream.model.config.vocabularySize * stream.model.config.hiddenSize
  }

  /// Takes the logits of the model as it was, and measures the tensors outside of the blocks.
  private func measureEnds(_ hidden: [FloatMatrix]) throws {
    let layers = 0..<stream.model.config.layerCount
    try stream.run(layers: layers, hidden)
    let moments = stream.makeMoments(stream.model.config.hiddenSize)
    for x in hidden { moments.add(stream.model.normed(x, for: .head), count: x.rows) }
    // Logits that overflow would make nonsense of all that follows.
    let headMetric = try stream.tensors(stream.headRoles).first.map {
      try stream.metric(moments, for: $0).metric
    }
    try stream.withTensors(stream.headRoles) {
      for x in hidden {
        let logits = FloatMatrix(rows: x.rows, columns: stream.model.config.vocabularySize)
        forLogits(of: x) { block, rows in
          for row in rows { logits.copy(block, row: row - rows.lowerBound, to: row) }
        }
        reference.append(logits)
      }
    }
    for (index, geometries) in wantedTensors([.embedding, .head]) {
      let role = stream.plan.tensors[index].spec.role
      let isHead = stream.headRoles.contains(role)
      try stream.withTensors(stream.headRoles.union([role])) {
        perturb(index, geometries, isHead ? headMetric ?? .plain : .plain)
        var changed = hidden
        if role == .embedding {
          changed = try stream.embeddings()
          try stream.run(layers: layers, changed)
        }
        try compare(changed, tensor: index)
      }
    }
  }

  /// Rounds each matrix of half a block in turn, and runs the half with it; then without any.
  private func variants(
    of half: StreamedModel.Half, _ layer: Int, _ hidden: [FloatMatrix]
  ) throws -> [Variant] {
    var variants: [Variant] = []
    func add(_ roles: Set<TensorRole>, _ metric: RoundingMetric) throws {
      for (index, geometries) in wantedTensors(roles, layer: layer) {
        perturb(index, geometries, metric)
        let changed = hidden.map { $0.copy() }
        try stream.run(half, layer: layer, changed)
        try stream.resident.load([index])
        variants.append(Variant(tensor: index, hidden: changed))
      }
    }
    let inputs = stream.inputMoments(half, layer: layer, hidden)
    let output = stream.output(of: half, layer: layer)
    let first = stream.tensors(half.inputs, layer: layer).first ?? output
    let metric = try stream.metric(inputs, for: first).metric
    try add(half.inputs, metric)
    if half == .feedForward {
      try add([.downEmbed], metric)
      try add([.upEmbed], .plain)
    }
    let moments = try stream.outputMoments(of: output, half, layer: layer, hidden)
    try add([half.output], stream.metric(moments, for: output).metric)
    try stream.run(half, layer: layer, hidden)
    return variants
  }

  /// Rounds a tensor in memory, and reckons what its other geometries would cost beside that.
  private func perturb(
    _ index: Int, _ geometries: [TensorGeometry], _ metric: RoundingMetric
  ) {
    let values = stream.resident.values(of: index)
    func rounding(_ geometry: TensorGeometry) -> MatrixRounding {
      MatrixRounding(geometry, values: values, metric: metric)
    }
    let int4 = values.geometry.stored(
      as: Self.reference.type, groupSize: Self.reference.groupSize)
    let rows = weights?.rows(of: stream.plan.tensors[index], index, metric)
    let unit = rounding(int4).costs(rows, compute.pool).reduce(0, +)
    relativeCosts[index] = geometries.map {
      rounding($0).costs(rows, compute.pool).map { unit > 0 ? $0 / unit : 0 }
    }
    _ = rounding(int4).round(sweeps: 0, pool: compute.pool)
  }

  /// Calls `body` with logits, some rows at a time.
  private func forLogits(
    of hidden: FloatMatrix, _ body: (_ logits: FloatMatrix, _ rows: Range<Int>) -> Void
  ) {
    let block = min(stream.model.logitsBlock, hidden.rows)
    let buffer = stream.model.makeLogitsBuffer(rows: block)
    for first in stride(from: 0, to: hidden.rows, by: block) {
      let rows = first..<min(first + block, hidden.rows)
      body(stream.model.logits(hidden, rows: rows, in: buffer), rows)
    }
    progress.report(.advanced(by: hidden.rows * headWeights))
  }

  private func compare(_ hidden: [FloatMatrix], tensor index: Int) throws {
    var sum = 0.0
    for (x, reference) in zip(hidden, reference) {
      try progress.checkCancellation()
      forLogits(of: x) { logits, rows in
        let divergences = compute.pool.map(rows.count) { row in
          LogitDifference(
            reference: reference, row: rows.lowerBound + row, candidate: logits, row: row,
            kernels: compute.kernels
          ).kld
        }
        sum += divergences.reduce(0, +)
      }
    }
    guard sum.isFinite else {
      throw CalibrationError.notFinite(tensor: stream.plan.tensors[index].name)
    }
    divergences[index] = sum
  }
}
