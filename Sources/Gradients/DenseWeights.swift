import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import TensorCore

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
  /// Copies the values of all tensors of a file that a model was made of.
  init(
    file: KibbleFile, config: DogeConfig, layout: CheckpointLayout, kernels: KernelSet
  ) throws(ModelError) {
    let loader = DenseLoader(file: file, config: config, layout: layout, kernels: kernels)
    values = loader.values
    embedding = try loader.matrix(.embedding)
    var blocks: [DenseBlock] = []
    for layer in 0..<config.layerCount { blocks.append(try loader.block(layer)) }
    self.blocks = blocks
    finalNorm = try loader.vector(.finalNorm)
    head = layout.tied ? embedding : try loader.matrix(.head)
  }
}

/// Finds tensors by what they do.
private struct DenseLoader {
  let file: KibbleFile
  let values: [FloatMatrix]
  private let numbers: [Place: Int]

  private struct Place: Hashable {
    let role: TensorRole
    let layer: Int?
  }

  init(file: KibbleFile, config: DogeConfig, layout: CheckpointLayout, kernels: KernelSet) {
    self.file = file
    values = file.tensors.map { file.values(of: $0, kernels: kernels) }
    let byName = Dictionary(
      uniqueKeysWithValues: file.tensors.enumerated().map { ($1.name, $0) })
    var numbers: [Place: Int] = [:]
    for spec in layout.tensors(for: config) {
      numbers[Place(role: spec.role, layer: spec.layer)] = byName[spec.canonicalName]
    }
    self.numbers = numbers
  }

  func matrix(
    _ role: TensorRole, _ layer: Int? = nil, bias: TensorRole? = nil
  ) throws(ModelError) -> DenseMatrix {
    guard let number = numbers[Place(role: role, layer: layer)] else {
      throw .missingTensor(path: file.path, tensor: role.rawValue)
    }
    return DenseMatrix(
      number: number, values: values[number], bias: bias.flatMap { optional($0, layer) })
  }

  func vector(_ role: TensorRole, _ layer: Int? = nil) throws(ModelError) -> FloatMatrix {
    try matrix(role, layer).values
  }

  func optional(_ role: TensorRole, _ layer: Int?) -> FloatMatrix? {
    numbers[Place(role: role, layer: layer)].map { values[$0] }
  }

  func block(_ layer: Int) throws(ModelError) -> DenseBlock {
    let attention = DenseAttention(
      q: try matrix(.q, layer, bias: .qBias), k: try matrix(.k, layer, bias: .kBias),
      v: try matrix(.v, layer, bias: .vBias), o: try matrix(.o, layer, bias: .oBias),
      qNorm: optional(.qNorm, layer), kNorm: optional(.kNorm, layer),
      maskScale: try vector(.maskScale, layer), dt: try matrix(.dt, layer, bias: .dtBias))
    var experts: DenseExperts?
    if optional(.router, layer) != nil {
      experts = DenseExperts(
        router: try matrix(.router, layer, bias: .routerBias),
        downEmbed: try matrix(.downEmbed, layer), upEmbed: try matrix(.upEmbed, layer))
    }
    return DenseBlock(
      inputNorm: try vector(.inputNorm, layer), attention: attention,
      inputResidual: try vector(.inputResidual, layer), postNorm: try vector(.postNorm, layer),
      gate: try matrix(.gate, layer, bias: .gateBias), up: try matrix(.up, layer, bias: .upBias),
      down: try matrix(.down, layer, bias: .downBias), experts: experts,
      postResidual: try vector(.postResidual, layer))
  }
}
