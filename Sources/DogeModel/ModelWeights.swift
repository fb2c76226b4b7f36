import DogeArchitecture
import Kernels
import ModelFile

/// The weights of a model, for the forward pass or for its gradient: what a matrix is, each says.
///
/// d hidden size, hd head dimension, H query heads, KV key/value heads, R mask rows (H or KV),
/// V vocabulary, I intermediate size, E experts, K the router's keys per half.
package struct ModelWeights<Matrix: AnyObject & Sendable>: Sendable {
  package let embedding: Matrix  // [V, d]
  package let blocks: [BlockWeights<Matrix>]
  package let finalNorm: FloatMatrix  // [d]
  package let head: Matrix  // [V, d]; the embedding itself where they are tied
}

/// The weights of one block.
package struct BlockWeights<Matrix: AnyObject & Sendable>: Sendable {
  package let inputNorm: FloatMatrix  // [d]
  package let attention: AttentionWeights<Matrix>
  package let inputResidual: FloatMatrix  // [d], the gate of x before attention's output is added
  package let postNorm: FloatMatrix  // [d]
  package let mlp: MLPWeights<Matrix>
  package let experts: ExpertWeights<Matrix>?
  package let postResidual: FloatMatrix  // [d]
}

/// The weights of dynamic mask attention.
package struct AttentionWeights<Matrix: AnyObject & Sendable>: Sendable {
  package let q: Matrix  // [H hd, d]
  package let k: Matrix  // [KV hd, d]
  package let v: Matrix  // [KV hd, d]
  package let o: Matrix  // [d, H hd]
  package let qNorm: FloatMatrix?  // [hd]
  package let kNorm: FloatMatrix?  // [hd]
  package let maskScale: FloatMatrix  // A, [R]
  package let dt: FloatMatrix  // [R, KV hd]
  package let dtBias: FloatMatrix?  // [R]
}

/// The weights of the gated MLP.
package struct MLPWeights<Matrix: AnyObject & Sendable>: Sendable {
  package let gate: Matrix  // [I, d]
  package let up: Matrix  // [I, d]
  package let down: Matrix  // [d, I]
}

/// The weights of the Cross Domain Mixture of Experts.
package struct ExpertWeights<Matrix: AnyObject & Sendable>: Sendable {
  package let router: Matrix  // [2 K, d]
  package let downEmbed: Matrix  // [E, d]
  package let upEmbed: Matrix  // [E, d]
}

extension ModelWeights {
  /// Takes every tensor of a model.
  ///
  /// - Parameters:
  ///   - stored: the model.
  ///   - kernels: widen the small tensors.
  ///   - matrix: makes a matrix of a large tensor, by its index, and its bias.
  package init(
    _ stored: StoredModel, kernels: KernelSet,
    matrix: @escaping (_ tensor: Int, _ bias: FloatMatrix?) -> Matrix
  ) {
    self.init(stored, owner: { _ in stored }, kernels: kernels) { matrix($1, $2) }
  }

  /// The same of models that differ in the values of their tensors alone.
  ///
  /// - Parameters:
  ///   - stored: one of the models.
  ///   - owner: the model that a tensor is taken of, by its index.
  ///   - kernels: widen the small tensors.
  ///   - matrix: makes a matrix of a large tensor of a model, by its index, and its bias.
  init(
    _ stored: StoredModel, owner: @escaping (_ tensor: Int) -> StoredModel, kernels: KernelSet,
    matrix: @escaping (_ owner: StoredModel, _ tensor: Int, _ bias: FloatMatrix?) -> Matrix
  ) {
    let reader = WeightReader(stored: stored, owner: owner, kernels: kernels, makeMatrix: matrix)
    embedding = reader.matrix(.embedding)
    blocks = (0..<stored.config.layerCount).map { BlockWeights(reader, layer: $0) }
    finalNorm = reader.values(.finalNorm)
    head = stored.layout.tied ? embedding : reader.matrix(.head)
  }
}

/// Finds tensors by their roles.
private struct WeightReader<Matrix> {
  let stored: StoredModel
  let owner: (_ tensor: Int) -> StoredModel
  let kernels: KernelSet
  let makeMatrix: (_ owner: StoredModel, _ tensor: Int, _ bias: FloatMatrix?) -> Matrix

  func values(_ role: TensorRole, layer: Int? = nil) -> FloatMatrix {
    values(stored.tensorIndex(role, layer: layer))
  }

  func optional(_ role: TensorRole, layer: Int?) -> FloatMatrix? {
    stored.index(of: role, layer: layer).map(values)
  }

  func matrix(_ role: TensorRole, _ bias: TensorRole? = nil, layer: Int? = nil) -> Matrix {
    let tensor = stored.tensorIndex(role, layer: layer)
    return makeMatrix(owner(tensor), tensor, bias.flatMap { optional($0, layer: layer) })
  }

  private func values(_ tensor: Int) -> FloatMatrix {
    let owner = owner(tensor)
    return owner.values(of: owner.tensors[tensor], kernels: kernels)
  }
}

extension BlockWeights {
  fileprivate init(_ reader: WeightReader<Matrix>, layer: Int) {
    func values(_ role: TensorRole) -> FloatMatrix { reader.values(role, layer: layer) }
    func optional(_ role: TensorRole) -> FloatMatrix? { reader.optional(role, layer: layer) }
    func linear(_ weight: TensorRole, _ bias: TensorRole? = nil) -> Matrix {
      reader.matrix(weight, bias, layer: layer)
    }
    inputNorm = values(.inputNorm)
    attention = AttentionWeights(
      q: linear(.q, .qBias), k: linear(.k, .kBias), v: linear(.v, .vBias), o: linear(.o, .oBias),
      qNorm: optional(.qNorm), kNorm: optional(.kNorm), maskScale: values(.maskScale),
      dt: values(.dt), dtBias: optional(.dtBias))
    inputResidual = values(.inputResidual)
    postNorm = values(.postNorm)
    mlp = MLPWeights(
      gate: linear(.gate, .gateBias), up: linear(.up, .upBias), down: linear(.down, .downBias))
    experts = reader.stored.config.experts.map { _ in
      ExpertWeights(
        router: linear(.router, .routerBias), downEmbed: linear(.downEmbed),
        upEmbed: linear(.upEmbed))
    }
    postResidual = values(.postResidual)
  }
}

extension BlockWeights {
  /// The same weights for another thread, by objects of its own (`FloatMatrix.shared`).
  func shared() -> BlockWeights {
    BlockWeights(
      inputNorm: inputNorm.shared(),
      attention: AttentionWeights(
        q: attention.q, k: attention.k, v: attention.v, o: attention.o,
        qNorm: attention.qNorm?.shared(), kNorm: attention.kNorm?.shared(),
        maskScale: attention.maskScale.shared(), dt: attention.dt.shared(),
        dtBias: attention.dtBias?.shared()),
      inputResidual: inputResidual.shared(), postNorm: postNorm.shared(), mlp: mlp,
      experts: experts, postResidual: postResidual.shared())
  }
}
