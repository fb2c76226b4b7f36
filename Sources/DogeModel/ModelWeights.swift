import ByteIO
import CKernels
import DogeArchitecture
import Kernels
import KibbleFormat
import TensorCore

/// The weights of a model: matrices stay in the file's bytes, small vectors are widened.
///
/// d hidden size, hd head dimension, H query heads, KV key/value heads, R mask rows (H or KV),
/// V vocabulary, I intermediate size, E experts, K the router's keys per half.
struct ModelWeights: Sendable {
  /// Token embedding, [V, d]; also the head when they are tied.
  let embedding: StoredMatrix
  let layers: [LayerWeights]
  /// Weight of the last RMSNorm, [d].
  let finalNorm: FloatMatrix
  /// Head, [V, d].
  let head: LinearGroup
}

/// The weights of one block.
final class LayerWeights: Sendable {
  let inputNorm: FloatMatrix  // [d]
  let attention: AttentionWeights
  let inputResidual: FloatMatrix  // [d], the gate of x before attention's output is added
  let postNorm: FloatMatrix  // [d]
  let mlp: MLPWeights
  let experts: ExpertWeights?
  let postResidual: FloatMatrix  // [d]

  init(
    inputNorm: FloatMatrix, attention: AttentionWeights, inputResidual: FloatMatrix,
    postNorm: FloatMatrix, mlp: MLPWeights, experts: ExpertWeights?, postResidual: FloatMatrix
  ) {
    self.inputNorm = inputNorm
    self.attention = attention
    self.inputResidual = inputResidual
    self.postNorm = postNorm
    self.mlp = mlp
    self.experts = experts
    self.postResidual = postResidual
  }
}

/// The weights of dynamic mask attention.
struct AttentionWeights: Sendable {
  let q: Linear  // [H hd, d]
  let k: Linear  // [KV hd, d]
  let v: Linear  // [KV hd, d]
  let o: Linear  // [d, H hd]
  let qNorm: FloatMatrix?  // [hd]
  let kNorm: FloatMatrix?  // [hd]
  let maskScale: FloatMatrix  // A, [R]
  let dt: FloatMatrix  // [R, KV hd]
  let dtBias: FloatMatrix?  // [R]
}

/// The weights of the gated MLP.
struct MLPWeights: Sendable {
  let gate: Linear  // [I, d]
  let up: Linear  // [I, d]
  let down: Linear  // [d, I]
}

/// The weights of the Cross Domain Mixture of Experts.
struct ExpertWeights: Sendable {
  let router: LinearGroup  // [2 K, d]
  let downEmbed: StoredMatrix  // [E, d]
  let upEmbed: StoredMatrix  // [E, d]
}

/// A matrix that is multiplied, with its bias.
final class Linear: Sendable {
  let weight: StoredMatrix  // [outputs, inputs], in tiles
  let bias: FloatMatrix?  // [outputs]

  init(weight: StoredMatrix, bias: FloatMatrix?) {
    self.weight = weight
    self.bias = bias
  }
}

extension ModelWeights {
  /// Finds every tensor of the model in a file.
  init(
    file: KibbleFile, config: DogeConfig, layout: CheckpointLayout, kernels: KernelSet
  ) throws(ModelError) {
    let loader = WeightLoader(file: file, kernels: kernels)
    let specs = layout.tensors(for: config)
    try loader.check(specs)
    let perLayer = Set(specs.filter { $0.layer == 0 }.map(\.role))
    var layers: [LayerWeights] = []
    for layer in 0..<config.layerCount {
      layers.append(try loader.layer(layer, roles: perLayer))
    }
    embedding = try loader.matrix(.embedding)
    self.layers = layers
    finalNorm = try loader.floats(.finalNorm)
    let headWeight = layout.tied ? embedding : try loader.matrix(.head)
    head = LinearGroup([Linear(weight: headWeight, bias: nil)])
  }
}

/// Looks tensors up in a file by what they do.
private struct WeightLoader {
  let file: KibbleFile
  let kernels: KernelSet

