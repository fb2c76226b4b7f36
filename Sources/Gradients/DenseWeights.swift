import DogeArchitecture
import Kernels
import ModelFile

/// A model's tensors as dense float32 matrices.
///
/// d hidden size, hd head dimension, H query heads, KV key/value heads, R mask rows (H or KV),
/// V vocabulary, I intermediate size, E experts, K the router's keys per half.
struct DenseWeights {
  /// All tensors by their numbers in the file.
  let values: [FloatMatrix]
  let embedding: DenseMatrix  // [V, d]
  let blocks: [DenseBlock]
  let finalNorm: FloatMatrix  // [d]
  let head: DenseMatrix  // [V, d]; the embedding itself where they are tied
}

/// A matrix that may be changed, and its bias, which stays.
struct DenseMatrix {
  /// The tensor's number in the file.
  let number: Int
  let values: FloatMatrix  // [outputs, inputs]
  let bias: FloatMatrix?  // [outputs]
}

/// The weights of one block.
struct DenseBlock {
  let inputNorm: FloatMatrix  // [d]
  let attention: DenseAttention
  let inputResidual: FloatMatrix  // [d]
  let postNorm: FloatMatrix  // [d]
  let gate: DenseMatrix  // [I, d]
  let up: DenseMatrix  // [I, d]
  let down: DenseMatrix  // [d, I]
  let experts: DenseExperts?
  let postResidual: FloatMatrix  // [d]
}

/// The weights of dynamic mask attention.
struct DenseAttention {
  let q: DenseMatrix  // [H hd, d]
  let k: DenseMatrix  // [KV hd, d]
  let v: DenseMatrix  // [KV hd, d]
  let o: DenseMatrix  // [d, H hd]
  let qNorm: FloatMatrix?  // [hd]
  let kNorm: FloatMatrix?  // [hd]
  let maskScale: FloatMatrix  // A, [R]
  let dt: DenseMatrix  // [R, KV hd]
}

/// The weights of the experts.
struct DenseExperts {
  let router: DenseMatrix  // [2 K, d]
  let downEmbed: DenseMatrix  // [E, d]
  let upEmbed: DenseMatrix  // [E, d]
}

extension DenseWeights {
  /// Copies the values of all tensors of a model.
  init(_ stored: StoredModel, kernels: KernelSet) {
    let loader = DenseLoader(stored, kernels)
    values = loader.values
    embedding = loader.matrix(.embedding)
    blocks = (0..<stored.config.layerCount).map { loader.block($0) }
    finalNorm = loader.values(.finalNorm)
    head = stored.layout.tied ? embedding : loader.matrix(.head)
  }
}

/// Finds tensors by what they do.
private struct DenseLoader {
  let values: [FloatMatrix]
  private let stored: StoredModel

  init(_ stored: StoredModel, _ kernels: KernelSet) {
    self.stored = stored
    values = stored.tensors.map { stored.values(of: $0, kernels: kernels) }
  }

  func matrix(_ role: TensorRole, _ layer: Int? = nil, bias: TensorRole? = nil) -> DenseMatrix {
    let number = stored.tensorIndex(role, layer: layer)
    return DenseMatrix(
      number: number, values: values[number], bias: bias.flatMap { optional($0, layer) })
  }

  func values(_ role: TensorRole, _ layer: Int? = nil) -> FloatMatrix {
    values[stored.tensorIndex(role, layer: layer)]
  }

  func optional(_ role: TensorRole, _ layer: Int?) -> FloatMatrix? {
    stored.index(of: role, layer: layer).map { values[$0] }
  }

  func block(_ layer: Int) -> DenseBlock {
    let attention = DenseAttention(
      q: matrix(.q, layer, bias: .qBias), k: matrix(.k, layer, bias: .kBias),
      v: matrix(.v, layer, bias: .vBias), o: matrix(.o, layer, bias: .oBias),
      qNorm: optional(.qNorm, layer), kNorm: optional(.kNorm, layer),
      maskScale: values(.maskScale, layer), dt: matrix(.dt, layer, bias: .dtBias))
    var experts: DenseExperts?
    if stored.config.experts != nil {
      experts = DenseExperts(
        router: matrix(.router, layer, bias: .routerBias),
        downEmbed: matrix(.downEmbed, layer), upEmbed: matrix(.upEmbed, layer))
    }
    return DenseBlock(
      inputNorm: values(.inputNorm, layer), attention: attention,
      inputResidual: values(.inputResidual, layer), postNorm: values(.postNorm, layer),
      gate: matrix(.gate, layer, bias: .gateBias), up: matrix(.up, layer, bias: .upBias),
      down: matrix(.down, layer, bias: .downBias), experts: experts,
      postResidual: values(.postResidual, layer))
  }
}
