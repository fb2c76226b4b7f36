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
    matrix: (_ tensor: Int, _ bias: FloatMatrix?) -> Matrix
  ) {
    embedding = matrix(stored.tensorIndex(.embedding), nil)
    blocks = (0..<stored.config.layerCount).map {
      BlockWeights(stored, layer: $0, kernels, matrix)
    }
    finalNorm = stored.values(.finalNorm, kernels: kernels)
    head = stored.layout.tied ? embedding : matrix(stored.tensorIndex(.head), nil)
  }
}

extension BlockWeights {
  fileprivate init(
    _ stored: StoredModel, layer: Int, _ kernels: KernelSet,
    _ matrix: (_ tensor: Int, _ bias: FloatMatrix?) -> Matrix
  ) {
    func values(_ role: TensorRole) -> FloatMatrix {
      stored.values(role, layer: layer, kernels: kernels)
    }
    func optional(_ role: TensorRole) -> FloatMatrix? {
      stored.optionalValues(role, layer: layer, kernels: kernels)
    }
    func linear(_ weight: TensorRole, _ bias: TensorRole? = nil) -> Matrix {
      matrix(stored.tensorIndex(weight, layer: layer), bias.flatMap(optional))
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
    experts = stored.config.experts.map { _ in
      ExpertWeights(
        router: linear(.router, .routerBias), downEmbed: linear(.downEmbed),
        upEmbed: linear(.upEmbed))
    }
    postResidual = values(.postResidual)
  }
}