  /// Checks that the file has each tensor, in its shape and as its use wants it to lie.
  func check(_ specs: [TensorSpec]) throws(ModelError) {
    for spec in specs {
      let record = try record(spec.canonicalName)
      guard record.shape == spec.shape else {
        throw .wrongShape(
          path: file.path, tensor: record.name, expected: spec.shape, found: record.shape)
      }
      let isMultiplied = spec.kind == .matrix && spec.role != .dt
      guard record.geometry.arrangement == (isMultiplied ? .tiles : .rows) else {
        throw .wrongArrangement(path: file.path, tensor: record.name)
      }
    }
    guard specs.count == file.tensors.count else {
      let known = Set(specs.map(\.canonicalName))
      let extra = file.tensors.first { !known.contains($0.name) }
      throw .unexpectedTensor(path: file.path, tensor: extra?.name ?? "?")
    }
  }

  func record(_ name: String) throws(ModelError) -> TensorRecord {
    guard let record = file.tensor(named: name) else {
      throw .missingTensor(path: file.path, tensor: name)
    }
    return record
  }

  private func name(_ role: TensorRole, _ layer: Int?) -> String {
    layer.map { "model.layers.\($0)." + role.rawValue } ?? role.rawValue
  }

  func matrix(_ role: TensorRole, _ layer: Int? = nil) throws(ModelError) -> StoredMatrix {
    file.matrix(of: try record(name(role, layer)))
  }

  /// The values of a small tensor, one row for a vector.
  func floats(_ role: TensorRole, _ layer: Int? = nil) throws(ModelError) -> FloatMatrix {
    file.values(of: try record(name(role, layer)), kernels: kernels)
  }

  func linear(
    _ weight: TensorRole, _ bias: TensorRole, _ layer: Int, _ roles: Set<TensorRole>
  ) throws(ModelError) -> Linear {
    Linear(
      weight: try matrix(weight, layer),
      bias: roles.contains(bias) ? try floats(bias, layer) : nil)
  }

  func layer(_ layer: Int, roles: Set<TensorRole>) throws(ModelError) -> LayerWeights {
    let attention = AttentionWeights(
      q: try linear(.q, .qBias, layer, roles), k: try linear(.k, .kBias, layer, roles),
      v: try linear(.v, .vBias, layer, roles), o: try linear(.o, .oBias, layer, roles),
      qNorm: roles.contains(.qNorm) ? try floats(.qNorm, layer) : nil,
      kNorm: roles.contains(.kNorm) ? try floats(.kNorm, layer) : nil,
      maskScale: try floats(.maskScale, layer), dt: try floats(.dt, layer),
      dtBias: roles.contains(.dtBias) ? try floats(.dtBias, layer) : nil)
    let mlp = MLPWeights(
      gate: try linear(.gate, .gateBias, layer, roles),
      up: try linear(.up, .upBias, layer, roles),
      down: try linear(.down, .downBias, layer, roles))
    var experts: ExpertWeights?
    if roles.contains(.router) {
      experts = ExpertWeights(
        router: LinearGroup([try linear(.router, .routerBias, layer, roles)]),
        downEmbed: try matrix(.downEmbed, layer), upEmbed: try matrix(.upEmbed, layer))
    }
    return LayerWeights(
      inputNorm: try floats(.inputNorm, layer), attention: attention,
      inputResidual: try floats(.inputResidual, layer), postNorm: try floats(.postNorm, layer),
      mlp: mlp, experts: experts, postResidual: try floats(.postResidual, layer))
  }
}

extension KibbleFile {
  /// A tensor's planes, in place.
  package func matrix(of record: TensorRecord) -> StoredMatrix {
    let scales =
      unsafe record.planes.count > 1
      ? region.pointer(at: record.planes[1].lowerBound) : nil
    return unsafe StoredMatrix(
      record.geometry, codes: region.pointer(at: record.planes[0].lowerBound), scales: scales,
      exponent: record.exponent)
  }
}

extension KibbleFile {
  /// A tensor's values in memory of their own, `[rows, columns]`; one row for a vector.
  package func values(of record: TensorRecord, kernels: KernelSet) -> FloatMatrix {
    let stored = matrix(of: record)
    let out = FloatMatrix(rows: stored.geometry.rows, columns: stored.geometry.columns)
    for row in 0..<out.rows { kernels.row(row, of: stored, into: out, at: row) }
    return out
  }

  /// Calls `body` with the values of each row of a tensor, in order.
  public func forEachRow(
    of record: TensorRecord, kernels: KernelSet, _ body: (_ values: [Float]) -> Void
  ) {
    let stored = matrix(of: record)
    let row = FloatMatrix(rows: 1, columns: stored.geometry.columns)
    for index in 0..<stored.geometry.rows {
      kernels.row(index, of: stored, into: row, at: 0)
      body(row.row(0))
    }
  }
}
