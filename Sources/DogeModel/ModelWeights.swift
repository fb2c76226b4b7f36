import DogeArchitecture
import Kernels
import ModelFile

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
  /// Takes every tensor of a model.
  init(_ stored: StoredModel, kernels: KernelSet) {
    embedding = stored.matrix(.embedding)
    layers = (0..<stored.config.layerCount).map { LayerWeights(stored, layer: $0, kernels) }
    finalNorm = stored.values(.finalNorm, kernels: kernels)
    let head = stored.layout.tied ? embedding : stored.matrix(.head)
    self.head = LinearGroup([Linear(weight: head, bias: nil)])
  }
}

extension LayerWeights {
  fileprivate convenience init(_ stored: StoredModel, layer: Int, _ kernels: KernelSet) {
    func values(_ role: TensorRole) -> FloatMatrix {
      stored.values(role, layer: layer, kernels: kernels)
    }
    func optional(_ role: TensorRole) -> FloatMatrix? {
      stored.optionalValues(role, layer: layer, kernels: kernels)
    }
    func linear(_ weight: TensorRole, _ bias: TensorRole) -> Linear {
      Linear(weight: stored.matrix(weight, layer: layer), bias: optional(bias))
    }
    var experts: ExpertWeights?
    if stored.config.experts != nil {
      experts = ExpertWeights(
        router: LinearGroup([linear(.router, .routerBias)]),
        downEmbed: stored.matrix(.downEmbed, layer: layer),
        upEmbed: stored.matrix(.upEmbed, layer: layer))
    }
    self.init(
      inputNorm: values(.inputNorm),
      attention: AttentionWeights(
        q: linear(.q, .qBias), k: linear(.k, .kBias), v: linear(.v, .vBias),
        o: linear(.o, .oBias), qNorm: optional(.qNorm), kNorm: optional(.kNorm),
        maskScale: values(.maskScale), dt: values(.dt), dtBias: optional(.dtBias)),
      inputResidual: values(.inputResidual), postNorm: values(.postNorm),
      mlp: MLPWeights(
        gate: linear(.gate, .gateBias), up: linear(.up, .upBias), down: linear(.down, .downBias)),
      experts: experts, postResidual: values(.postResidual))
  }
}
